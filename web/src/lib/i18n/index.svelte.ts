/** The words of the app: one catalogue a language, the same keys in each, only the one in use loaded. */
import type en from './en.ts';

export type Messages = Record<keyof typeof en, string>;
export type Key = keyof typeof en;
/** Keys that come as `….one` and `….other`. */
export type CountKey = Key extends infer K ? (K extends `${infer Stem}.one` ? Stem : never) : never;
type Values = Record<string, string | number>;

/** Another language is one more file and one more line here. */
export const LANGUAGES = { en: 'English', de: 'Deutsch' } as const;
export type Language = keyof typeof LANGUAGES;

const CATALOGUES: Record<Language, () => Promise<{ default: Messages }>> = {
	en: () => import('./en.ts'),
	de: () => import('./de.ts')
};
const KEPT_AS = 'crescendai.language';

let language = $state<Language>('en');
let messages = $state.raw<Messages | null>(null);

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

export async function loadLanguage(wanted: Language = preferred()): Promise<void> {
	messages = (await CATALOGUES[wanted]()).default;
	language = wanted;
	document.documentElement.lang = wanted;
}

export async function chooseLanguage(wanted: Language): Promise<void> {
	await loadLanguage(wanted);
	try {
		localStorage.setItem(KEPT_AS, wanted);
	} catch {
		// it holds until the page is closed
	}
}

export const currentLanguage = (): Language => language;

export function fill(text: string, values: Values): string {
	return text.replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}

/** A message, with `{name}` filled in. */
export function t(key: Key, values: Values = {}): string {
	return fill(messages?.[key] ?? key, values);
}

/** A message that depends on a number, `{n}` in the text. */
export function tn(stem: CountKey, n: number, values: Values = {}): string {
	const form = new Intl.PluralRules(language).select(n) === 'one' ? 'one' : 'other';
	return t(`${stem}.${form}` as Key, { n: n.toLocaleString(language), ...values });
}
