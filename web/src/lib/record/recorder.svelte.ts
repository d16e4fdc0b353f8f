import { countIn } from './count-in.ts';
import { levelOf, SILENT, type Level } from './level.ts';
import { encodeWav } from './wav.ts';

const RATE = 44_100;
/** A mono WAV of this length is just below the upload's 50 MB. */
export const LONGEST_SEC = 9.5 * 60;

type Phase = 'idle' | 'asking' | 'listening' | 'counting' | 'recording' | 'paused' | 'done' | 'refused';

/** The microphone, without the browser's voice processing: level, count-in, pause, a WAV at the end. */
export class Recorder {
	phase = $state<Phase>('idle');
	level = $state.raw<Level>(SILENT);
	/** How often the sound was too loud since the recording began. */
	clips = $state(0);
	seconds = $state(0);
	beatsLeft = $state(0);
	take = $state.raw<Blob | null>(null);

	#blocks: Float32Array[] = [];
	#context: AudioContext | null = null;
	#stream: MediaStream | null = null;
	#abort = new AbortController();

	/** Ask for the microphone and show its level; nothing is kept yet. */
	async open(): Promise<void> {
		this.phase = 'asking';
		try {
			const wanted = { echoCancellation: false, noiseSuppression: false, autoGainControl: false };
			this.#stream = await navigator.mediaDevices.getUserMedia({ audio: wanted });
			this.#context = new AudioContext({ sampleRate: RATE });
			await this.#context.audioWorklet.addModule('/recorder-worklet.js');
			const node = new AudioWorkletNode(this.#context, 'recorder');
			node.port.onmessage = ({ data }) => this.#hear(data as Float32Array);
			this.#context.createMediaStreamSource(this.#stream).connect(node);
			await this.#context.resume();
			if (this.#abort.signal.aborted) this.close();
			else this.phase = 'listening';
		} catch {
			this.close();
			this.phase = 'refused';
		}
	}

	async start(bpm: number | null): Promise<void> {
		if (!this.#context) return;
		this.#blocks = [];
		this.clips = this.seconds = 0;
		this.take = null;
		if (bpm !== null) {
			this.phase = 'counting';
			try {
				await countIn(this.#context, bpm, 4, (left) => (this.beatsLeft = left), this.#abort.signal);
			} catch {
				return; // the microphone was let go of
			}
		}
		this.phase = 'recording';
	}

	#hear(block: Float32Array): void {
		this.level = levelOf(block);
		if (this.phase !== 'recording') return;
		this.#blocks.push(block);
		this.seconds += block.length / RATE;
		if (this.level.clipped) this.clips++;
		if (this.seconds >= LONGEST_SEC) this.stop();
	}

	togglePause(): void {
		this.phase = this.phase === 'paused' ? 'recording' : 'paused';
	}

	stop(): void {
		this.take = encodeWav(this.#blocks, RATE);
		this.#blocks = [];
		this.phase = 'done';
	}

	discard(): void {
		this.take = null;
		this.phase = 'listening';
	}

	/** Let go of the microphone. */
	close(): void {
		this.#abort.abort();
		this.#stream?.getTracks().forEach((track) => track.stop());
		void this.#context?.close().catch(() => {});
		this.#context = this.#stream = null;
		this.phase = 'idle';
	}
}
