import type { Stage } from './api/types.ts';

/** The steps of an analysis, in the order they happen. */
export const STAGES: { stage: Stage; label: string }[] = [
	{ stage: 'queued', label: 'Waiting for its turn' },
	{ stage: 'decoding', label: 'Opening the sound' },
	{ stage: 'transcribing', label: 'Listening for the notes' },
	{ stage: 'measuring', label: 'Measuring the playing' },
	{ stage: 'scoring', label: 'Placing it on the scales' }
];

export const stageLabel = (stage: string): string =>
	STAGES.find((s) => s.stage === stage)?.label ?? 'Finishing';
