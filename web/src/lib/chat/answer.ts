/** One answer, read to its end over as many connections as that takes. */
import { ApiError, isAbort } from '../api/problem.ts';
import { readSse, type SseEvent } from '../sse.ts';

const MAX_FAILURES = 6;
const FINAL = new Set([400, 401, 403, 422]); // asking again would not help

/** Wait; an abort ends it at once, as it ends a fetch. */
export function pause(ms: number, signal?: AbortSignal): Promise<void> {
	return new Promise((resolve, reject) => {
		const gone = () => reject(new DOMException('Not waited for any more', 'AbortError'));
		if (signal?.aborted) return gone();
		const timer = setTimeout(resolve, ms);
		signal?.addEventListener('abort', () => (clearTimeout(timer), gone()), { once: true });
	});
}

/**
 * Every event in order and once. When the line drops, `resume` is asked for what follows the last
 * event, again and again, a little later each time. Ends with true at `[DONE]`, with false when
 * the rest could not be had. Only an abort is thrown.
 */
export async function* followAnswer(
	first: Response,
	resume: (lastEventId: string) => Promise<Response>,
	wait: (ms: number) => Promise<void>
): AsyncGenerator<SseEvent, boolean, void> {
	let response: Response | null = first;
	let last = '';
	for (let failures = 0; ; ) {
		const events = response ? readSse(response) : null;
		try {
			for (let next = await events?.next(); next; next = await events?.next()) {
				if (next.done) {
					if (next.value) return true;
					break;
				}
				if (isAfter(next.value.id, last)) {
					last = next.value.id || last;
					failures = 0;
					yield next.value;
				}
			}
		} catch (error) {
			if (isAbort(error)) throw error;
		} finally {
			void events?.return(false);
		}
		if (!last || ++failures > MAX_FAILURES) return false;
		await wait(Math.min(250 * 2 ** failures, 8000));
		try {
			response = await resume(last);
		} catch (error) {
			if (isAbort(error)) throw error;
			if (error instanceof ApiError && FINAL.has(error.status)) return false;
			response = null;
		}
	}
}

/** Ids are `message:number`; within one message the numbers count up. */
function isAfter(id: string, last: string): boolean {
	const [message, number] = id.split(':');
	const [before, seen] = last.split(':');
	return !id || message !== before || Number(number) > Number(seen);
}
