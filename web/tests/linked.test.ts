import assert from 'node:assert/strict';
import test from 'node:test';
import { sameMusic } from '../src/lib/linked.ts';

const stretch = (start: number, end: number, other_start: number | null, other_end: number | null) => ({
	start,
	end,
	other_start,
	other_end,
	timestamp: '',
	matched_events: 9,
	pace: null,
	loudness: null,
	length: null,
	dimensions: {}
});

test('the same music is found in the other take, both ways', () => {
	const stretches = [stretch(0, 3, 1, 5), stretch(3, 6, null, null), stretch(6, 9, 9, 12)];
	assert.equal(sameMusic(stretches, 1.5, false), 3);
	assert.equal(sameMusic(stretches, 3, true), 1.5);
	assert.equal(sameMusic(stretches, 7, false), 10);
	assert.equal(sameMusic(stretches, 5, false), 8); // no match: as far from the nearest one
	assert.equal(sameMusic([], 4, false), 4);
});

test('a take that begins sooner is begun with', () => {
	const stretches = [stretch(0, 3, -0.8, 2.2)];
	assert.equal(sameMusic(stretches, 0.5, false), 0);
	assert.ok(Math.abs(sameMusic(stretches, 1, false) - 0.2) < 1e-9);
});
