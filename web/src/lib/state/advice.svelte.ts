import { isAbort, toApiError, type ApiError } from '../api/problem.ts';
import { createFeedback, listFeedback } from '../api/recordings.ts';
import type { Feedback, TemporalFeedback } from '../api/types.ts';

/** The latest advice on a recording, and which of its moments is being looked at. */
export class AdviceState {
	advice = $state.raw<Feedback | null>(null);
	loading = $state(false);
	writing = $state(false);
	error = $state<ApiError | null>(null);
	chosen = $state.raw<TemporalFeedback | null>(null);
	readonly asks: boolean;
	#abort = new AbortController();

	/** What was written already can be given; then no other is asked for. */
	constructor(
		readonly recordingId: string,
		given?: Feedback | null
	) {
		this.asks = given === undefined;
		this.advice = given ?? null;
	}

	async load(): Promise<void> {
		this.loading = true;
		try {
			const page = await listFeedback(this.recordingId, this.#abort.signal);
			this.advice ??= page.items[0] ?? null;
		} catch (problem) {
			if (!isAbort(problem)) this.error = toApiError(problem);
		} finally {
			this.loading = false;
		}
	}

	async ask(): Promise<void> {
		this.writing = true;
		this.error = null;
		try {
			this.advice = await createFeedback(this.recordingId);
			this.chosen = null;
		} catch (problem) {
			this.error = toApiError(problem);
		} finally {
			this.writing = false;
		}
	}

	close(): void {
		this.#abort.abort();
	}
}
