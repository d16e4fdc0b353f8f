import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createSseParser, readSse } from '#lib/sse.ts';

test('reads named and unnamed events with their ids', () => {
	const parse = createSseParser();
	assert.deepEqual(parse('id: 1\nevent: session\ndata: {"a":1}\n\nid: 2\ndata: x\n\n'), [
		{ event: 'session', data: '{"a":1}', id: '1' },
		{ event: 'message', data: 'x', id: '2' }
	]);
});

test('does not care how the text is cut', () => {
	const text = ': ping\r\n\r\nid: 7\r\nevent: tool_call\r\ndata: one\r\ndata: two\r\n\r\ndata:  spaced\n\n';
	const whole = createSseParser()(text);
	assert.deepEqual(whole, [
		{ event: 'tool_call', data: 'one\ntwo', id: '7' },
		{ event: 'message', data: ' spaced', id: '7' }
	]);
	for (let size = 1; size < 9; size++) {
		const parse = createSseParser();
		const got = [];
		for (let i = 0; i < text.length; i += size) got.push(...parse(text.slice(i, i + size)));
		assert.deepEqual(got, whole, `pieces of ${size}`);
	}
});

test('comments and events without data give nothing', () => {
	const parse = createSseParser();
	assert.deepEqual(parse(': ping\n\nevent: lonely\n\n'), []);
	assert.deepEqual(parse('data\n\n'), [{ event: 'message', data: '', id: '' }]);
});

test('a byte order mark and lone carriage returns are understood', () => {
	assert.deepEqual(createSseParser()('\uFEFFdata: a\rdata: b\r\rdata: c\n'), [
		{ event: 'message', data: 'a\nb', id: '' }
	]);
});

function streamOf(...pieces: Uint8Array[]): Response {
	return new Response(
		new ReadableStream({
			start(controller) {
				for (const piece of pieces) controller.enqueue(piece);
				controller.close();
			}
		})
	);
}

async function collect(response: Response): Promise<{ data: string[]; finished: boolean }> {
	const events = readSse(response);
	const data: string[] = [];
	for (;;) {
		const next = await events.next();
		if (next.done) return { data, finished: next.value };
		data.push(next.value.data);
	}
}

test('a stream ends at [DONE], and characters may be split between chunks', async () => {
	const bytes = new TextEncoder().encode('data: é♪\n\ndata: [DONE]\n\ndata: never\n\n');
	const got = await collect(streamOf(bytes.slice(0, 7), bytes.slice(7, 9), bytes.slice(9)));
	assert.deepEqual(got, { data: ['é♪'], finished: true });
});

test('a stream that breaks off says so', async () => {
	const got = await collect(streamOf(new TextEncoder().encode('data: half\n\ndata: lost')));
	assert.deepEqual(got, { data: ['half'], finished: false });
});
