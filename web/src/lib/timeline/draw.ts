/** How the lanes are drawn: plain functions on a canvas. Times in seconds, sizes in CSS pixels. */
import type { Course, Played } from '../api/types.ts';

export interface Stretch {
	from: number;
	to: number;
}
export interface Frame {
	context: CanvasRenderingContext2D;
	width: number;
	height: number;
	stretch: Stretch;
	color: (name: string) => string;
}

const x = ({ width, stretch }: Frame, seconds: number): number =>
	((seconds - stretch.from) / (stretch.to - stretch.from)) * width;

/** One bar every three pixels, as high as the loudest moment in it. */
export function drawWave(frame: Frame, peaks: Float32Array, duration: number): void {
	const { context, width, height, stretch } = frame;
	const bars = Math.floor(width / 3);
	const perSecond = peaks.length / duration;
	context.fillStyle = frame.color('--wave');
	for (let bar = 0; bar < bars; bar++) {
		const from = stretch.from + ((stretch.to - stretch.from) * bar) / bars;
		const to = stretch.from + ((stretch.to - stretch.from) * (bar + 1)) / bars;
		const first = Math.floor(from * perSecond);
		const last = Math.max(Math.ceil(to * perSecond), first + 1);
		let peak = 0;
		for (let i = first; i < last && i < peaks.length; i++) peak = Math.max(peak, peaks[i]!);
		const size = Math.max(1.5, peak * (height - 6));
		context.beginPath();
		context.roundRect(bar * 3, (height - size) / 2, 2, size, 1);
		context.fill();
	}
}

export interface PitchRange {
	low: number;
	high: number;
}

/** Lowest and highest notes with a little air, at least two octaves. */
export function pitchRange(notes: Played['notes']): PitchRange {
	let low = 127;
	let high = 0;
	for (const [, , pitch] of notes) {
		low = Math.min(low, pitch);
		high = Math.max(high, pitch);
	}
	if (low > high) return { low: 48, high: 72 };
	const missing = Math.max(0, 24 - (high - low));
	return { low: low - 2 - Math.floor(missing / 2), high: high + 2 + Math.ceil(missing / 2) };
}

/** Bars where keys are down: the louder, the stronger the colour. `now` marks what sounds there. */
export function drawRoll(frame: Frame, notes: Played['notes'], range: PitchRange): void {
	const { context, width, height } = frame;
	const row = height / (range.high - range.low + 1);
	context.font = `10px ${getComputedStyle(document.body).fontFamily}`;
	for (let pitch = Math.ceil(range.low / 12) * 12; pitch <= range.high; pitch += 12) {
		const y = height - (pitch - range.low) * row;
		context.fillStyle = frame.color('--line');
		context.fillRect(0, Math.round(y), width, 1);
		context.fillStyle = frame.color('--ink-soft');
		context.fillText(`C${pitch / 12 - 1}`, 3, y - 3);
	}
	context.fillStyle = frame.color('--accent');
	for (const note of notes) drawNote(frame, note, range, row, 0.3 + (0.7 * note[3]) / 127);
	context.globalAlpha = 1;
}

/** The notes whose keys are down at one moment, over the others. */
export function drawSounding(frame: Frame, notes: Played['notes'], range: PitchRange, now: number): void {
	const row = frame.height / (range.high - range.low + 1);
	frame.context.fillStyle = frame.color('--now');
	for (const note of notes) {
		if (note[0] > now) break;
		if (note[1] > now) drawNote(frame, note, range, row, 1);
	}
}

function drawNote(frame: Frame, note: Played['notes'][number], range: PitchRange, row: number, alpha: number): void {
	const [onset, offset, pitch] = note;
	if (offset < frame.stretch.from || onset > frame.stretch.to) return;
	const left = x(frame, onset);
	const width = Math.max(1.5, x(frame, offset) - left - 0.5);
	frame.context.globalAlpha = alpha;
	frame.context.beginPath();
	frame.context.roundRect(left, frame.height - (pitch - range.low + 1) * row, width, Math.max(2, row - 0.5), 1.5);
	frame.context.fill();
	frame.context.globalAlpha = 1;
}

export function drawPedal(frame: Frame, pedal: Played['pedal']): void {
	frame.context.fillStyle = frame.color('--pedal');
	for (const [down, up] of pedal) {
		const left = x(frame, down);
		frame.context.beginPath();
		frame.context.roundRect(left, 2, Math.max(2, x(frame, up) - left), frame.height - 4, 2);
		frame.context.fill();
	}
}

export interface Bounds {
	low: number;
	high: number;
}

/** What a course spans, with a little air; `least` keeps a steady one from looking wild. */
export function bounds(course: Course, least: number): Bounds {
	if (course.value.length === 0) return { low: 0, high: least };
	let low = Infinity;
	let high = -Infinity;
	for (const value of course.value) {
		low = Math.min(low, value);
		high = Math.max(high, value);
	}
	const air = Math.max((high - low) * 0.1, (least - (high - low)) / 2, 0);
	return { low: low - air, high: high + air };
}

/** A line through the points; it is broken where there are none for over `gap` seconds. */
export function drawCourse(frame: Frame, course: Course, { low, high }: Bounds, gap: number): void {
	const { context, height, width } = frame;
	context.fillStyle = frame.color('--line');
	context.fillRect(0, Math.round(height / 2), width, 1);
	context.strokeStyle = frame.color('--ink-soft');
	context.lineWidth = 1.75;
	context.lineJoin = 'round';
	context.beginPath();
	let before = -Infinity;
	course.time.forEach((at, i) => {
		const y = height - 3 - ((course.value[i]! - low) / (high - low)) * (height - 6);
		if (at - before > gap) context.moveTo(x(frame, at), y);
		else context.lineTo(x(frame, at), y);
		before = at;
	});
	context.stroke();
}

export interface ScalePoint {
	start: number;
	end: number;
	value: number | undefined;
}

/** One scale along the piece: bars from the middle (0.5) towards the pole leant to; the lane ends at 0.25 and 0.75. */
export function drawScale(frame: Frame, points: ScalePoint[]): void {
	const { context, height } = frame;
	for (const { start, end, value } of points) {
		if (value === undefined) continue;
		const left = x(frame, start);
		const width = Math.max(1, x(frame, end) - left - 1.5);
		const size = Math.min(height / 2, Math.max(1.5, Math.abs(value - 0.5) * 2 * height));
		context.fillStyle = frame.color(value >= 0.5 ? '--pole-right' : '--pole-left');
		context.fillRect(left, value >= 0.5 ? height / 2 - size : height / 2, width, size);
	}
	context.fillStyle = frame.color('--line-strong');
	context.fillRect(0, Math.round(height / 2), frame.width, 1);
}

/** A step between marks that leaves each at least 70 pixels. */
export function tickStep(seconds: number, width: number): number {
	const steps = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800];
	return steps.find((step) => (step / seconds) * width >= 70) ?? 3600;
}
