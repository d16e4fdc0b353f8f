import { getJson, query, remove, send, sendJson } from './http.ts';
import { authHeaders } from './key.ts';
import { ApiError } from './problem.ts';
import type { Comparison, Health, ModelCard, PlayerContext, Progress, Readiness } from './types.ts';

export const getContext = () => getJson<PlayerContext>('/api/context');

export const putContext = (context: PlayerContext) =>
	sendJson<PlayerContext>('PUT', '/api/context', {
		goals: context.goals,
		constraints: context.constraints,
		repertoire: context.repertoire,
		experience_level: context.experience_level,
		feedback_style: context.feedback_style,
		language: context.language
	});

/** Over all recordings, or those whose name holds a piece's. */
export const getProgress = (piece = '') => getJson<Progress>(`/api/progress${query({ piece })}`);

export const compareRecordings = (recordingId: string, against: string) =>
	getJson<Comparison>(`/api/progress${query({ recording_id: recordingId, against })}`);

export const getHealth = () => getJson<Health>('/api/health');

export const getModelCards = () => getJson<{ cards: ModelCard[] }>('/api/model-card');

/** A degraded server answers 503 with the same body, which is an answer, not an error. */
export async function getReadiness(): Promise<Readiness> {
	const response = await fetch('/api/ready', { headers: authHeaders() }).catch(() => null);
	if (!response) throw new ApiError(0);
	const body = (await response.json().catch(() => null)) as Readiness | null;
	if (!body || !body.parts) throw new ApiError(response.status);
	return body;
}

/** Everything of the caller's, as one archive. */
export const exportAccount = async (): Promise<Blob> =>
	(await send('/api/account/export', { accept: '*/*' })).blob();

export const deleteAccount = () => remove('/api/account?confirm=erase');
