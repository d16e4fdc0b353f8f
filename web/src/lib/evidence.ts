import type { Support } from './api/types.ts';

export interface Value {
	key: string;
	dimension: string | null;
	measurement: string | null;
	segment: { start: number; end: number } | null;
	value: number;
}

/** The values of recordings among what a claim rests on, each once. */
export function evidenceOf(support: Support[]): Value[] {
	const found = new Map<string, Value>();
	for (const { dimension = null, measurement = null, segment = null, value = null } of support) {
		if (value === null || (dimension === null && measurement === null)) continue;
		const key = [dimension ?? measurement, segment?.start ?? 'all', value.toFixed(4)].join(' ');
		found.set(key, { key, dimension, measurement, segment, value });
	}
	return [...found.values()];
}
