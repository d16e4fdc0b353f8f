import { authHeaders } from './key.ts';
import { loadLanguage, t } from '../i18n/index.ts';
import { ApiError, isAbort, problemFrom } from './problem.ts';

export interface Options {
	method?: string;
	json?: unknown;
	signal?: AbortSignal;
	accept?: string;
	headers?: Record<string, string>;
}

/** fetch with the key, with problems turned into ApiError. */
export async function send(path: string, options: Options = {}): Promise<Response> {
	const headers: Record<string, string> = {
		Accept: options.accept ?? 'application/json',
		...options.headers,
		...authHeaders()
	};
	const init: RequestInit = { method: options.method ?? 'GET', headers };
	if (options.signal) init.signal = options.signal;
	if (options.json !== undefined) {
		headers['Content-Type'] = 'application/json';
		init.body = JSON.stringify(options.json);
	}
	let response: Response;
	try {
		response = await fetch(path, init);
	} catch (error) {
		if (isAbort(error)) throw error;
		await loadLanguage();
		throw new ApiError(0);
	}
	if (response.ok) return response;
	await loadLanguage(); // what is asked for before the page is drawn may fail before there are words
	throw problemFrom(response.status, await response.text().catch(() => ''));
}

export async function getJson<T>(path: string, signal?: AbortSignal): Promise<T> {
	return (await (await send(path, signal ? { signal } : {})).json()) as T;
}

export async function sendJson<T>(method: string, path: string, json?: unknown, signal?: AbortSignal): Promise<T> {
	return (await (await send(path, { method, json, ...(signal ? { signal } : {}) })).json()) as T;
}

export async function remove(path: string): Promise<void> {
	await send(path, { method: 'DELETE' });
}

export function query(params: Record<string, string | number | null | undefined>): string {
	const search = new URLSearchParams();
	for (const [name, value] of Object.entries(params)) {
		if (value !== null && value !== undefined && value !== '') search.set(name, String(value));
	}
	const text = search.toString();
	return text ? `?${text}` : '';
}

/**
 * Upload a form (POST) or plain bytes (PUT) with real progress, which fetch can't report.
 * `onProgress` gets the fraction sent, 0 to 1.
 */
export function upload<T>(
	path: string,
	body: FormData | Blob,
	onProgress: (fraction: number) => void,
	signal?: AbortSignal
): Promise<T> {
	return new Promise<T>((resolve, reject) => {
		const xhr = new XMLHttpRequest();
		xhr.open(body instanceof FormData ? 'POST' : 'PUT', path);
		xhr.setRequestHeader('Accept', 'application/json');
		for (const [name, value] of Object.entries(authHeaders())) xhr.setRequestHeader(name, value);
		xhr.upload.onprogress = (event) => {
			if (event.lengthComputable && event.total > 0) onProgress(event.loaded / event.total);
		};
		xhr.onload = () => {
			if (xhr.status < 200 || xhr.status >= 300) {
				reject(problemFrom(xhr.status, xhr.responseText));
				return;
			}
			try {
				resolve(JSON.parse(xhr.responseText) as T);
			} catch {
				reject(new ApiError(xhr.status, { detail: t('problem.unreadable') }));
			}
		};
		xhr.onerror = () => reject(new ApiError(0));
		xhr.onabort = () => reject(new DOMException('Upload cancelled', 'AbortError'));
		signal?.addEventListener('abort', () => xhr.abort(), { once: true });
		if (signal?.aborted) xhr.onabort(new ProgressEvent('abort'));
		else xhr.send(body);
	});
}
