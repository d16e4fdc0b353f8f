import { RecordingState } from '#lib/state/recording.svelte.ts';

/** The recording is asked for before its page is drawn. */
export function load({ params }) {
	const view = new RecordingState(params.id);
	void view.load();
	return { view };
}
