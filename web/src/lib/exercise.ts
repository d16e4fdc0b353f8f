import type { Feedback, TemporalFeedback } from './api/types.ts';

type Exercise = Feedback['practice_recommendations']['immediate_priorities'][number];

/** The exercise that a moment names, or that rests on a scale it is about; null when there is none. */
export function exerciseFor(moment: TemporalFeedback, advice: Feedback): Exercise | null {
	const about = new Set(moment.dimensions);
	const exercises = advice.practice_recommendations.immediate_priorities;
	const named = exercises.find(({ exercise }) => {
		const [name] = exercise.split(/[:.\n]/, 1);
		return !!name && moment.practice_focus.includes(`“${name}”`);
	});
	const fits = ({ support = [] }: Exercise) => support.some((s) => !!s.dimension && about.has(s.dimension));
	return named ?? exercises.find(fits) ?? null;
}
