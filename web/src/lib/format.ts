import { currentLocale, known, t } from './i18n/index.ts';

/** 75.4 → "1:15". Hours appear only when there are any. */
export function formatTime(seconds: number): string {
	const whole = Number.isFinite(seconds) && seconds > 0 ? Math.floor(seconds) : 0;
	const s = String(whole % 60).padStart(2, '0');
	const minutes = Math.floor(whole / 60);
	if (minutes < 60) return `${minutes}:${s}`;
	return `${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, '0')}:${s}`;
}

export const formatSpan = (start: number, end: number): string => `${formatTime(start)}–${formatTime(end)}`;

const PITCHES = ['C', 'C♯', 'D', 'E♭', 'E', 'F', 'F♯', 'G', 'A♭', 'A', 'B♭', 'B'];

/** A MIDI pitch by its name, 60 → "C4". */
export const pitchName = (pitch: number): string => `${PITCHES[pitch % 12]}${Math.floor(pitch / 12) - 1}`;

/** "1:15" → 75; null when it is not a time. */
export function parseTime(text: string): number | null {
	const match = /^(?:(\d{1,2}):)?(\d{1,3}):([0-5]\d)$/.exec(text.trim());
	if (!match) return null;
	const [, hours, minutes, seconds] = match;
	if (hours !== undefined && Number(minutes) > 59) return null;
	return Number(hours ?? 0) * 3600 + Number(minutes) * 60 + Number(seconds);
}

export interface TimeMention {
	label: string;
	start: number;
	end: number | null;
}

const MENTION = /(\d{1,2}:[0-5]\d(?::[0-5]\d)?)(?:\s?(?:-|–|—|to|bis)\s?(\d{1,2}:[0-5]\d(?::[0-5]\d)?))?(?!\d|:\d)/y;

/** A time or a span of time ("0:12", "0:12–0:15") at exactly this place of the text. */
export function timeAt(text: string, index: number): TimeMention | null {
	if (index > 0 && /[\w:./]/.test(text[index - 1]!)) return null;
	MENTION.lastIndex = index;
	const match = MENTION.exec(text);
	if (!match) return null;
	const start = parseTime(match[1]!);
	if (start === null) return null;
	const end = match[2] ? parseTime(match[2]) : null;
	if (match[2] && (end === null || end <= start)) {
		return { label: match[1]!, start, end: null };
	}
	return { label: match[0], start, end };
}

export function formatBytes(bytes: number): string {
	if (bytes < 1000) return `${bytes} B`;
	const units = ['KB', 'MB', 'GB'];
	let value = bytes;
	let unit = -1;
	do {
		value /= 1000;
		unit++;
	} while (value >= 1000 && unit < units.length - 1);
	return `${value < 10 ? fixed(value, 1) : Math.round(value)} ${units[unit]}`;
}

export const formatDateTime = (ms: number): string =>
	new Intl.DateTimeFormat(currentLocale(), { dateStyle: 'medium', timeStyle: 'short' }).format(ms);
export const formatDate = (ms: number): string =>
	new Intl.DateTimeFormat(currentLocale(), { dateStyle: 'medium' }).format(ms);

/** With this many decimals, as the language writes them. */
export const fixed = (value: number, digits: number): string =>
	value.toLocaleString(currentLocale(), { minimumFractionDigits: digits, maximumFractionDigits: digits });

/** Two decimals for what lives between 0 and 1, fewer as numbers grow. */
export function formatNumber(value: number): string {
	const size = Math.abs(value);
	if (Number.isInteger(value)) return value.toLocaleString(currentLocale());
	if (size < 10) return fixed(value, 2);
	if (size < 1000) return fixed(value, 1);
	return Math.round(value).toLocaleString(currentLocale());
}

/** Nothing is said behind the number: the measurement's name says what is counted. */
const UNITLESS = new Set(['', '1', 'ratio', 'count', 'none', 'notes', 'trills', 'mordents', 'turns', 'grace notes']);

/** Words that came from the server, in the language in use where there are some. */
function inWords(kind: 'unit' | 'needs', text: string): string {
	const key = `${kind}.${text.toLowerCase().replace(/\W+/g, '_')}`;
	return known(key) ? t(key) : text.replaceAll('_', ' ');
}

/** What a measurement would have needed. */
export const inNeed = (of: string): string => inWords('needs', of);

/** A measured value with its unit; fractions as per cent. */
export function formatMeasurement(value: number | null, unit: string): string {
	if (value === null || !Number.isFinite(value)) return t('measure.none');
	if (unit === 'fraction') return `${fixed(value * 100, value < 0.1 ? 1 : 0)} %`;
	const label = UNITLESS.has(unit) ? '' : inWords('unit', unit);
	return label ? `${formatNumber(value)} ${label}` : formatNumber(value);
}

/** "finger_noise_ms" → "Finger noise" (its unit stands beside the value). */
export function humanize(key: string): string {
	const named = `measure.${key}`;
	if (known(named)) return t(named);
	const words = key.replace(/_(ms|s|bpm|db|dbfs)$/, '').replaceAll('_', ' ');
	return words.charAt(0).toUpperCase() + words.slice(1);
}
