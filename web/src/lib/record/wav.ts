/** Mono samples (−1 to 1) as a 16-bit WAV file. */
export function encodeWav(blocks: Float32Array[], sampleRate: number): Blob {
	const count = blocks.reduce((sum, block) => sum + block.length, 0);
	const header = new DataView(new ArrayBuffer(44));
	const text = (at: number, word: string) => [...word].forEach((c, i) => header.setUint8(at + i, c.charCodeAt(0)));
	text(0, 'RIFF');
	header.setUint32(4, 36 + count * 2, true);
	text(8, 'WAVEfmt ');
	header.setUint32(16, 16, true);
	header.setUint16(20, 1, true); // PCM
	header.setUint16(22, 1, true); // mono
	header.setUint32(24, sampleRate, true);
	header.setUint32(28, sampleRate * 2, true);
	header.setUint16(32, 2, true);
	header.setUint16(34, 16, true);
	text(36, 'data');
	header.setUint32(40, count * 2, true);
	const samples = new Int16Array(count);
	let at = 0;
	for (const block of blocks) {
		for (const sample of block) samples[at++] = Math.round(Math.max(-1, Math.min(1, sample)) * 32767);
	}
	return new Blob([header.buffer, samples.buffer], { type: 'audio/wav' });
}
