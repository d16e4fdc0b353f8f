import { getJson, query, remove, upload } from './http.ts';
import type { LibraryDocument, Page, PageText, SearchAnswer } from './types.ts';

export function listDocuments(cursor?: string | null, limit = 50): Promise<Page<LibraryDocument>> {
	return getJson(`/api/knowledge/documents${query({ cursor, limit })}`);
}

export function ingestDocument(
	file: File,
	about: { title?: string; author?: string },
	onProgress: (fraction: number) => void,
	signal?: AbortSignal
): Promise<LibraryDocument> {
	const form = new FormData();
	form.append('file', file, file.name);
	if (about.title) form.append('title', about.title);
	if (about.author) form.append('author', about.author);
	return upload('/api/knowledge/ingest', form, onProgress, signal);
}

export const deleteDocument = (id: string) =>
	remove(`/api/knowledge/documents/${encodeURIComponent(id)}`);

export function searchLibrary(q: string, topK: number, signal?: AbortSignal): Promise<SearchAnswer> {
	return getJson(`/api/knowledge/search${query({ q, top_k: topK })}`, signal);
}

/** A page of a document, or a section where its format has no pages. */
export function getPage(id: string, number: number, signal?: AbortSignal): Promise<PageText> {
	return getJson(`/api/knowledge/documents/${encodeURIComponent(id)}/pages/${number}`, signal);
}

/** Where the app shows a passage. */
export const passageUrl = (c: {
	document_id: string;
	chunk_id: string;
	page: number | null;
	section?: number | null;
}): string => `/library/${c.document_id}?at=${c.section ?? c.page ?? 1}&passage=${c.chunk_id}`;
