// Hands on what the microphone hears: mono samples, a twentieth of a second at a time.
class Recorder extends AudioWorkletProcessor {
	constructor() {
		super();
		this.block = new Float32Array(Math.floor(sampleRate / 20));
		this.filled = 0;
	}
	process([input]) {
		const channels = input.length;
		if (channels === 0) return true;
		for (let i = 0; i < input[0].length; i++) {
			let sum = 0;
			for (let c = 0; c < channels; c++) sum += input[c][i];
			this.block[this.filled++] = sum / channels;
			if (this.filled === this.block.length) {
				this.port.postMessage(this.block, [this.block.buffer]);
				this.block = new Float32Array(Math.floor(sampleRate / 20));
				this.filled = 0;
			}
		}
		return true;
	}
}
registerProcessor('recorder', Recorder);
