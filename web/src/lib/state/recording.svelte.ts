import { isAbort, toApiError, type ApiError } from '../api/problem.ts';
import {
	cancelAnalysis,
	getAnalysis,
	getPlayed,
	getRecording,
	retryAnalysis,
	watchRecording
} from '../api/recordings.ts';
import type { Analysis, Played, Recording } from '../api/types.ts';
import { AdviceState } from './advice.svelte.ts';

const FINAL = new Set(['ready', 'refused', 'failed', 'cancelled']);

export const isFinal = (recording: Recording): boolean => FINAL.has(recording.status);

/** One recording: follows its analysis while it runs and holds the result. */
export class RecordingState {
	recording = $state<Recording | null>(null);
	analysis = $state.raw<Analysis | null>(null);
	error = $state<ApiError | null>(null);
	readonly advice: AdviceState;
	#played: Promise<Played> | null = null;
	#abort = new AbortController();

	constructor(readonly id: string) {
		this.advice = new AdviceState(id);
	}

	async load(): Promise<void> {
		const { signal } = this.#abort;
		this.error = null;
		try {
			this.recording = await getRecording(this.id, signal);
			if (!isFinal(this.recording)) await this.#follow(signal);
			if (this.recording.status === 'ready') await this.#fetch(signal);
		} catch (error) {
			if (!isAbort(error) && !signal.aborted) this.error = toApiError(error);
		}
	}

	/** All that there is, asked for at once. */
	async #fetch(signal: AbortSignal): Promise<void> {
		this.#played = getPlayed(this.id, signal);
		this.#played.catch(() => {}); // told to whoever takes them
		void this.advice.load();
		this.analysis = await getAnalysis(this.id, signal);
	}

	/** The notes: those on their way already, or asked for again. */
	played = (signal?: AbortSignal): Promise<Played> => {
		const begun = this.#played;
		this.#played = null;
		return begun ?? getPlayed(this.id, signal);
	};

	/** Read the events; when the line drops, ask how things stand and listen again. */
	async #follow(signal: AbortSignal): Promise<void> {
		for (let failures = 0; ; ) {
			try {
				await watchRecording(
					this.id,
					(event) => {
						failures = 0;
						if (this.recording) Object.assign(this.recording, event);
					},
					signal
				);
			} catch (error) {
				if (isAbort(error) || ++failures > 5) throw error;
			}
			if (signal.aborted) return;
			if (this.recording && isFinal(this.recording)) break;
			await new Promise((resolve) => setTimeout(resolve, 1000 * Math.min(5, failures + 1)));
			if (signal.aborted) return;
			this.recording = await getRecording(this.id, signal).catch(() => this.recording);
			if (this.recording && isFinal(this.recording)) break;
		}
		// the whole record, with its duration
		this.recording = await getRecording(this.id, signal);
	}

	async cancel(): Promise<void> {
		try {
			this.recording = await cancelAnalysis(this.id);
		} catch (error) {
			this.error = toApiError(error);
		}
	}

	async retry(): Promise<void> {
		try {
			await retryAnalysis(this.id);
		} catch (error) {
			this.error = toApiError(error);
			return;
		}
		await this.load();
	}

	close(): void {
		this.#abort.abort();
		this.advice.close();
	}
}
