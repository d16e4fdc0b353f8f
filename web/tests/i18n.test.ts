import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import test from 'node:test';
import de from '../src/lib/i18n/de.ts';
import en from '../src/lib/i18n/en.ts';
import { loadLanguage, t, tn } from '../src/lib/i18n/index.ts';

const blanks = (text: string) => [...text.matchAll(/\{(\w+)\}/g)].map((m) => m[1]).sort();

test('every language has every message, with the same blanks and no empty one', () => {
	assert.deepEqual(Object.keys(de).sort(), Object.keys(en).sort());
	for (const key of Object.keys(en) as (keyof typeof en)[]) {
		assert.ok(en[key].trim() && de[key].trim(), key);
		assert.deepEqual([...new Set(blanks(de[key]))], [...new Set(blanks(en[key]))], key);
	}
});

test('every message is used', () => {
	const reports = '../src/crescendai/reports/*.{py,jinja}'; // the server's, in the same words
	const source = globSync(['src/**/*.{svelte,ts}', reports])
		.filter((name) => !/i18n.(en|de)\.ts$/.test(name))
		.map((name) => readFileSync(name, 'utf8'))
		.join('\n');
	const made = /^(dim|dimgroup|measure|needs|part|status|stage|tool|unit|problem|progress\.change)\./;
	const unused = Object.keys(en).filter((key) => {
		const stem = key.replace(/\.(one|other)$/, '');
		return !made.test(key) && ![`'${key}'`, `"${key}"`, `'${stem}'`].some((used) => source.includes(used));
	});
	assert.deepEqual(unused, []);
});

test('components have no words of their own', () => {
	for (const name of globSync('src/**/*.svelte')) {
		const markup = readFileSync(name, 'utf8').replace(/<script[\s\S]*?<\/script>|<style[\s\S]*?<\/style>|<!--[\s\S]*?-->/g, '');
		const words = markup.match(/>\s*[A-Z][a-z]+ [a-z]+[^<{}]*</g) ?? [];
		assert.deepEqual(words, [], name);
		assert.deepEqual(markup.match(/(?:aria-label|placeholder|title)="[A-Z][a-z]+[ "]/g) ?? [], [], name);
	}
});

test('messages are filled in and counted', async () => {
	await loadLanguage('de');
	assert.equal(t('player.position_of', { at: '0:01', total: '0:09' }), '0:01 von 0:09');
	assert.equal(tn('library.pages', 1), '1 Seite');
	assert.equal(tn('library.pages', 1200), '1.200 Seiten');
	await loadLanguage('en');
	assert.equal(tn('library.pages', 1), '1 page');
});
