// Written by `python -m tools.api_types` from the server's OpenAPI document. Do not edit.


export type Analysis = {
	recording_id: string;
	model_version: string;
	duration: number;
	processing_time_ms: number;
	scores: Record<string, number>;
	holistic: Record<string, number>;
	intervals: Record<string, [number, number]>;
	temporal_segments: TemporalSegment[];
	measurements: Record<string, Measurement>;
	audio_quality: AudioQuality;
	created_at: number;
};

export type Answer = {
	role?: "assistant";
	content: string;
};

export type ApiKey = {
	id: string;
	name: string;
	prefix: string;
	scopes: ("read" | "write" | "library" | "admin")[];
	created_at: number;
	expires_at: number | null;
	revoked_at: number | null;
	last_used_at: number | null;
	state: "active" | "expired" | "revoked";
};

export type ApiKeys = {
	items: ApiKey[];
};

export type AudioAddress = {
	url: string;
	expires_at: number;
};

export type AudioQuality = {
	clipping_fraction: number;
	silence_fraction: number;
	level_dbfs: number;
	peak_dbfs: number;
	is_piano: boolean;
	warnings: string[];
};

export type CalledTool = {
	id: string;
	name: string;
	arguments: Record<string, unknown>;
};

export type Card = {
	model: string;
	title: string;
	version: string | null;
	sections: CardSection[];
};

export type CardSection = {
	heading: string;
	text: string;
	tables: CardTable[];
};

export type CardTable = {
	columns: string[];
	rows: string[][];
};

export type ChatMessage = {
	message_id: string;
	role: "user" | "assistant" | "tool";
	content: string;
	tool_calls: CalledTool[];
	tool_call_id: string | null;
	summary: string | null;
	citations: Citation[];
	model: string | null;
	made_with?: Record<string, string> | null;
	support?: Support[];
	supported_ratio?: number | null;
	status: "complete" | "stopped" | "failed";
	created_at: number;
};

export type ChatSession = {
	session_id: string;
	title: string;
	recording_id: string | null;
	message_count: number;
	created_at: number;
	updated_at: number;
};

export type ChatSessionDetail = {
	session_id: string;
	title: string;
	recording_id: string | null;
	message_count: number;
	created_at: number;
	updated_at: number;
	messages: ChatMessage[];
};

export type ChatSessionPage = {
	items: ChatSession[];
	next_cursor: string | null;
};

export type Choice = {
	index?: number;
	message: Answer;
	finish_reason?: "stop";
};

export type ChunkSpan = {
	chunk_id: string;
	start: number;
	end: number;
};

export type Citation = {
	id: string;
	chunk_id: string;
	document_id: string;
	title: string;
	author: string | null;
	page: number | null;
	heading: string | null;
	quote: string;
	section?: number | null;
};

export type Comparison = {
	recording_id: string;
	against: string;
	dimensions: Record<string, Difference>;
};

export type Completion = {
	id: string;
	object?: "chat.completion";
	created: number;
	model?: string;
	choices: Choice[];
	usage: TokenUsage;
	crescendai: Grounds;
};

export type CompletionRequest = {
	model?: string;
	messages: Message[];
	stream?: boolean;
	stream_options?: StreamOptions | null;
	n?: number | null;
	metadata?: Topic | null;
};

export type ContextUpdate = {
	goals?: string[];
	constraints?: string[];
	repertoire?: string[];
	experience_level?: "beginner" | "intermediate" | "advanced" | null;
	feedback_style?: "gentle" | "direct" | "detailed" | null;
	language?: "en" | "de" | null;
};

export type Course = {
	unit: string;
	time: number[];
	value: number[];
};

export type Courses = {
	tempo: Course;
	dynamics: Course;
	articulation: Course;
};

export type DayUsage = {
	day: string;
	kind: "chat" | "feedback";
	model: string;
	prompt_tokens: number;
	completion_tokens: number;
};

export type Difference = {
	value: number;
	against: number;
	difference: number;
	beyond_uncertainty: boolean;
};

export type DimensionInfo = {
	key: string;
	left: string;
	right: string;
	group: string;
	holistic: boolean;
};

export type Document = {
	document_id: string;
	title: string;
	author: string | null;
	type: string | null;
	level: string | null;
	dimensions: string[];
	filename: string;
	format: "pdf" | "epub" | "docx" | "html" | "markdown" | "text";
	size_bytes: number;
	builtin: boolean;
	status: "queued" | "processing" | "ready" | "failed" | "cancelled";
	stage: string;
	percent: number;
	problem: KnowledgeProblem | null;
	page_count: number | null;
	pages_done: number;
	pages_total: number | null;
	hidden_characters: number;
	chunk_count: number;
	created_at: number;
	updated_at: number;
};

export type DocumentPage = {
	items: Document[];
	next_cursor: string | null;
};

export type EditRequest = {
	message: string;
};

export type Feedback = {
	language?: "en" | "de";
	overall_assessment: OverallAssessment;
	temporal_feedback: TemporalItem[];
	practice_recommendations: PracticeRecommendations;
	encouragement: string;
	citations: FeedbackCitation[];
	verification?: Verification;
	feedback_id: string;
	recording_id: string;
	model: string;
	made_with?: Record<string, string> | null;
	created_at: number;
};

export type FeedbackCitation = {
	id: string;
	chunk_id: string;
	document_id: string;
	title: string;
	author: string | null;
	page: number | null;
	heading: string | null;
	quote: string;
	section?: number | null;
	relevance: string;
};

export type FeedbackHistory = {
	items: Feedback[];
};

export type FieldProblem = {
	field: string;
	message: string;
};

export type Focus = {
	dimension: string;
	towards: string;
	recording_id: string;
	value: number;
};

export type Grounds = {
	session_id: string;
	message_id: string;
	citations: Citation[];
};

export type Health = {
	status: "ok";
	version: string;
};

export type ImmediatePriority = {
	skill_area: string;
	exercise: string;
	expected_result: string;
	citations: string[];
	support?: Support[];
};

export type IndexState = {
	serving: string | null;
	wanted: string;
	percent: number;
	chunks_done: number;
	chunks_total: number;
	running: boolean;
};

export type JobList = {
	items: JobReport[];
};

export type JobReport = {
	id: string;
	kind: string;
	state: "queued" | "running" | "done" | "failed";
	attempts: number;
	error: string | null;
	about: Record<string, unknown>;
	created_at: number;
	finished_at: number | null;
};

export type KeyRequest = {
	name: string;
	scopes?: ("read" | "write" | "library" | "admin")[];
	expires_in_days?: number | null;
};

export type LongTermAim = {
	musical_aspect: string;
	approach: string;
	citations: string[];
	support?: Support[];
};

export type Measurement = {
	value: number | null;
	unit: string;
	note_count: number;
	needs?: string;
};

export type Message = {
	role: "system" | "developer" | "user" | "assistant" | "tool";
	content?: string | PartInput[] | null;
};

export type Model = {
	id?: string;
	object?: "model";
	created?: number;
	owned_by?: string;
};

export type ModelCard = {
	cards: Card[];
};

export type Models = {
	object?: "list";
	data: Model[];
};

export type NewApiKey = {
	id: string;
	name: string;
	prefix: string;
	scopes: ("read" | "write" | "library" | "admin")[];
	created_at: number;
	expires_at: number | null;
	revoked_at: number | null;
	last_used_at: number | null;
	state: "active" | "expired" | "revoked";
	key: string;
};

export type NewShare = {
	share_id: string;
	recording_id: string;
	created_at: number;
	expires_at: number | null;
	state: "active" | "expired";
	token: string;
	path: string;
};

export type OverallAssessment = {
	strengths: string[];
	priority_areas: string[];
	performance_character: string;
	support?: Support[];
};

export type PageText = {
	document_id: string;
	title: string;
	number: number;
	unit: "page" | "section";
	total: number;
	start: number;
	end: number;
	text: string;
	chunks: ChunkSpan[];
};

export type PartInput = {
	type: "text";
	text: string;
};

export type PartOutput = {
	status: "ok" | "down";
	detail: string | null;
};

export type Played = {
	recording_id: string;
	duration: number;
	notes: [number, number, number, number][];
	pedal: [number, number][];
	courses: Courses;
};

export type Point = {
	recording_id: string;
	filename: string;
	created_at: number;
	value: number;
	low: number;
	high: number;
};

export type PracticeRecommendations = {
	immediate_priorities: ImmediatePriority[];
	long_term_development: LongTermAim[];
};

export type Problem = {
	type: string;
	title: string;
	status: number;
	detail: string;
	request_id: string;
	errors?: FieldProblem[];
};

export type Progress = {
	dimensions: Record<string, Point[]>;
	trends?: Record<string, Trend>;
	focus?: Focus | null;
};

export type QuotaState = {
	used: number;
	limit: number | null;
};

export type QuotaStates = {
	analysis_minutes: QuotaState;
	llm_tokens: QuotaState;
	storage_bytes: QuotaState;
};

export type Readiness = {
	status: "ready" | "degraded";
	parts: Record<string, PartOutput>;
};

export type Recording = {
	recording_id: string;
	filename: string;
	format: "wav" | "mp3" | "m4a";
	content_type: string;
	size_bytes: number;
	sha256: string;
	status: "queued" | "analyzing" | "ready" | "refused" | "failed" | "cancelled";
	stage: string;
	percent: number;
	problem: RecordingsProblem | null;
	duration: number | null;
	created_at: number;
	updated_at: number;
};

export type RecordingPage = {
	items: Recording[];
	next_cursor: string | null;
};

export type SearchResult = {
	chunk_id: string;
	document_id: string;
	title: string;
	author: string | null;
	type: string | null;
	level: string | null;
	dimensions: string[];
	page: number | null;
	section: number | null;
	heading_path: string[];
	start: number;
	end: number;
	text: string;
	score: number;
};

export type SearchResults = {
	query: string;
	top_k: number;
	results: SearchResult[];
	stages: string[];
	took_ms: number;
	confidence: number | null;
};

export type Share = {
	share_id: string;
	recording_id: string;
	created_at: number;
	expires_at: number | null;
	state: "active" | "expired";
};

export type ShareRequest = {
	recording_id: string;
	expires_in_days?: number | null;
};

export type SharedRecording = {
	filename: string;
	format: "wav" | "mp3" | "m4a";
	duration: number;
	created_at: number;
	expires_at: number | null;
	analysis: Analysis;
	feedback: Feedback | null;
};

export type Shares = {
	items: Share[];
};

export type Span = {
	start: number;
	end: number;
};

export type StreamOptions = {
	include_usage?: boolean;
};

export type Stretch = {
	start: number;
	end: number;
	timestamp: string;
	other_start: number | null;
	other_end: number | null;
	matched_events: number;
	pace: number | null;
	loudness: number | null;
	length: number | null;
	dimensions: Record<string, [number, number]>;
};

export type Support = {
	recording_id?: string | null;
	segment?: Span | null;
	dimension?: string | null;
	measurement?: string | null;
	value?: number | null;
	document?: string | null;
	page?: number | null;
	span?: Span | null;
};

export type TakeComparison = {
	recording_id: string;
	other: string;
	matched: number;
	pace: number | null;
	dimensions: Record<string, Difference>;
	stretches: Stretch[];
};

export type TemporalItem = {
	start: number;
	end: number;
	timestamp: string;
	dimensions: string[];
	insight: string;
	practice_focus: string;
	support?: Support[];
};

export type TemporalSegment = {
	start: number;
	end: number;
	timestamp: string;
	scores: Record<string, number>;
	note_count: number;
	measurements?: Record<string, number | null>;
};

export type TokenUsage = {
	prompt_tokens?: number;
	completion_tokens?: number;
	total_tokens?: number;
};

export type Topic = {
	recording_id?: string | null;
	session_id?: string | null;
};

export type Trend = {
	low: number | null;
	high: number | null;
	change: "unknown" | "within" | "improved" | "worse" | "changed";
};

export type TurnRequest = {
	message: string;
	session_id?: string | null;
	recording_id?: string | null;
	language?: "en" | "de" | null;
};

export type UploadAddress = {
	recording_id: string;
	url: string;
	expires_at: number;
	max_bytes: number;
	part_bytes: number;
};

export type UploadRequest = {
	filename?: string;
};

export type UploadState = {
	recording_id: string;
	parts: number;
	part_bytes: number;
	expires_at: number;
};

export type UsageReport = {
	items: DayUsage[];
	quotas?: QuotaStates | null;
};

export type UserContext = {
	goals?: string[];
	constraints?: string[];
	repertoire?: string[];
	experience_level?: "beginner" | "intermediate" | "advanced" | null;
	feedback_style?: "gentle" | "direct" | "detailed" | null;
	language?: "en" | "de" | null;
	updated_at?: number | null;
};

export type Verification = {
	claims?: number;
	supported?: number;
	repaired?: number;
	dropped?: number;
	supported_ratio?: number;
};

export type KnowledgeProblem = {
	code: string;
	reason: string;
};

export type RecordingsProblem = {
	code: string;
	reason: string;
};

/** What each address answers when it succeeds. */
export interface Answers {
	"DELETE /api/account": unknown;
	"GET /api/account/export": unknown;
	"POST /api/chat": unknown;
	"GET /api/chat/sessions": ChatSessionPage;
	"DELETE /api/chat/sessions/{session_id}": unknown;
	"GET /api/chat/sessions/{session_id}": ChatSessionDetail;
	"POST /api/chat/sessions/{session_id}/edit": unknown;
	"GET /api/chat/sessions/{session_id}/events": unknown;
	"POST /api/chat/sessions/{session_id}/regenerate": unknown;
	"POST /api/chat/sessions/{session_id}/stop": unknown;
	"GET /api/context": UserContext;
	"PUT /api/context": UserContext;
	"GET /api/dimensions": DimensionInfo[];
	"GET /api/feedback/{recording_id}": FeedbackHistory;
	"POST /api/feedback/{recording_id}": Feedback;
	"POST /api/feedback/{recording_id}/turn": unknown;
	"GET /api/health": Health;
	"GET /api/jobs": JobList;
	"GET /api/keys": ApiKeys;
	"POST /api/keys": NewApiKey;
	"DELETE /api/keys/{key_id}": unknown;
	"GET /api/knowledge/documents": DocumentPage;
	"DELETE /api/knowledge/documents/{document_id}": unknown;
	"GET /api/knowledge/documents/{document_id}": Document;
	"POST /api/knowledge/documents/{document_id}/cancel": Document;
	"GET /api/knowledge/documents/{document_id}/pages/{number}": PageText;
	"POST /api/knowledge/documents/{document_id}/retry": Document;
	"GET /api/knowledge/index": IndexState;
	"POST /api/knowledge/ingest": Document;
	"GET /api/knowledge/search": SearchResults;
	"GET /api/model-card": ModelCard;
	"GET /api/objects/{key}": unknown;
	"PUT /api/objects/{key}": unknown;
	"GET /api/progress": Progress | Comparison;
	"GET /api/ready": Readiness;
	"GET /api/recordings": RecordingPage;
	"DELETE /api/recordings/{recording_id}": unknown;
	"GET /api/recordings/{recording_id}": Recording;
	"GET /api/recordings/{recording_id}/analysis": Analysis;
	"GET /api/recordings/{recording_id}/audio": unknown;
	"GET /api/recordings/{recording_id}/audio/url": AudioAddress;
	"POST /api/recordings/{recording_id}/cancel": Recording;
	"GET /api/recordings/{recording_id}/compare/{other}": TakeComparison;
	"POST /api/recordings/{recording_id}/complete": Recording;
	"GET /api/recordings/{recording_id}/events": unknown;
	"GET /api/recordings/{recording_id}/notes.csv": unknown;
	"GET /api/recordings/{recording_id}/notes.mid": unknown;
	"GET /api/recordings/{recording_id}/performance": Played;
	"GET /api/recordings/{recording_id}/report.html": unknown;
	"POST /api/recordings/{recording_id}/retry": Recording;
	"GET /api/recordings/{recording_id}/segments.csv": unknown;
	"GET /api/shared/{token}": SharedRecording;
	"GET /api/shared/{token}/audio": unknown;
	"GET /api/shared/{token}/performance": Played;
	"GET /api/shares": Shares;
	"POST /api/shares": NewShare;
	"DELETE /api/shares/{share_id}": unknown;
	"POST /api/upload": Recording;
	"POST /api/upload/url": UploadAddress;
	"DELETE /api/uploads/{recording_id}": unknown;
	"GET /api/uploads/{recording_id}": UploadState;
	"PUT /api/uploads/{recording_id}/parts/{number}": UploadState;
	"GET /api/usage": UsageReport;
	"POST /mcp": unknown;
	"GET /metrics": unknown;
	"POST /v1/chat/completions": Completion;
	"GET /v1/models": Models;
}
