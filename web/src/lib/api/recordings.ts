import { currentLanguage } from '../i18n/index.ts';
import { readSse } from '../sse.ts';
import { getJson, query, remove, send, sendJson, upload } from './http.ts';
import type { Analysis, Feedback, Page, Played, ProgressEvent, Recording, TakeComparison, UploadAddress, UploadState } from './types.ts';

export const MAX_UPLOAD_BYTES = 50 * 1024 * 1024;

const at = (id: string, rest = '') => `/api/recordings/${encodeURIComponent(id)}${rest}`;

export const audioUrl = (id: string) => at(id, '/audio');

export function listRecordings(cursor?: string | null, limit = 50): Promise<Page<Recording>> {
	return getJson(`/api/recordings${query({ cursor, limit })}`);
}

export function getRecording(id: string, signal?: AbortSignal): Promise<Recording> {
	return getJson(at(id), signal);
}

/** An upload in parts: begun, sent part by part, looked after, and made a recording at its end. */
export const beginUpload = (filename: string, signal?: AbortSignal) =>
	sendJson<UploadAddress>('POST', '/api/upload/url', { filename }, signal);

const uploadAt = (id: string, rest = '') => `/api/uploads/${encodeURIComponent(id)}${rest}`;

export const getUpload = (id: string, signal?: AbortSignal) => getJson<UploadState>(uploadAt(id), signal);

export const giveUpUpload = (id: string) => remove(uploadAt(id));

export const sendPart = (
	id: string,
	number: number,
	bytes: Blob,
	onProgress: (fraction: number) => void,
	signal?: AbortSignal
) => upload<UploadState>(uploadAt(id, `/parts/${number}`), bytes, onProgress, signal);

export const completeUpload = (id: string) => sendJson<Recording>('POST', at(id, '/complete'));

export const deleteRecording = (id: string) => remove(at(id));

export const cancelAnalysis = (id: string) => sendJson<Recording>('POST', at(id, '/cancel'));

export const retryAnalysis = (id: string) => sendJson<Recording>('POST', at(id, '/retry'));

export function getAnalysis(id: string, signal?: AbortSignal): Promise<Analysis> {
	return getJson(at(id, '/analysis'), signal);
}

export function getPlayed(id: string, signal?: AbortSignal): Promise<Played> {
	return getJson(at(id, '/performance'), signal);
}

export function compareTakes(id: string, other: string): Promise<TakeComparison> {
	return getJson(at(id, `/compare/${encodeURIComponent(other)}`));
}

/** What can be taken along. */
export type Export = 'report.html' | 'notes.mid' | 'notes.csv' | 'segments.csv' | 'analysis';

export async function getExport(id: string, what: Export): Promise<Blob> {
	const language = what.startsWith('report.') ? query({ language: currentLanguage() }) : '';
	return (await send(at(id, `/${what}${language}`), { accept: '*/*' })).blob();
}

/** Follow the analysis; resolves true when the server said it was over. */
export async function watchRecording(
	id: string,
	onProgress: (event: ProgressEvent) => void,
	signal: AbortSignal
): Promise<boolean> {
	const response = await send(at(id, '/events'), { signal, accept: 'text/event-stream' });
	const events = readSse(response);
	for (;;) {
		const next = await events.next();
		if (next.done) return next.value;
		if (next.value.event === 'progress') onProgress(JSON.parse(next.value.data) as ProgressEvent);
	}
}

/** The file's bytes; `fetch` because a media element can't send the key. */
export async function getAudio(url: string, signal?: AbortSignal): Promise<Blob> {
	const response = await send(url, { accept: 'audio/*', ...(signal ? { signal } : {}) });
	return response.blob();
}

const feedbackAt = (id: string) => `/api/feedback/${encodeURIComponent(id)}`;

export const createFeedback = (id: string) => 
	sendJson<Feedback>('POST', `${feedbackAt(id)}${query({ language: currentLanguage() })}`);

export const listFeedback = (id: string, signal?: AbortSignal) =>
	getJson<{ items: Feedback[] }>(feedbackAt(id), signal);
