import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatBytes, formatMeasurement, formatTime, humanize, parseTime, timeAt } from '#lib/format.ts';
import { loadLanguage } from '#lib/i18n/index.ts';

await loadLanguage('en');

test('times are written and read', () => {
	assert.equal(formatTime(0), '0:00');
	assert.equal(formatTime(75.9), '1:15');
	assert.equal(formatTime(3605), '1:00:05');
	assert.equal(formatTime(NaN), '0:00');
	assert.equal(parseTime('1:15'), 75);
	assert.equal(parseTime('1:00:05'), 3605);
	assert.equal(parseTime('1:60'), null);
	assert.equal(parseTime('words'), null);
});

test('times inside a text', () => {
	assert.deepEqual(timeAt('(0:12-0:15)', 1), { label: '0:12-0:15', start: 12, end: 15 });
	assert.deepEqual(timeAt('0:12 to 0:09', 0), { label: '0:12', start: 12, end: null });
	assert.deepEqual(timeAt('0:06–0:09: two', 0), { label: '0:06–0:09', start: 6, end: 9 });
	assert.equal(timeAt('10:12', 1), null);
	assert.equal(timeAt('0:123', 0), null);
});

test('sizes and measurements', () => {
	assert.equal(formatBytes(999), '999 B');
	assert.equal(formatBytes(52_428_800), '52 MB');
	assert.equal(formatMeasurement(0.42, 'fraction'), '42 %');
	assert.equal(formatMeasurement(96.25, 'bpm'), '96.3 beats/min');
	assert.equal(formatMeasurement(1234, 'notes'), '1,234');
	assert.equal(formatMeasurement(null, 'ms'), 'not measurable');
	assert.equal(humanize('finger_noise_ms'), 'Finger noise');
	assert.equal(humanize('ioi_variability'), 'Unevenness from note to note');
});
