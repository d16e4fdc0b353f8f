import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ChatMessage } from '#lib/api/types.ts';
import { applyEvent, newTurn, toolLabel, toTurns } from '#lib/chat/turns.ts';
import { loadLanguage } from '#lib/i18n/index.ts';

await loadLanguage('en');

const citation = (id: string) => ({
	id,
	chunk_id: 'c',
	document_id: 'd',
	title: 'T',
	author: null,
	page: 3,
	heading: null,
	quote: 'q'
});

function message(role: ChatMessage['role'], content: string, more: Partial<ChatMessage> = {}): ChatMessage {
	return {
		message_id: `${role}-${content}`,
		role,
		content,
		tool_calls: [],
		tool_call_id: null,
		summary: null,
		citations: [],
		model: null,
		status: 'complete',
		created_at: 0,
		...more
	};
}

test('a stored answer with tools becomes one turn', () => {
	const turns = toTurns([
		message('user', 'Why?'),
		message('assistant', '', {
			tool_calls: [
				{ id: 't', name: 'search_library', arguments: {} },
				{ id: 'u', name: 'get_performance_analysis', arguments: {} }
			]
		}),
		message('tool', '{}', { tool_call_id: 't', summary: '5 passages' }),
		message('tool', 'No.', { tool_call_id: 'u', summary: 'No.', status: 'failed' }),
		message('assistant', 'Because [1].', { citations: [citation('1')], status: 'stopped' })
	]);
	assert.equal(turns.length, 2);
	assert.equal(turns[1]!.text, 'Because [1].');
	assert.equal(turns[1]!.status, 'stopped');
	assert.equal(turns[1]!.citations.length, 1);
	assert.equal(toolLabel(turns[1]!.tools[0]!), 'Looked in the library: 5 passages');
	assert.equal(toolLabel(turns[1]!.tools[1]!), 'Looked at the recording, without success');
});

test('a streamed answer is put together from its events', () => {
	const turn = newTurn('assistant', 'k');
	const send = (event: string, data: unknown) =>
		applyEvent(turn, { event, id: '', data: typeof data === 'string' ? data : JSON.stringify(data) });
	assert.deepEqual(send('session', { session_id: 's', message_id: 'm', title: 'Pedal' }), {
		session_id: 's',
		message_id: 'm',
		title: 'Pedal'
	});
	send('tool_call', { id: 't', name: 'search_library', arguments: {} });
	assert.equal(toolLabel(turn.tools[0]!), 'Looking in the library…');
	send('tool_result', { id: 't', name: 'search_library', ok: true, summary: '5 passages' });
	assert.equal(toolLabel(turn.tools[0]!), 'Looked in the library: 5 passages');
	send('message', { token: 'Half ' });
	send('message', { token: 'pedal [1]' });
	send('citation', citation('1'));
	send('citation', citation('1'));
	send('message', 'not json');
	assert.equal(turn.text, 'Half pedal [1]');
	assert.equal(turn.citations.length, 1);
	send('error', { title: 'Gone', status: 502, type: 'about:blank', detail: 'The model went away.' });
	assert.equal(turn.status, 'failed');
	assert.equal(turn.problem, 'The model went away.');
});
