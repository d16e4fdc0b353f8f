import { isAbort, toApiError } from '../api/problem.ts';
import { MAX_UPLOAD_BYTES, uploadRecording } from '../api/recordings.ts';
import type { Recording } from '../api/types.ts';
import { formatBytes } from '../format.ts';
import { t } from '../i18n/index.ts';

export interface Upload {
	key: number;
	name: string;
	fraction: number;
	state: 'waiting' | 'sending' | 'checking' | 'failed';
	error: string;
	abort: AbortController;
}

const EXTENSIONS = /\.(wav|wave|mp3|m4a|mp4)$/i;

/** Files on their way up, one at a time. */
export class Uploads {
	list = $state<Upload[]>([]);
	#queue: { upload: Upload; file: File }[] = [];
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
			if (refusal) fail(upload, refusal);
			else this.#queue.push({ upload, file });
		}
		void this.#run();
	}

	dismiss(upload: Upload): void {
		upload.abort.abort();
		this.#queue = this.#queue.filter((entry) => entry.upload.key !== upload.key);
		this.list = this.list.filter((known) => known.key !== upload.key);
	}

	async #run(): Promise<void> {
		if (this.#running) return;
		this.#running = true;
		for (let entry = this.#queue.shift(); entry; entry = this.#queue.shift()) {
			const { upload, file } = entry;
			upload.state = 'sending';
			try {
				const recording = await uploadRecording(
					file,
					(fraction) => {
						upload.fraction = fraction;
						if (fraction >= 1) upload.state = 'checking';
					},
					upload.abort.signal
				);
				this.dismiss(upload);
				this.onDone(recording);
			} catch (error) {
				if (!isAbort(error)) fail(upload, toApiError(error).message);
			}
		}
		this.#running = false;
	}
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
