/** The words of the app: one catalogue a language, the same keys in each, only the one in use loaded. */
import type en from './en.ts';

export type Messages = Record<keyof typeof en, string>;
export type Key = keyof typeof en;
/** Keys that come as `….one` and `….other`. */
export type CountKey = Key extends infer K ? (K extends `${infer Stem}.one` ? Stem : never) : never;
type Values = Record<string, string | number>;

/** Another language is one more file and one more line here and below. */
export const LANGUAGES = { en: 'English', de: 'Deutsch' } as const;
export type Language = keyof typeof LANGUAGES;

const CATALOGUES: Record<Language, () => Promise<{ default: Messages }>> = {
	en: () => import('./en.ts'),
	de: () => import('./de.ts')
};
const KEPT_AS = 'crescendai.language';

let language: Language = 'en';
let messages: Messages | null = null;

const isLanguage = (code: string | null): code is Language => code !== null && code in LANGUAGES;

/** The one that was chosen here, or the first of the browser's that there is. */
function preferred(): Language {
	try {
		const kept = localStorage.getItem(KEPT_AS);
		if (isLanguage(kept)) return kept;
	} catch {
		// storage is closed to us
	}
	return navigator.languages.map((code) => code.slice(0, 2)).find(isLanguage) ?? 'en';
}

/** Before anything is drawn. */
export async function loadLanguage(wanted: Language = preferred()): Promise<void> {
	if (messages && wanted === language) return;
	messages = (await CATALOGUES[wanted]()).default;
	language = wanted;
	if (typeof document !== 'undefined') document.documentElement.lang = wanted;
}

/** Keep the choice and draw everything anew. */
export function chooseLanguage(wanted: Language): void {
	localStorage.setItem(KEPT_AS, wanted);
	location.reload();
}

export const currentLanguage = (): Language => language;

/** The language as it is written where the reader lives: en-GB, de-AT. */
export const currentLocale = (): string =>
	globalThis.navigator?.languages?.find((code) => code.slice(0, 2) === language) ?? language;

/** A message, with each `{name}` filled in. */
export function t(key: Key, values: Values = {}): string {
	const text: string = messages?.[key] ?? key;
	return text.replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}

/** A name inside a line: German nouns keep their capital. */
export const inline = (name: string): string =>
	language === 'de' ? name : name.toLocaleLowerCase(currentLocale());

/** Whether there is a message for a key that came from elsewhere. */
export const known = (key: string): key is Key => messages !== null && key in messages;

/** A message that depends on a number, `{n}` in the text. */
export function tn(stem: CountKey, n: number, values: Values = {}): string {
	const form = new Intl.PluralRules(language).select(n) === 'one' ? 'one' : 'other';
	return t(`${stem}.${form}` as Key, { n: n.toLocaleString(currentLocale()), ...values });
}
