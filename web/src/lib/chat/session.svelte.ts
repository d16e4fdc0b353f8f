import { getSession, openAgain, openChat, openEdited, resumeChat, stopSession } from '../api/chat.ts';
import { ApiError, isAbort, toApiError } from '../api/problem.ts';
import type { ChatMessage } from '../api/types.ts';
import { t } from '../i18n/index.ts';
import { followAnswer, pause } from './answer.ts';
import { applyEvent, newTurn, toTurns, type Turn } from './turns.ts';

/** One conversation: its turns, and the answer being written. */
export class ChatSession {
	id = $state<string | null>(null);
	title = $state('');
	recordingId = $state<string | null>(null);
	turns = $state<Turn[]>([]);
	loading = $state(false);
	busy = $state(false);
	stopping = $state(false);
	error = $state<ApiError | null>(null);
	onStarted: (id: string) => void = () => {};
	onFinished: () => void = () => {};

	#abort: AbortController | null = null;
	#serial = 0;

	/** Forget everything and begin anew. */
	reset(recordingId: string | null = null): void {
		this.close();
		this.id = null;
		this.title = '';
		this.recordingId = recordingId;
		this.turns = [];
		this.error = null;
		this.loading = false;
	}

	async open(id: string): Promise<void> {
		if (this.id === id) return;
		this.reset();
		this.id = id;
		await this.refresh();
	}

	async refresh(): Promise<void> {
		const id = this.id;
		if (!id) return;
		this.loading = true;
		try {
			const session = await getSession(id);
			if (this.id !== id) return;
			this.title = session.title;
			this.recordingId = session.recording_id;
			this.turns = toTurns(session.messages);
			this.error = null;
			void this.#takeUp(id, session.messages);
		} catch (error) {
			if (this.id === id) this.error = toApiError(error);
		} finally {
			if (this.id === id) this.loading = false;
		}
	}

	async ask(message: string): Promise<void> {
		const text = message.trim();
		if (!text || this.busy) return;
		this.turns.push(newTurn('user', `local-${++this.#serial}`, text));
		await this.#receive((signal) =>
			openChat(
				{
					message: text,
					...(this.id ? { session_id: this.id } : {}),
					...(this.recordingId ? { recording_id: this.recordingId } : {})
				},
				signal
			)
		);
	}

	/** Have the last question answered anew; with a text, put in other words first. */
	async again(message?: string): Promise<void> {
		const id = this.id;
		const asked = this.turns.findLastIndex((turn) => turn.role === 'user');
		if (!id || this.busy || asked < 0) return;
		const text = message?.trim();
		this.turns = this.turns.slice(0, asked + 1);
		if (text) this.turns[asked]!.text = text;
		await this.#receive((signal) => (text ? openEdited(id, text, signal) : openAgain(id, signal)));
	}

	/** Go on with an answer that was being written when the page was left. */
	async #takeUp(id: string, messages: ChatMessage[]): Promise<void> {
		if (this.busy || this.turns.at(-1)?.role !== 'user') return;
		const known = new Set(messages.map((message) => message.message_id));
		await this.#receive((signal) => resumeChat(id, '', signal), known);
	}

	/** Write an answer as it comes. One of the `known` ones is not the answer that is waited for. */
	async #receive(open: (signal: AbortSignal) => Promise<Response>, known = new Set<string>()): Promise<void> {
		const abort = new AbortController();
		this.#abort = abort;
		this.busy = true;
		this.error = null;
		this.turns.push(newTurn('assistant', `local-${++this.#serial}`));
		const turn = this.turns.at(-1)!;
		turn.status = 'streaming';
		try {
			const finished = await this.#stream(turn, await open(abort.signal), abort.signal, known);
			if (turn.status === 'streaming') {
				turn.status = this.stopping ? 'stopped' : finished ? 'complete' : 'failed';
				if (turn.status === 'failed') {
					turn.problem = t('chat.lost');
				}
			}
		} catch (error) {
			if (isAbort(error)) turn.status = 'stopped';
			else {
				turn.status = 'failed';
				const missing = error instanceof ApiError && error.code === 'turn_missing';
				turn.problem = missing ? t('chat.never_answered') : toApiError(error).message;
			}
		} finally {
			for (const tool of turn.tools) tool.done = true;
			if (this.#abort === abort) {
				this.#abort = null;
				this.busy = false;
				this.stopping = false;
				this.onFinished();
			}
		}
	}

	async #stream(turn: Turn, first: Response, signal: AbortSignal, known: Set<string>): Promise<boolean> {
		const resume = (lastEventId: string) => resumeChat(this.id!, lastEventId, signal);
		const events = followAnswer(first, resume, (ms) => pause(ms, signal));
		for (;;) {
			const next = await events.next();
			if (next.done) return next.value;
			const session = applyEvent(turn, next.value);
			if (!session) continue;
			if (known.has(session.message_id)) {
				turn.status = 'failed';
				turn.problem = t('chat.never_answered');
				void events.return(false);
				return false;
			}
			this.title = session.title || this.title;
			if (this.id !== session.session_id) {
				this.id = session.session_id;
				this.onStarted(session.session_id);
			}
		}
	}

	/** Ask the server to stop; what was written so far stays. */
	async stop(): Promise<void> {
		const abort = this.#abort;
		if (!abort || this.stopping) return;
		this.stopping = true;
		const patience = setTimeout(() => abort.abort(), 3000);
		try {
			if (this.id) await stopSession(this.id);
			else abort.abort();
		} catch {
			abort.abort();
		}
		abort.signal.addEventListener('abort', () => clearTimeout(patience), { once: true });
	}

	/** Let go of the stream without asking the server to stop. */
	close(): void {
		const abort = this.#abort;
		this.#abort = null;
		this.busy = false;
		this.stopping = false;
		abort?.abort();
	}
}
