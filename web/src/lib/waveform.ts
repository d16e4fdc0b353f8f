/** The heavy part of the waveform, loaded only where one is shown. */
import WaveSurfer from 'wavesurfer.js';
import { computePeaks } from './peaks.ts';
import type { Player } from './state/player.svelte.ts';

const HEIGHT = 72;

function colors(element: Element) {
	const style = getComputedStyle(element);
	const read = (name: string) => style.getPropertyValue(name).trim();
	return {
		waveColor: read('--line-strong'),
		progressColor: read('--accent'),
		cursorColor: read('--ink')
	};
}

/** Draw the waveform of the player's sound; returns the way to take it down again. */
export async function drawWaveform(container: HTMLElement, player: Player): Promise<() => void> {
	const bytes = await (await player.bytes()).arrayBuffer();
	const { peaks, duration } = await computePeaks(bytes);
	// the media element must have its source, or the waveform would set one of its own
	for (let i = 0; i < 100 && !player.audio.src; i++) await new Promise((go) => setTimeout(go, 50));
	const wave = WaveSurfer.create({
		container,
		media: player.audio,
		peaks: [peaks],
		duration,
		height: HEIGHT,
		barWidth: 2,
		barGap: 1,
		barRadius: 2,
		cursorWidth: 2,
		dragToSeek: true,
		...colors(container)
	});
	wave.on('interaction', () => (player.span = null));
	adoptStyles(container);
	if (!player.duration) player.duration = duration;
	const dark = matchMedia('(prefers-color-scheme: dark)');
	const recolor = () => wave.setOptions(colors(container));
	dark.addEventListener('change', recolor);
	return () => {
		dark.removeEventListener('change', recolor);
		wave.destroy();
	};
}

/** Under a policy that blocks inline <style>, the shadow root's rules are adopted as a sheet instead. */
function adoptStyles(container: HTMLElement): void {
	const shadow = [...container.children].find((child) => child.shadowRoot)?.shadowRoot;
	const inline = shadow?.querySelector('style');
	if (!shadow || !inline || inline.sheet) return;
	const sheet = new CSSStyleSheet();
	sheet.replaceSync(inline.textContent ?? '');
	shadow.adoptedStyleSheets = [sheet];
}
