/** Loudness of a block, for the meter and the warning. */
export interface Level {
	/** The loudest sample, 0 to 1. */
	peak: number;
	/** Decibels below full scale, −60 at the quietest. */
	db: number;
	clipped: boolean;
}

export const SILENT: Level = { peak: 0, db: -60, clipped: false };
const CLIPS_AT = 0.99;

export function levelOf(block: Float32Array): Level {
	let peak = 0;
	for (const sample of block) peak = Math.max(peak, Math.abs(sample));
	return { peak, db: Math.max(-60, 20 * Math.log10(peak || 1e-3)), clipped: peak >= CLIPS_AT };
}
