import { theme } from '../state/theme.svelte.ts';
import type { Frame, Stretch } from './draw.ts';

/** Size the canvas to the screen's pixels, clear it and draw with the page's colours. */
export function themed(
	canvas: HTMLCanvasElement,
	width: number,
	height: number,
	stretch: Stretch,
	draw: (frame: Frame) => void
): void {
	void theme.dark; // drawn anew when the colours change
	const scale = devicePixelRatio || 1;
	canvas.width = Math.round(width * scale);
	canvas.height = Math.round(height * scale);
	const context = canvas.getContext('2d');
	if (!context || width === 0) return;
	context.scale(scale, scale);
	const style = getComputedStyle(canvas);
	draw({ context, width, height, stretch, color: (name) => style.getPropertyValue(name).trim() });
}
