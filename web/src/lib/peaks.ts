const RATE = 8000;
const POINTS_PER_SEC = 50;

export interface Peaks {
	peaks: Float32Array;
	duration: number;
}

/** The outline of a sound: its loudest sample in each fiftieth of a second, scaled to 1. */
export async function computePeaks(bytes: ArrayBuffer): Promise<Peaks> {
	const context = new OfflineAudioContext(1, 1, RATE);
	const sound = await context.decodeAudioData(bytes);
	const points = Math.ceil(sound.duration * POINTS_PER_SEC);
	return { peaks: outline(sound.getChannelData(0), points), duration: sound.duration };
}

export function outline(samples: Float32Array, points: number): Float32Array {
	const count = Math.min(points, samples.length);
	const peaks = new Float32Array(count);
	let loudest = 0;
	for (let p = 0; p < count; p++) {
		const end = Math.floor(((p + 1) * samples.length) / count);
		let peak = 0;
		for (let i = Math.floor((p * samples.length) / count); i < end; i++) {
			const size = Math.abs(samples[i]!);
			if (size > peak) peak = size;
		}
		peaks[p] = peak;
		if (peak > loudest) loudest = peak;
	}
	if (loudest > 0) for (let p = 0; p < count; p++) peaks[p]! /= loudest;
	return peaks;
}
