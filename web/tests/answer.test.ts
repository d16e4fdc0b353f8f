import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ApiError } from '#lib/api/problem.ts';
import { followAnswer } from '#lib/chat/answer.ts';

const event = (n: number) => `id: m:${n}\ndata: {"token": "${n}"}\n\n`;
const DONE = 'id: m:9\ndata: [DONE]\n\n';

/** A response that sends this text and then ends, or breaks. */
function response(text: string, breaks = false): Response {
	const body = new ReadableStream({
		pull(controller) {
			if (text) controller.enqueue(new TextEncoder().encode(text));
			else if (breaks) controller.error(new TypeError('network error'));
			else controller.close();
			text = '';
		}
	});
	return new Response(body);
}

async function follow(first: Response, later: (Response | Error)[]) {
	const asked: string[] = [];
	const got: string[] = [];
	const answer = followAnswer(
		first,
		(id) => {
			asked.push(id);
			const next = later.shift() ?? new ApiError(0);
			return next instanceof Error ? Promise.reject(next) : Promise.resolve(next);
		},
		() => Promise.resolve()
	);
	for (;;) {
		const next = await answer.next();
		if (next.done) return { asked, got, finished: next.value };
		got.push(next.value.id);
	}
}

test('an answer that arrives whole asks for nothing', async () => {
	const read = await follow(response(event(1) + event(2) + DONE), []);
	assert.deepEqual(read, { asked: [], got: ['m:1', 'm:2'], finished: true });
});

test('a dropped line is taken up after the last event, and nothing comes twice', async () => {
	const read = await follow(response(event(1) + event(2) + 'id: m:3\nda', true), [
		new ApiError(0),
		response(event(2) + event(3)),
		response(DONE)
	]);
	assert.deepEqual(read, {
		asked: ['m:2', 'm:2', 'm:3'],
		got: ['m:1', 'm:2', 'm:3'],
		finished: true
	});
});

test('it gives up in the end, and at once where asking again would not help', async () => {
	const tired = await follow(response(event(1)), []);
	assert.equal(tired.finished, false);
	assert.equal(tired.asked.length, 6);
	const refused = await follow(response(event(1)), [new ApiError(401)]);
	assert.deepEqual(refused, { asked: ['m:1'], got: ['m:1'], finished: false });
	const silent = await follow(response(''), []);
	assert.deepEqual(silent, { asked: [], got: [], finished: false });
});

test('an abort is passed on', async () => {
	const gone = new DOMException('gone', 'AbortError');
	await assert.rejects(follow(response(event(1)), [gone]), { name: 'AbortError' });
});
