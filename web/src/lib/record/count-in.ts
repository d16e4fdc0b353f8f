/** Click a bar before the recording begins; resolves on the beat after the last click. */
export async function countIn(
	context: AudioContext,
	bpm: number,
	beats: number,
	onBeat: (left: number) => void,
	signal: AbortSignal
): Promise<void> {
	const beat = 60 / bpm;
	const first = context.currentTime + 0.1;
	for (let i = 0; i < beats; i++) click(context, first + i * beat, i === 0);
	for (let i = 0; i < beats; i++) {
		await until(context, first + i * beat, signal);
		onBeat(beats - i);
	}
	await until(context, first + beats * beat, signal);
	onBeat(0);
}

function click(context: AudioContext, at: number, strong: boolean): void {
	const tone = context.createOscillator();
	const volume = context.createGain();
	tone.frequency.value = strong ? 1600 : 1100;
	volume.gain.setValueAtTime(0.35, at);
	volume.gain.exponentialRampToValueAtTime(0.001, at + 0.06);
	tone.connect(volume).connect(context.destination);
	tone.start(at);
	tone.stop(at + 0.07);
}

async function until(context: AudioContext, at: number, signal: AbortSignal): Promise<void> {
	while (context.currentTime < at) {
		signal.throwIfAborted();
		await new Promise((go) => setTimeout(go, Math.min(50, (at - context.currentTime) * 1000)));
	}
}
