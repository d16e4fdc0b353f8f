import type { Problem } from './types.ts';

const PREFIX = 'urn:crescendai:problem:';

const BY_STATUS: Record<number, string> = {
	0: 'The server can’t be reached. Check that it is running, then try again.',
	401: 'This server asks for an API key. Enter yours in Settings.',
	403: 'You are not allowed to do that.',
	404: 'This is not here (any more).',
	413: 'That file is too large.',
	415: 'That kind of file can’t be used here.',
	429: 'Too many requests. Wait a moment, then try again.',
	503: 'The server is busy or still starting. Try again in a moment.'
};

/** An answer that was not a success, in words fit to show. */
export class ApiError extends Error {
	readonly status: number;
	readonly code: string;
	readonly requestId: string | null;
	readonly fields: { field: string; message: string }[];

	constructor(status: number, problem: Partial<Problem> = {}) {
		super(problem.detail || BY_STATUS[status] || problem.title || `The server answered ${status}.`);
		this.name = 'ApiError';
		this.status = status;
		this.code = (problem.type ?? '').startsWith(PREFIX) ? problem.type!.slice(PREFIX.length) : '';
		this.requestId = problem.request_id ?? null;
		this.fields = problem.errors ?? [];
	}
}

/** Read a problem from a body that may not be JSON at all. */
export function problemFrom(status: number, body: string): ApiError {
	try {
		const parsed: unknown = JSON.parse(body);
		if (parsed && typeof parsed === 'object' && !Array.isArray(parsed)) {
			return new ApiError(status, parsed as Partial<Problem>);
		}
	} catch {
		// a proxy's HTML page, or nothing
	}
	return new ApiError(status);
}

export function toApiError(error: unknown): ApiError {
	if (error instanceof ApiError) return error;
	return new ApiError(0);
}

export function isAbort(error: unknown): boolean {
	return error instanceof DOMException && error.name === 'AbortError';
}
