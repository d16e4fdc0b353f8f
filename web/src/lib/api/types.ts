/** The shapes of the HTTP interface. Times are milliseconds since the epoch, positions seconds. */
import type * as api from './schema.ts';

export type {
	Analysis,
	AudioQuality,
	ChatMessage,
	ChatSessionDetail,
	Comparison,
	Course,
	Health,
	Measurement,
	NewShare,
	PageText,
	Played,
	Progress,
	Readiness,
	Share,
	SharedRecording,
	Support,
	TakeComparison,
	UploadAddress,
	UploadState
} from './schema.ts';
export type Recording = Omit<api.Recording, 'stage'> & { stage: Stage };
export type Segment = api.TemporalSegment;
export type TemporalFeedback = api.TemporalItem;
export type Feedback = api.Feedback;
export type ToolCall = api.CalledTool;
export type ChatSessionSummary = api.ChatSession;
export type ProgressPoint = api.Point;
export type LibraryDocument = api.Document;
export type SearchResult = api.SearchResult;
export type SearchAnswer = api.SearchResults;
export type ModelCard = api.Card;
export type Citation = api.Citation & { relevance?: string };

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

export type ProgressEvent = Pick<
	Recording,
	'recording_id' | 'status' | 'stage' | 'percent' | 'problem'
>;

export type Scores = Record<string, number>;
export type Interval = [low: number, high: number];

export type Level = 'beginner' | 'intermediate' | 'advanced';
export type Language = 'en' | 'de';
export type FeedbackStyle = 'gentle' | 'direct' | 'detailed';

export interface PlayerContext {
	goals: string[];
	constraints: string[];
	repertoire: string[];
	experience_level: Level | null;
	feedback_style: FeedbackStyle | null;
	language?: Language | null;
	updated_at?: number | null;
}

