import type { Citation } from '../api/types.ts';

/** The one citation that is open, and the element it was opened from. */
class OpenCitation {
	citation = $state.raw<Citation | null>(null);
	anchor: HTMLElement | null = null;

	show(citation: Citation, anchor: HTMLElement): void {
		this.anchor = anchor;
		this.citation = citation;
	}
	close(): void {
		this.citation = null;
	}
}

export const openCitation = new OpenCitation();
