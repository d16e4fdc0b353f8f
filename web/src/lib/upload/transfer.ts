import { ApiError } from '../api/problem.ts';
import { beginUpload, completeUpload, getUpload, sendPart } from '../api/recordings.ts';
import type { Recording } from '../api/types.ts';

/** Where a file is on the server while it is under way; null before the first byte. */
export interface Place {
	id: string | null;
	partBytes: number;
}

export interface Listener {
	/** The share of the file that has been sent, 0 to 1. */
	onProgress: (fraction: number) => void;
	/** All has been sent; the server looks at it. */
	onChecking: () => void;
}

/** Troubles that pass: no line, a busy server, too many calls in this minute. */
export const passes = (error: unknown): boolean =>
	error instanceof ApiError && [0, 408, 429, 502, 503].includes(error.status);

const isGone = (error: unknown) => error instanceof ApiError && error.status === 404;

/** Send what the server does not have yet, from the place where it was left, and complete it. */
export async function transfer(file: File, place: Place, on: Listener, signal: AbortSignal): Promise<Recording> {
	let next = 0;
	if (place.id !== null) {
		try {
			next = (await getUpload(place.id, signal)).parts;
		} catch (error) {
			if (!isGone(error)) throw error;
			// completed, though its answer was lost on the way; or left for too long
			const made = await completeUpload(place.id).catch((e: unknown) => (isGone(e) ? null : Promise.reject(e)));
			if (made) return made;
			place.id = null;
		}
	}
	if (place.id === null) {
		const begun = await beginUpload(file.name, signal);
		place.id = begun.recording_id;
		place.partBytes = begun.part_bytes;
	}
	for (let start = next * place.partBytes; start < file.size; start += place.partBytes, next++) {
		const part = file.slice(start, start + place.partBytes);
		const progress = (fraction: number) => on.onProgress((start + fraction * part.size) / file.size);
		progress(0);
		await sendPart(place.id, next, part, progress, signal);
		progress(1);
	}
	on.onChecking();
	return completeUpload(place.id);
}
