/** The shapes of the HTTP interface. Times are milliseconds since the epoch, positions seconds. */

export interface Problem {
	type: string;
	title: string;
	status: number;
	detail?: string;
	request_id?: string;
	errors?: { field: string; message: string }[];
}

export interface Page<T> {
	items: T[];
	next_cursor: string | null;
}

export interface Reason {
	code: string;
	reason: string;
}

export type RecordingStatus =
	'queued' | 'analyzing' | 'ready' | 'refused' | 'failed' | 'cancelled';
export type Stage = 'queued' | 'decoding' | 'transcribing' | 'measuring' | 'scoring' | 'done';

export interface Recording {
	recording_id: string;
	filename: string;
	format: 'wav' | 'mp3' | 'm4a';
	content_type: string;
	size_bytes: number;
	sha256: string;
	status: RecordingStatus;
	stage: Stage;
	percent: number;
	problem: Reason | null;
	duration: number | null;
	created_at: number;
	updated_at: number;
}

export type ProgressEvent = Pick<
	Recording,
	'recording_id' | 'status' | 'stage' | 'percent' | 'problem'
>;

export type Scores = Record<string, number>;
export type Interval = [low: number, high: number];

export interface Segment {
	start: number;
	end: number;
	timestamp: string;
	scores: Scores;
	note_count: number;
	/** Named as the whole recording's; absent from analyses made before there were any. */
	measurements?: Record<string, number | null>;
}

export interface Measurement {
	value: number | null;
	unit: string;
	note_count: number;
	/** The least it takes, in words. */
	needs?: string;
}

export interface AudioQuality {
	clipping_fraction: number;
	silence_fraction: number;
	level_dbfs: number;
	peak_dbfs: number;
	is_piano: boolean;
	warnings: string[];
}

export interface Analysis {
	recording_id: string;
	model_version: string;
	duration: number;
	processing_time_ms: number;
	scores: Scores;
	holistic: Scores;
	intervals: Record<string, Interval>;
	temporal_segments: Segment[];
	measurements: Record<string, Measurement>;
	audio_quality: AudioQuality;
	created_at: number;
}

export interface Course {
	unit: string;
	time: number[];
	value: number[];
}

/** What was transcribed; positions in seconds. */
export interface Played {
	recording_id: string;
	duration: number;
	notes: [onset: number, offset: number, pitch: number, velocity: number][];
	pedal: [down: number, up: number][];
	courses: Record<'tempo' | 'dynamics' | 'articulation', Course>;
}

/** What a claim rests on: a segment's or the whole's value, or a place in the library. */
export interface Support {
	recording_id: string | null;
	segment: { start: number; end: number } | null;
	dimension: string | null;
	measurement: string | null;
	value: number | null;
	document: string | null;
	page: number | null;
	span: { start: number; end: number } | null;
}

export interface Citation {
	id: string;
	chunk_id: string;
	document_id: string;
	title: string;
	author: string | null;
	page: number | null;
	heading: string | null;
	quote: string;
	/** The number under which the document's pages show it. */
	section?: number | null;
	relevance?: string;
}

export interface TemporalFeedback {
	start: number;
	end: number;
	timestamp: string;
	dimensions: string[];
	insight: string;
	practice_focus: string;
	support?: Support[];
}

export interface Feedback {
	feedback_id: string;
	recording_id: string;
	overall_assessment: {
		strengths: string[];
		priority_areas: string[];
		performance_character: string;
	};
	temporal_feedback: TemporalFeedback[];
	practice_recommendations: {
		immediate_priorities: {
			skill_area: string;
			exercise: string;
			expected_result: string;
			citations: string[];
			support?: Support[];
		}[];
		long_term_development: { musical_aspect: string; approach: string; citations: string[] }[];
	};
	encouragement: string;
	citations: Citation[];
	model: string;
	created_at: number;
}

export interface ToolCall {
	id: string;
	name: string;
	arguments: unknown;
}

export interface ChatMessage {
	message_id: string;
	role: 'user' | 'assistant' | 'tool';
	content: string;
	tool_calls: ToolCall[];
	tool_call_id: string | null;
	summary: string | null;
	citations: Citation[];
	model: string | null;
	status: 'complete' | 'stopped' | 'failed';
	created_at: number;
}

export interface ChatSessionSummary {
	session_id: string;
	title: string;
	recording_id: string | null;
	message_count: number;
	created_at: number;
	updated_at: number;
}

export interface ChatSessionDetail extends ChatSessionSummary {
	messages: ChatMessage[];
}

export type Level = 'beginner' | 'intermediate' | 'advanced';
export type FeedbackStyle = 'gentle' | 'direct' | 'detailed';

export interface PlayerContext {
	goals: string[];
	constraints: string[];
	repertoire: string[];
	experience_level: Level | null;
	feedback_style: FeedbackStyle | null;
	updated_at?: number | null;
}

export interface ProgressPoint {
	recording_id: string;
	created_at: number;
	filename: string;
	value: number;
	low: number;
	high: number;
}

export interface Progress {
	dimensions: Record<string, ProgressPoint[]>;
}

export interface Comparison {
	recording_id: string;
	against: string;
	dimensions: Record<
		string,
		{ value: number; against: number; difference: number; beyond_uncertainty: boolean }
	>;
}

export interface LibraryDocument {
	document_id: string;
	title: string;
	author: string | null;
	filename: string;
	format: string;
	size_bytes: number;
	builtin: boolean;
	status: 'queued' | 'processing' | 'ready' | 'failed' | 'cancelled';
	stage: string;
	percent: number;
	problem: Reason | null;
	page_count: number | null;
	chunk_count: number;
	created_at: number;
	updated_at: number;
}

/** `start` and `end` of the chunks are offsets in `text`. */
export interface PageText {
	document_id: string;
	title: string;
	number: number;
	unit: 'page' | 'section';
	total: number;
	start: number;
	end: number;
	text: string;
	chunks: { chunk_id: string; start: number; end: number }[];
}

export interface SearchResult {
	chunk_id: string;
	document_id: string;
	title: string;
	author: string | null;
	page: number | null;
	section?: number | null;
	heading_path: string[];
	start: number;
	end: number;
	text: string;
	score: number;
}

export interface SearchAnswer {
	query: string;
	top_k: number;
	results: SearchResult[];
	stages: string[];
	took_ms: number;
}

export interface Health {
	status: string;
	version: string;
}

export interface Readiness {
	status: 'ready' | 'degraded';
	parts: Record<string, { status: string; detail: string }>;
}

/** Where the models come from and where they fail; texts are Markdown. */
export interface ModelCard {
	model: string;
	title: string;
	version: string | null;
	sections: {
		heading: string;
		text: string;
		tables: { columns: string[]; rows: string[][] }[];
	}[];
}
