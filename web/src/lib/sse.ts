/** Server-sent events, parsed by hand because EventSource can neither POST nor send a key. */

export interface SseEvent {
	event: string;
	data: string;
	id: string;
}

/** An incremental parser: give it text as it arrives, in any pieces, and get whole events back. */
export function createSseParser(): (chunk: string) => SseEvent[] {
	let buffer = '';
	let started = false;
	let event = '';
	let id = '';
	let data: string[] = [];

	function line(text: string, out: SseEvent[]): void {
		if (text === '') {
			if (data.length > 0) out.push({ event: event || 'message', data: data.join('\n'), id });
			event = '';
			data = [];
			return;
		}
		if (text.startsWith(':')) return;
		const colon = text.indexOf(':');
		const field = colon < 0 ? text : text.slice(0, colon);
		let value = colon < 0 ? '' : text.slice(colon + 1);
		if (value.startsWith(' ')) value = value.slice(1);
		if (field === 'data') data.push(value);
		else if (field === 'event') event = value;
		else if (field === 'id' && !value.includes('\0')) id = value;
	}

	return (chunk) => {
		const out: SseEvent[] = [];
		buffer += chunk;
		if (!started && buffer.length > 0) {
			if (buffer.startsWith('\uFEFF')) buffer = buffer.slice(1);
			started = true;
		}
		let from = 0;
		for (;;) {
			const end = nextLineEnd(buffer, from);
			if (end === null) break;
			line(buffer.slice(from, end.at), out);
			from = end.next;
		}
		buffer = buffer.slice(from);
		return out;
	};
}

/** A line ends with LF, CR or CRLF; a CR that comes last may yet turn out to be a CRLF. */
function nextLineEnd(text: string, from: number): { at: number; next: number } | null {
	for (let i = from; i < text.length; i++) {
		const c = text.charCodeAt(i);
		if (c === 10) return { at: i, next: i + 1 };
		if (c === 13) {
			if (i + 1 >= text.length) return null;
			return { at: i, next: text.charCodeAt(i + 1) === 10 ? i + 2 : i + 1 };
		}
	}
	return null;
}

/** Read a streaming response event by event; ends at `[DONE]` or when the stream ends. */
export async function* readSse(response: Response): AsyncGenerator<SseEvent, boolean, void> {
	if (!response.body) return false;
	const reader = response.body.getReader();
	const decoder = new TextDecoder();
	const parse = createSseParser();
	try {
		for (;;) {
			const { done, value } = await reader.read();
			const text = done ? decoder.decode() : decoder.decode(value, { stream: true });
			for (const event of parse(text)) {
				if (event.data === '[DONE]') return true;
				yield event;
			}
			if (done) return false;
		}
	} finally {
		reader.cancel().catch(() => {});
	}
}
