import { createHash } from 'node:crypto';
import { globSync, readFileSync } from 'node:fs';
import adapter from '@sveltejs/adapter-static';
import { sveltekit } from '@sveltejs/kit/vite';
import { defineConfig } from 'vite';

/** The same sources give the same build, byte for byte, so the version is theirs and not the clock's. */
function sourceVersion(): string {
	const hash = createHash('sha256');
	for (const name of ['package-lock.json', ...globSync('{src,static}/**/*.*').sort()]) {
		hash.update(name.replaceAll('\\', '/')).update(readFileSync(name));
	}
	return hash.digest('hex').slice(0, 12);
}

export default defineConfig({
	plugins: [
		sveltekit({
			// One page for every address: the API server answers unknown paths with index.html.
			adapter: adapter({ pages: 'build', fallback: 'index.html', precompress: true, strict: true }),
			version: { name: sourceVersion() },
			csp: {
				mode: 'hash',
				directives: {
					'default-src': ['self'],
					'script-src': ['self'],
					'style-src': ['self'],
					// one attribute: the one that hides SvelteKit's announcer of page changes
					'style-src-attr': ['unsafe-hashes', 'sha256-S8qMpvofolR8Mpjy4kQvEm7m1q8clzU4dfDH0AmvZjo='],
					'img-src': ['self', 'data:'],
					'media-src': ['self', 'blob:'],
					'connect-src': ['self'],
					'font-src': ['self'],
					'object-src': ['none'],
					'base-uri': ['self'],
					'form-action': ['self']
				}
			}
		})
	],
	environments: {
		client: {
			build: {
				rolldownOptions: {
					output: {
						codeSplitting: {
							groups: [
								// What pages share comes as few files, not forty: a page can be used after fewer
								// round trips. A language and the recorder are fetched when they are needed.
								// The framework is apart, for it reads its payload when it is loaded: not too early.
								{ name: 'first', test: /preload-helper|runtime\/client\/payload/, priority: 3 },
								{ name: 'svelte', test: /node_modules\/svelte\//, priority: 2 },
								{ name: 'framework', test: /kit\/src\/runtime\/(?!client\/(?:client-)?entry)/, priority: 1 },
								{ name: 'shared', test: /src\/lib\/(?!i18n\/(?!index)|record\/|components\/record\/)/ }
							]
						}
					}
				}
			}
		}
	},
	server: { proxy: { '/api': 'http://127.0.0.1:8000' } },
	preview: { proxy: { '/api': 'http://127.0.0.1:8000' } }
});
