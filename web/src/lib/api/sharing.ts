import { getJson, query, remove, sendJson } from './http.ts';
import type { NewShare, Played, Share, SharedRecording } from './types.ts';

/** A new link; without days it holds until it is revoked. */
export const createShare = (recordingId: string, days: number | null) =>
	sendJson<NewShare>('POST', '/api/shares', { recording_id: recordingId, expires_in_days: days });

export const listShares = async (recordingId: string): Promise<Share[]> =>
	(await getJson<{ items: Share[] }>(`/api/shares${query({ recording_id: recordingId })}`)).items;

export const revokeShare = (shareId: string) => remove(`/api/shares/${encodeURIComponent(shareId)}`);

const at = (token: string, rest = '') => `/api/shared/${encodeURIComponent(token)}${rest}`;

export const sharedAudioUrl = (token: string) => at(token, '/audio');

export const getShared = (token: string, signal?: AbortSignal) => getJson<SharedRecording>(at(token), signal);

export const getSharedPlayed = (token: string, signal?: AbortSignal) =>
	getJson<Played>(at(token, '/performance'), signal);
