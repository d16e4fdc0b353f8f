import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseInline, parseMarkdown, type Inline } from '#lib/markdown.ts';

const text = (value: string): Inline => ({ type: 'text', text: value });

test('paragraphs, hard breaks and joined lines', () => {
	assert.deepEqual(parseMarkdown('one\ntwo  \nthree\n\nfour'), [
		{ type: 'paragraph', children: [text('one two'), { type: 'break' }, text('three')] },
		{ type: 'paragraph', children: [text('four')] }
	]);
});

test('emphasis, nested and unfinished', () => {
	assert.deepEqual(parseInline('**bold *and* slanted** a_b_c 2 * 3'), [
		{ type: 'strong', children: [text('bold '), { type: 'em', children: [text('and')] }, text(' slanted')] },
		text(' a_b_c 2 * 3')
	]);
	assert.deepEqual(parseInline('half **way'), [text('half **way')]);
	assert.deepEqual(parseInline('\\*not\\*'), [text('*not*')]);
	assert.deepEqual(parseInline('*a **b***'), [
		{ type: 'em', children: [text('a '), { type: 'strong', children: [text('b')] }] }
	]);
});

test('markup stays text; images and links keep only their words', () => {
	assert.deepEqual(parseInline('<img src=x onerror=alert(1)>'), [text('<img src=x onerror=alert(1)>')]);
	assert.deepEqual(parseInline('![a tree](https://example.org/t.png) [here](javascript:x)'), [
		text('a tree'),
		text(' '),
		text('here')
	]);
});

test('citations, alone and together', () => {
	assert.deepEqual(parseInline('slowly [1], evenly [2, 3].'), [
		text('slowly '),
		{ type: 'cite', id: '1' },
		text(', evenly '),
		{ type: 'cite', id: '2' },
		{ type: 'cite', id: '3' },
		text('.')
	]);
});

test('times and spans of time', () => {
	assert.deepEqual(parseInline('at 0:12 and 1:05–1:09, not 4:3 or 12:345'), [
		text('at '),
		{ type: 'time', label: '0:12', start: 12, end: null },
		text(' and '),
		{ type: 'time', label: '1:05–1:09', start: 65, end: 69 },
		text(', not 4:3 or 12:345')
	]);
});

test('lists, nested, loose and numbered', () => {
	const [list, after] = parseMarkdown('1. one\n   - inner\n   - more\n\n2. two\nlazy\n\nafter');
	assert.deepEqual(list, {
		type: 'list',
		ordered: true,
		start: 1,
		items: [
			[
				{ type: 'paragraph', children: [text('one')] },
				{
					type: 'list',
					ordered: false,
					start: 1,
					items: [
						[{ type: 'paragraph', children: [text('inner')] }],
						[{ type: 'paragraph', children: [text('more')] }]
					]
				}
			],
			[{ type: 'paragraph', children: [text('two lazy')] }]
		]
	});
	assert.deepEqual(after, { type: 'paragraph', children: [text('after')] });
});

test('quotes, headings, rules and code', () => {
	assert.deepEqual(parseMarkdown('## Pedal ##\n> wet\n> dry\n\n---\n```\n<b>\n```'), [
		{ type: 'heading', level: 2, children: [text('Pedal')] },
		{ type: 'quote', blocks: [{ type: 'paragraph', children: [text('wet dry')] }] },
		{ type: 'rule' },
		{ type: 'code', text: '<b>' }
	]);
});

test('hostile input ends, and soon', () => {
	const started = performance.now();
	for (const piece of ['> ', '*', '- ', '[', '_a', '**a ', '`', '1. ', '0:12']) {
		parseMarkdown(piece.repeat(4000));
	}
	assert.ok(performance.now() - started < 4000);
});
