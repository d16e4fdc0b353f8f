import { getApiKey } from '../api/key.ts';
import { audioUrl, getAudio } from '../api/recordings.ts';

export const RATES = [0.5, 0.6, 0.75, 0.9, 1, 1.25];

/** The sound of one recording, shared by the timeline, the advice and the chat. */
export class Player {
	readonly audio = new Audio();
	time = $state(0);
	duration = $state(0);
	playing = $state(false);
	failed = $state(false);
	/** The seconds being played, when only some are. */
	span = $state<{ start: number; end: number } | null>(null);
	/** Play the span, or the whole, over and over. */
	loop = $state(false);
	#rate = $state(1);

	#objectUrl: string | null = null;
	#frame = 0;
	#blob: Promise<Blob> | null = null;
	#abort = new AbortController();

	constructor(
		readonly recordingId: string,
		duration = 0,
		private readonly source = audioUrl(recordingId)
	) {
		this.duration = duration;
		this.audio.preload = 'metadata';
		this.audio.preservesPitch = true;
		const on = (name: string, handler: () => void) =>
			this.audio.addEventListener(name, handler, { signal: this.#abort.signal });
		on('loadedmetadata', () => {
			if (Number.isFinite(this.audio.duration)) this.duration = this.audio.duration;
		});
		on('timeupdate', () => this.#look());
		on('play', () => {
			this.playing = true;
			this.#tick();
		});
		on('pause', () => (this.playing = false));
		on('ended', () => this.#ended());
		on('error', () => (this.failed = true));
		void this.#setSource();
	}

	/** Speed; the pitch stays. */
	get rate(): number {
		return this.#rate;
	}
	set rate(rate: number) {
		this.#rate = rate;
		this.audio.playbackRate = rate;
	}

	/** Without a key the element streams by byte ranges; with one the bytes are fetched first. */
	async #setSource(): Promise<void> {
		if (!getApiKey()) {
			this.audio.src = this.source;
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
		this.#blob ??= getAudio(this.source, this.#abort.signal);
		return this.#blob;
	}

	#tick = (): void => {
		if (!this.playing) return;
		this.#look();
		if (this.playing) this.#frame = requestAnimationFrame(this.#tick);
	};

	/** Where are we, and is the span over? */
	#look(): void {
		this.time = this.audio.currentTime;
		if (!this.span || !this.playing || this.time < this.span.end) return;
		if (this.loop) {
			this.#jump(this.span.start);
			return;
		}
		const { end } = this.span;
		this.span = null;
		this.audio.pause();
		this.playing = false;
		this.#jump(end);
	}

	#ended(): void {
		if (this.loop) {
			this.#jump(this.span?.start ?? 0);
			this.#play();
		} else this.span = null;
	}

	#jump(to: number): void {
		this.audio.currentTime = to;
		this.time = to;
	}

	#play(): void {
		this.audio.playbackRate = this.#rate;
		this.audio.play().catch((error: DOMException) => {
			if (error.name === 'NotSupportedError') this.failed = true;
		});
	}

	toggle(): void {
		if (this.playing) this.audio.pause();
		else this.#play();
	}

	pause(): void {
		this.audio.pause();
	}

	/** Go there; a span that does not hold the place is left. */
	seek(seconds: number): void {
		const to = Math.min(Math.max(0, seconds), this.duration || seconds);
		if (this.span && (to < this.span.start || to >= this.span.end)) this.span = null;
		this.#jump(to);
	}

	/** Play from here; with an end, exactly up to there. */
	playFrom(start: number, end: number | null = null): void {
		this.span = null;
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
