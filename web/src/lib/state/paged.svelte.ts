import { toApiError, type ApiError } from '../api/problem.ts';
import type { Page } from '../api/types.ts';

const REFRESH_MS = 2000;

/** A list that arrives page by page. */
export class PagedList<T> {
	items = $state<T[]>([]);
	cursor = $state<string | null>(null);
	loaded = $state(false);
	loading = $state(false);
	error = $state<ApiError | null>(null);

	constructor(
		private readonly fetchPage: (cursor?: string | null) => Promise<Page<T>>,
		private readonly key: (item: T) => string
	) {}

	async load(): Promise<void> {
		await this.#run(async () => {
			const page = await this.fetchPage();
			this.items = page.items;
			this.cursor = page.next_cursor;
			this.loaded = true;
		});
	}

	async more(): Promise<void> {
		if (!this.cursor || this.loading) return;
		await this.#run(async () => {
			const page = await this.fetchPage(this.cursor);
			const known = new Set(this.items.map(this.key));
			this.items.push(...page.items.filter((item) => !known.has(this.key(item))));
			this.cursor = page.next_cursor;
		});
	}

	/** Call it while a component is made: as long as something runs, look again now and then. */
	keepFresh(running: () => boolean): void {
		$effect(() => {
			if (!running()) return;
			const timer = setInterval(() => {
				if (!document.hidden) void this.refresh();
			}, REFRESH_MS);
			return () => clearInterval(timer);
		});
	}

	/** Fetch the first page again and fold it in, quietly. */
	async refresh(): Promise<void> {
		try {
			const page = await this.fetchPage();
			for (const item of page.items.toReversed()) this.put(item);
		} catch {
			// the next refresh may work; what is shown stays
		}
	}

	/** Replace the item with the same key, or put it first. */
	put(item: T): void {
		const index = this.items.findIndex((known) => this.key(known) === this.key(item));
		if (index < 0) this.items.unshift(item);
		else this.items[index] = item;
	}

	drop(key: string): void {
		this.items = this.items.filter((item) => this.key(item) !== key);
	}

	async #run(work: () => Promise<void>): Promise<void> {
		this.loading = true;
		try {
			await work();
			this.error = null;
		} catch (error) {
			this.error = toApiError(error);
		} finally {
			this.loading = false;
		}
	}
}
