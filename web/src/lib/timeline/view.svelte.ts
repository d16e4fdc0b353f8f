/** The stretch of time that all lanes show. */
export const SPANS_SEC = [10, 30, 60];

export class TimelineView {
	/** Seconds shown at once; null for all of it. */
	span = $state<number | null>(null);
	#from = $state(0);
	#duration: () => number;

	constructor(duration: () => number) {
		this.#duration = duration;
	}

	get length(): number {
		const total = Math.max(this.#duration(), 0.001);
		return Math.min(this.span ?? total, total);
	}
	get from(): number {
		return Math.min(Math.max(this.#from, 0), Math.max(this.#duration() - this.length, 0));
	}
	get to(): number {
		return this.from + this.length;
	}

	/** Share of the width at which a time lies: 0 to 1 inside. */
	share(seconds: number): number {
		return (seconds - this.from) / this.length;
	}
	at(share: number): number {
		return this.from + share * this.length;
	}

	/** Show this many seconds with the given moment kept in sight. */
	zoom(span: number | null, around: number): void {
		this.span = span;
		this.#from = around - this.length / 4;
	}

	/** Turn the page when playback leaves what is shown. */
	follow(seconds: number): void {
		if (seconds < this.from || seconds > this.to) this.#from = seconds - this.length * 0.05;
	}
	move(seconds: number): void {
		this.#from = this.from + seconds;
	}
}
