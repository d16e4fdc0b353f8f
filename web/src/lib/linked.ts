import type { TakeComparison } from './api/types.ts';

/** Where the music at `seconds` of the one take (or the other) is in the other (or the one). */
export function sameMusic(stretches: TakeComparison['stretches'], seconds: number, fromOther: boolean): number {
	let nearest: { from: number; to: number } | null = null;
	for (const { start, end, other_start, other_end } of stretches) {
		if (other_start === null || other_end === null) continue;
		const [from, until, to, toEnd] = fromOther
			? [other_start, other_end, start, end]
			: [start, end, other_start, other_end];
		if (seconds >= from && seconds < until) {
			return Math.max(0, to + ((seconds - from) / Math.max(until - from, 1e-6)) * (toEnd - to));
		}
		if (!nearest || Math.abs(from - seconds) < Math.abs(nearest.from - seconds)) nearest = { from, to };
	}
	return nearest ? Math.max(0, nearest.to + seconds - nearest.from) : seconds;
}
