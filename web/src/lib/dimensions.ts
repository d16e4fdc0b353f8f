import type { Interval } from './api/types.ts';

export interface Dimension {
	key: string;
	/** The name of the pole at 0. */
	left: string;
	/** The name of the pole at 1. */
	right: string;
	group: string;
	/** What the pair is about, when a single name is needed. */
	name: string;
	holistic: boolean;
}

type Row = [key: string, group: string, name: string, left: string, right: string];

const SCORED: Row[] = [
	['timing_stable_unstable', 'Timing', 'Stability', 'stable', 'unstable'],
	['articulation_short_long', 'Articulation', 'Length', 'short', 'long'],
	['articulation_soft_hard', 'Articulation', 'Touch', 'soft, cushioned', 'hard, solid'],
	['pedal_sparse_saturated', 'Pedal', 'Amount', 'sparse, dry', 'saturated, wet'],
	['pedal_clean_blurred', 'Pedal', 'Clarity', 'clean', 'blurred'],
	['timbre_even_colorful', 'Timbre', 'Colour', 'even', 'colorful'],
	['timbre_shallow_rich', 'Timbre', 'Depth', 'shallow', 'rich'],
	['timbre_bright_dark', 'Timbre', 'Brightness', 'bright', 'dark'],
	['timbre_soft_loud', 'Timbre', 'Loudness', 'soft', 'loud'],
	['dynamic_sophisticated_raw', 'Dynamic', 'Refinement', 'sophisticated, mellow', 'raw, crude'],
	['dynamic_range_little_large', 'Dynamic', 'Range', 'little range', 'large range'],
	['music_making_fast_slow', 'Music making', 'Pace', 'fast-paced', 'slow-paced'],
	['music_making_flat_spacious', 'Music making', 'Space', 'flat', 'spacious'],
	['music_making_disproportioned_balanced', 'Music making', 'Proportion', 'disproportioned', 'balanced'],
	['music_making_pure_dramatic', 'Music making', 'Drama', 'pure', 'dramatic, expressive'],
	['emotion_optimistic_dark', 'Emotion', 'Mood', 'optimistic, pleasant', 'dark']
];

const HOLISTIC: Row[] = [
	['emotion_low_high_energy', 'Emotion', 'Energy', 'low energy', 'high energy'],
	['emotion_honest_imaginative', 'Emotion', 'Imagination', 'honest', 'imaginative'],
	['interpretation_unsatisfactory_convincing', 'Interpretation', 'Conviction', 'unsatisfactory', 'convincing']
];

const build = (rows: Row[], holistic: boolean): Dimension[] =>
	rows.map(([key, group, name, left, right]) => ({ key, group, name, left, right, holistic }));

export const SIXTEEN = build(SCORED, false);
export const WHOLE = build(HOLISTIC, true);
export const ALL = [...SIXTEEN, ...WHOLE];

const BY_KEY = new Map(ALL.map((d) => [d.key, d]));

export const dimension = (key: string): Dimension | undefined => BY_KEY.get(key);

/** "Timbre: brightness", or the bare key in words for one this app does not know. */
export function dimensionName(key: string): string {
	const d = BY_KEY.get(key);
	return d ? `${d.group}: ${d.name.toLowerCase()}` : key.replaceAll('_', ' ');
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
	if (side === 'none') return `between ${d.left} and ${d.right}`;
	const distance = Math.abs(value - 0.5);
	const strength = distance < 0.1 ? 'slightly' : distance < 0.25 ? 'clearly' : 'strongly';
	return `${strength} ${side === 'left' ? d.left : d.right}`;
}
