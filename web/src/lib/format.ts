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

const MENTION = /(\d{1,2}:[0-5]\d(?::[0-5]\d)?)(?:\s?(?:-|–|—|to)\s?(\d{1,2}:[0-5]\d(?::[0-5]\d)?))?(?!\d|:\d)/y;

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
	return `${value < 10 ? value.toFixed(1) : Math.round(value)} ${units[unit]}`;
}

const dateTime = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' });
const dateOnly = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium' });

export const formatDateTime = (ms: number): string => dateTime.format(ms);
export const formatDate = (ms: number): string => dateOnly.format(ms);

/** Two decimals for what lives between 0 and 1, fewer as numbers grow. */
export function formatNumber(value: number): string {
	const size = Math.abs(value);
	if (Number.isInteger(value)) return value.toLocaleString('en');
	if (size < 10) return value.toFixed(2);
	if (size < 1000) return value.toFixed(1);
	return Math.round(value).toLocaleString('en');
}

const UNITS: Record<string, string> = {
	'': '',
	'1': '',
	ratio: '',
	count: '',
	none: '',
	fraction: '',
	bpm: 'beats/min',
	'notes/s': 'notes/s',
	per_minute: 'per minute',
	s: 's',
	ms: 'ms'
};

/** A measured value with its unit; fractions as per cent. */
export function formatMeasurement(value: number | null, unit: string): string {
	if (value === null || !Number.isFinite(value)) return 'not measurable';
	if (unit === 'fraction') return `${(value * 100).toFixed(value < 0.1 ? 1 : 0)} %`;
	const label = UNITS[unit] ?? unit.replaceAll('_', ' ');
	return label ? `${formatNumber(value)} ${label}` : formatNumber(value);
}

/** Where the key's own words would not tell a pianist what it is. */
const NAMES: Record<string, string> = {
	note_count: 'Notes heard',
	tempo_spread_bpm: 'Tempo spread around it',
	ioi_variability: 'Unevenness from note to note',
	key_overlap_ratio: 'Key overlap (0 is just joined)',
	note_duration_sec: 'Usual length of a note',
	staccato_fraction: 'Staccato notes',
	chord_asynchrony_ms: 'Spread of chords',
	melody_lead_ms: 'Melody ahead of the rest by',
	melody_lead_velocity: 'Melody stronger than the rest by',
	velocity_mean: 'Key speed, on average (0–127)',
	velocity_range: 'Key speed, softest to loudest notes',
	velocity_contour_range: 'Key speed, softest to loudest passages',
	velocity_trend_per_sec: 'Growing louder (or, below 0, softer)',
	accent_strength: 'Accents above their surroundings by',
	accents_per_minute: 'Accents',
	note_density_per_sec: 'Notes a second',
	polyphony: 'Keys down at once',
	pitch_mean: 'Average pitch (60 is middle C)',
	pitch_range: 'Lowest to highest notes',
	repeated_note_unevenness: 'Unevenness of repeated notes',
	repeated_note_velocity_change: 'Repeated notes, change of key speed',
	trill_count: 'Trills',
	trill_rate_per_sec: 'Speed of trills',
	mordent_count: 'Mordents',
	turn_count: 'Turns',
	grace_note_count: 'Grace notes',
	harmony_changes_per_minute: 'Changes of harmony',
	pedal_over_harmony_fraction: 'Harmonies the pedal is held through (estimate)',
	loudness_lufs: 'Loudness of the recording',
	loudness_range_lu: 'Loudness, soft to loud passages',
	brightness_hz: 'Brightness (centre of the spectrum)',
	roll_off_hz: 'Brightness (85 % of the sound is below)',
	pedal_down_fraction: 'Pedal down (estimate)',
	pedal_changes_per_minute: 'Pedal changes (estimate)'
};

/** "finger_noise_ms" → "Finger noise" (its unit stands beside the value). */
export function humanize(key: string): string {
	if (NAMES[key]) return NAMES[key];
	const words = key.replace(/_(ms|s|bpm|db|dbfs)$/, '').replaceAll('_', ' ');
	return words.charAt(0).toUpperCase() + words.slice(1);
}

export const plural = (n: number, one: string, many = `${one}s`): string =>
	`${n.toLocaleString('en')} ${n === 1 ? one : many}`;
