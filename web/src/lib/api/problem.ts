import { known, t } from '../i18n/index.ts';
import type { Problem } from './types.ts';

const PREFIX = 'urn:crescendai:problem:';

function byStatus(status: number): string {
	const key = `problem.${status}`;
	return known(key) ? t(key) : '';
}

/** An answer that was not a success, in words fit to show. */
export class ApiError extends Error {
	readonly status: number;
	readonly code: string;
	readonly requestId: string | null;
	readonly fields: { field: string; message: string }[];

	constructor(status: number, problem: Partial<Problem> = {}) {
		super(problem.detail || byStatus(status) || problem.title || t('problem.other', { status }));
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
