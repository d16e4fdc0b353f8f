import { isAbort, toApiError } from '../api/problem.ts';
import { giveUpUpload, MAX_UPLOAD_BYTES } from '../api/recordings.ts';
import type { Recording } from '../api/types.ts';
import { formatBytes } from '../format.ts';
import { t } from '../i18n/index.ts';
import { passes, transfer, type Place } from '../upload/transfer.ts';

export interface Upload {
	key: number;
	name: string;
	fraction: number;
	state: 'waiting' | 'sending' | 'paused' | 'interrupted' | 'checking' | 'failed';
	error: string;
	abort: AbortController;
}

interface Entry {
	upload: Upload;
	file: File;
	place: Place;
}

const EXTENSIONS = /\.(wav|wave|mp3|m4a|mp4)$/i;
const LONGEST_WAIT_MS = 15_000;

/** Files on their way up, one at a time. One that was interrupted goes on where it was. */
export class Uploads {
	list = $state<Upload[]>([]);
	#entries = new Map<number, Entry>();
	#queue: Entry[] = [];
	#running = false;
	#next = 1;

	constructor(private readonly onDone: (recording: Recording) => void) {}

	add(files: Iterable<File>): void {
		for (const file of files) {
			this.list.push({
				key: this.#next++,
				name: file.name,
				fraction: 0,
				state: 'waiting',
				error: '',
				abort: new AbortController()
			});
			const upload = this.list.at(-1)!;
			const refusal = refuse(file);
			if (refusal) {
				fail(upload, refusal);
				continue;
			}
			const entry = { upload, file, place: { id: null, partBytes: 0 } };
			this.#entries.set(upload.key, entry);
			this.#queue.push(entry);
		}
		void this.#run();
	}

	/** What has arrived stays on the server, for an hour at least. */
	pause(upload: Upload): void {
		upload.state = 'paused';
		upload.abort.abort();
	}

	resume(upload: Upload): void {
		upload.state = 'waiting';
		upload.abort = new AbortController();
		this.#queue.unshift(this.#entries.get(upload.key)!);
		void this.#run();
	}

	/** Take it off the list; what has arrived of it is removed. */
	dismiss(upload: Upload): void {
		const place = this.#entries.get(upload.key)?.place;
		this.#forget(upload);
		if (place?.id) void giveUpUpload(place.id).catch(() => {});
	}

	#forget(upload: Upload): void {
		upload.abort.abort();
		this.#entries.delete(upload.key);
		this.#queue = this.#queue.filter((entry) => entry.upload.key !== upload.key);
		this.list = this.list.filter((known) => known.key !== upload.key);
	}

	async #run(): Promise<void> {
		if (this.#running) return;
		this.#running = true;
		for (let entry = this.#queue.shift(); entry; entry = this.#queue.shift()) {
			try {
				const recording = await this.#send(entry);
				this.#forget(entry.upload);
				this.onDone(recording);
			} catch (error) {
				if (!isAbort(error)) fail(entry.upload, toApiError(error).message);
			}
		}
		this.#running = false;
	}

	/** As often as it takes: a trouble that passes is waited for. */
	async #send({ upload, file, place }: Entry): Promise<Recording> {
		const { signal } = upload.abort;
		for (let tries = 0; ; tries++) {
			upload.state = 'sending';
			try {
				return await transfer(
					file,
					place,
					{
						onProgress: (fraction) => {
							if (fraction > upload.fraction) tries = 0;
							upload.fraction = fraction;
						},
						onChecking: () => (upload.state = 'checking')
					},
					signal
				);
			} catch (error) {
				if (!passes(error)) throw error;
				upload.state = 'interrupted';
				await lineBack(Math.min(LONGEST_WAIT_MS, 1000 * 2 ** tries), signal);
			}
		}
	}
}

/** Wait that long, or until the browser is online again. Rejects when it is aborted. */
function lineBack(ms: number, signal: AbortSignal): Promise<void> {
	return new Promise((resolve, reject) => {
		const done = new AbortController();
		const end = (how: () => void) => {
			clearTimeout(timer);
			done.abort();
			how();
		};
		const timer = setTimeout(() => end(resolve), ms);
		addEventListener('online', () => end(resolve), { signal: done.signal });
		const aborted = () => end(() => reject(new DOMException('Upload paused', 'AbortError')));
		if (signal.aborted) aborted();
		else signal.addEventListener('abort', aborted, { signal: done.signal });
	});
}

function fail(upload: Upload, message: string): void {
	upload.state = 'failed';
	upload.error = message;
}

/** What can be told from here; the server judges by the content. */
function refuse(file: File): string | null {
	if (file.size === 0) return t('upload.empty');
	if (file.size > MAX_UPLOAD_BYTES) {
		return t('upload.too_large', { size: formatBytes(file.size) });
	}
	if (!EXTENSIONS.test(file.name) && !file.type.startsWith('audio/')) {
		return t('upload.wrong');
	}
	return null;
}
