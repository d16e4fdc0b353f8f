import { getApiKey } from '../api/key.ts';
import { audioUrl, getAudio } from '../api/recordings.ts';

/** The sound of one recording, shared by the waveform, the segments, the advice and the chat. */
export class Player {
	readonly audio = new Audio();
	time = $state(0);
	duration = $state(0);
	playing = $state(false);
	failed = $state(false);
	/** The span being played, when only a span is. */
	span = $state<{ start: number; end: number } | null>(null);

	#objectUrl: string | null = null;
	#frame = 0;
	#blob: Promise<Blob> | null = null;
	#abort = new AbortController();

	constructor(readonly recordingId: string, duration = 0) {
		this.duration = duration;
		this.audio.preload = 'metadata';
		const on = (name: string, handler: () => void) =>
			this.audio.addEventListener(name, handler, { signal: this.#abort.signal });
		on('loadedmetadata', () => {
			if (Number.isFinite(this.audio.duration)) this.duration = this.audio.duration;
		});
		on('timeupdate', () => (this.time = this.audio.currentTime));
		on('play', () => {
			this.playing = true;
			this.#tick();
		});
		on('pause', () => (this.playing = false));
		on('ended', () => (this.span = null));
		on('error', () => (this.failed = true));
		void this.#setSource();
	}

	/** Without a key the element streams by byte ranges; with one the bytes are fetched first. */
	async #setSource(): Promise<void> {
		if (!getApiKey()) {
			this.audio.src = audioUrl(this.recordingId);
			return;
		}
		try {
			const blob = await this.bytes();
			if (this.#abort.signal.aborted) return;
			this.#objectUrl = URL.createObjectURL(blob);
			this.audio.src = this.#objectUrl;
		} catch {
			this.failed = !this.#abort.signal.aborted;
		}
	}

	bytes(): Promise<Blob> {
		this.#blob ??= getAudio(this.recordingId, this.#abort.signal);
		return this.#blob;
	}

	#tick = (): void => {
		if (!this.playing) return;
		this.time = this.audio.currentTime;
		if (this.span && this.time >= this.span.end) {
			const { end } = this.span;
			this.span = null;
			this.audio.pause();
			this.audio.currentTime = end;
			this.time = end;
			return;
		}
		this.#frame = requestAnimationFrame(this.#tick);
	};

	#play(): void {
		this.audio.play().catch((error: DOMException) => {
			if (error.name === 'NotSupportedError') this.failed = true;
		});
	}

	toggle(): void {
		this.span = null;
		if (this.playing) this.audio.pause();
		else this.#play();
	}

	seek(seconds: number): void {
		this.span = null;
		const to = Math.min(Math.max(0, seconds), this.duration || seconds);
		this.audio.currentTime = to;
		this.time = to;
	}

	/** Play from here; with an end, exactly up to there. */
	playFrom(start: number, end: number | null = null): void {
		this.seek(start);
		this.span = end === null ? null : { start, end };
		if (!this.playing) this.#play();
	}

	destroy(): void {
		this.#abort.abort();
		cancelAnimationFrame(this.#frame);
		this.playing = false;
		this.audio.pause();
		this.audio.removeAttribute('src');
		this.audio.load();
		if (this.#objectUrl) URL.revokeObjectURL(this.#objectUrl);
	}
}
