import type { Stage } from './api/types.ts';
import { known, t } from './i18n/index.ts';

/** The steps of an analysis, in the order they happen. */
export const STAGES: Stage[] = ['queued', 'decoding', 'transcribing', 'measuring', 'scoring'];

export function stageLabel(stage: string): string {
	const key = `stage.${stage}`;
	return known(key) ? t(key) : t('stage.done');
}
