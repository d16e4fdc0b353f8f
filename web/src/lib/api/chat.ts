import { getJson, query, remove, send } from './http.ts';
import type { ChatSessionDetail, ChatSessionSummary, Page } from './types.ts';

const at = (id: string, rest = '') => `/api/chat/sessions/${encodeURIComponent(id)}${rest}`;

export function listSessions(cursor?: string | null, limit = 50): Promise<Page<ChatSessionSummary>> {
	return getJson(`/api/chat/sessions${query({ cursor, limit })}`);
}

export const getSession = (id: string) => getJson<ChatSessionDetail>(at(id));

export const deleteSession = (id: string) => remove(at(id));

export async function stopSession(id: string): Promise<void> {
	await send(at(id, '/stop'), { method: 'POST' });
}

export interface ChatRequest {
	message: string;
	session_id?: string;
	recording_id?: string;
}

/** Opens the stream; read it with `readSse`. */
export function openChat(request: ChatRequest, signal: AbortSignal): Promise<Response> {
	return send('/api/chat', { method: 'POST', json: request, signal, accept: 'text/event-stream' });
}

/** What follows an event, or the whole of the conversation's latest answer. */
export function resumeChat(id: string, lastEventId: string, signal: AbortSignal): Promise<Response> {
	const headers: Record<string, string> = lastEventId ? { 'Last-Event-ID': lastEventId } : {};
	return send(at(id, '/events'), { headers, signal, accept: 'text/event-stream' });
}

/** Answer the last question anew. */
export function openAgain(id: string, signal: AbortSignal): Promise<Response> {
	return send(at(id, '/regenerate'), { method: 'POST', signal, accept: 'text/event-stream' });
}

/** Put the last question in other words, and have that answered. */
export function openEdited(id: string, message: string, signal: AbortSignal): Promise<Response> {
	return send(at(id, '/edit'), { method: 'POST', json: { message }, signal, accept: 'text/event-stream' });
}
