/** What the chat shows: one turn per question and one per answer, however many messages lie behind it. */
import type { ChatMessage, Citation, Problem, ToolCall } from '../api/types.ts';
import { currentLanguage, t } from '../i18n/index.ts';
import type { SseEvent } from '../sse.ts';

export interface ToolUse {
	id: string;
	name: string;
	done: boolean;
	ok: boolean;
	summary: string;
}

export interface Turn {
	key: string;
	role: 'user' | 'assistant';
	text: string;
	tools: ToolUse[];
	citations: Citation[];
	status: 'streaming' | 'complete' | 'stopped' | 'failed';
	problem: string | null;
}

export function newTurn(role: Turn['role'], key: string, text = ''): Turn {
	return { key, role, text, tools: [], citations: [], status: 'complete', problem: null };
}

function appendBlock(turn: Turn, text: string): void {
	if (!text) return;
	turn.text = turn.text && !turn.text.endsWith('\n') ? `${turn.text}\n\n${text}` : turn.text + text;
}

function addCitation(turn: Turn, citation: Citation): void {
	if (!turn.citations.some((c) => c.id === citation.id)) turn.citations.push(citation);
}

function addTool(turn: Turn, call: Pick<ToolCall, 'id' | 'name'>): void {
	if (turn.tools.some((t) => t.id === call.id)) return;
	turn.tools.push({ id: call.id, name: call.name, done: false, ok: true, summary: '' });
}

/** Fold a stored conversation into turns. */
export function toTurns(messages: ChatMessage[]): Turn[] {
	const turns: Turn[] = [];
	for (const message of messages) {
		if (message.role === 'user') {
			turns.push(newTurn('user', message.message_id, message.content));
			continue;
		}
		let turn = turns.at(-1);
		if (!turn || turn.role !== 'assistant') {
			turn = newTurn('assistant', message.message_id);
			turns.push(turn);
		}
		if (message.role === 'tool') {
			const tool = turn.tools.find((t) => t.id === message.tool_call_id);
			if (tool) {
				Object.assign(tool, {
					done: true,
					ok: message.status !== 'failed',
					summary: message.summary ?? ''
				});
			}
			for (const citation of message.citations ?? []) addCitation(turn, citation);
			continue;
		}
		appendBlock(turn, message.content);
		for (const call of message.tool_calls ?? []) addTool(turn, call);
		for (const citation of message.citations ?? []) addCitation(turn, citation);
		turn.status = message.status;
	}
	for (const turn of turns) for (const tool of turn.tools) tool.done = true;
	return turns;
}

export interface SessionEvent {
	session_id: string;
	message_id: string;
	title: string;
}

/**
 * Apply one streamed event to the answer being written.
 * Returns the session when the event announces it.
 */
export function applyEvent(turn: Turn, event: SseEvent): SessionEvent | null {
	let data: unknown;
	try {
		data = JSON.parse(event.data);
	} catch {
		return null;
	}
	switch (event.event) {
		case 'message': {
			const { token } = data as { token?: string };
			if (typeof token !== 'string') return null;
			const afterTool = turn.tools.length > 0 && turn.tools.at(-1)!.done;
			if (afterTool && turn.text === '') turn.text = token.trimStart();
			else turn.text += token;
			return null;
		}
		case 'session':
			return data as SessionEvent;
		case 'tool_call':
			addTool(turn, data as ToolCall);
			if (turn.text && !turn.text.endsWith('\n')) turn.text += '\n\n';
			return null;
		case 'tool_result': {
			const result = data as { id: string; ok: boolean; summary: string };
			const tool = turn.tools.find((t) => t.id === result.id);
			if (tool) Object.assign(tool, { done: true, ok: result.ok, summary: result.summary ?? '' });
			return null;
		}
		case 'citation':
			addCitation(turn, data as Citation);
			return null;
		case 'error': {
			const problem = data as Problem;
			turn.status = 'failed';
			turn.problem = problem.detail || problem.title || t('chat.unfinished');
			return null;
		}
		default:
			return null;
	}
}

const LABELS: [RegExp, 'library' | 'compare' | 'recording' | 'goals'][] = [
	[/librar|knowledge|document|passage/, 'library'],
	[/compare|progress|history|recordings/, 'compare'],
	[/analy|score|segment|measure|moment|recording|listen/, 'recording'],
	[/context|goal|profile|player/, 'goals'],
	[/search/, 'library']
];

export function toolLabel(tool: ToolUse): string {
	const [, kind] = LABELS.find(([pattern]) => pattern.test(tool.name)) ?? [null, 'other' as const];
	if (!tool.done) return t(`tool.${kind}.doing`);
	const did = t(`tool.${kind}.did`);
	if (!tool.ok) return t('tool.failed', { did });
	return tool.summary && currentLanguage() === 'en' ? `${did}: ${tool.summary}` : did; // the server's, in English
}
