import type { Interval } from './api/types.ts';
import { inline, t } from './i18n/index.ts';

const SCORED = [
	'timing_stable_unstable',
	'articulation_short_long',
	'articulation_soft_hard',
	'pedal_sparse_saturated',
	'pedal_clean_blurred',
	'timbre_even_colorful',
	'timbre_shallow_rich',
	'timbre_bright_dark',
	'timbre_soft_loud',
	'dynamic_sophisticated_raw',
	'dynamic_range_little_large',
	'music_making_fast_slow',
	'music_making_flat_spacious',
	'music_making_disproportioned_balanced',
	'music_making_pure_dramatic',
	'emotion_optimistic_dark'
] as const;

const HOLISTIC = [
	'emotion_low_high_energy',
	'emotion_honest_imaginative',
	'interpretation_unsatisfactory_convincing'
] as const;

type Scored = (typeof SCORED)[number] | (typeof HOLISTIC)[number];
const GROUPS = ['timing', 'articulation', 'pedal', 'timbre', 'dynamic', 'music_making', 'emotion', 'interpretation'] as const;

/** One bipolar scale, in the words of the language in use. */
export class Dimension {
	constructor(
		readonly key: Scored,
		readonly holistic: boolean
	) {}
	/** The name of the pole at 0. */
	get left(): string {
		return t(`dim.${this.key}.left`);
	}
	/** The name of the pole at 1. */
	get right(): string {
		return t(`dim.${this.key}.right`);
	}
	/** What the pair is about, when a single name is needed. */
	get name(): string {
		return t(`dim.${this.key}.name`);
	}
	get group(): string {
		return t(`dimgroup.${GROUPS.find((group) => this.key.startsWith(group))!}`);
	}
}

export const SIXTEEN = SCORED.map((key) => new Dimension(key, false));
export const WHOLE = HOLISTIC.map((key) => new Dimension(key, true));
export const ALL = [...SIXTEEN, ...WHOLE];

const BY_KEY = new Map<string, Dimension>(ALL.map((d) => [d.key, d]));

export const dimension = (key: string): Dimension | undefined => BY_KEY.get(key);

/** "Timbre: brightness", or the bare key in words for one this app does not know. */
export function dimensionName(key: string): string {
	const d = BY_KEY.get(key);
	return d ? `${d.group}: ${inline(d.name)}` : key.replaceAll('_', ' ');
}

export interface Group {
	name: string;
	dimensions: Dimension[];
}

export function groups(dimensions: Dimension[]): Group[] {
	const out: Group[] = [];
	for (const d of dimensions) {
		const group = out.find((g) => g.name === d.group);
		if (group) group.dimensions.push(d);
		else out.push({ name: d.group, dimensions: [d] });
	}
	return out;
}

export type Lean = 'left' | 'right' | 'none';

/** A side is only claimed when the whole interval lies on it. */
export function lean(value: number, interval?: Interval): Lean {
	const [low, high] = interval ?? [value, value];
	if (low > 0.5) return 'right';
	if (high < 0.5) return 'left';
	return 'none';
}

/** The reading in words: "clearly long", "between short and long". */
export function describe(d: Dimension, value: number, interval?: Interval): string {
	const side = lean(value, interval);
	if (side === 'none') return t('reading.between', { left: d.left, right: d.right });
	const distance = Math.abs(value - 0.5);
	const pole = side === 'left' ? d.left : d.right;
	if (distance < 0.1) return t('reading.slightly', { pole });
	return t(distance < 0.25 ? 'reading.clearly' : 'reading.strongly', { pole });
}
