/** A bar that moves with the sound, so that a dead microphone is seen before viewers tell. */

const SHOW_MS = 80;
const QUIETEST_DB = -60;

export class SoundLevel {
  constructor(meter) {
    this.meter = meter;
    this.context = null;
  }

  open(stream) {
    this.close();
    if (!stream.getAudioTracks().length) return;
    this.context = new AudioContext();
    this.context.resume().catch(() => {});
    const analyser = new AnalyserNode(this.context, { fftSize: 1024 });
    this.context.createMediaStreamSource(stream).connect(analyser);
    const samples = new Float32Array(analyser.fftSize);
    this.timer = setInterval(() => {
      analyser.getFloatTimeDomainData(samples);
      this.meter.value = levelOf(samples);
    }, SHOW_MS);
    this.meter.hidden = false;
  }

  close() {
    clearInterval(this.timer);
    this.context?.close();
    this.context = null;
    this.meter.hidden = true;
  }
}

/** 0 at -60 dB or less, 1 at full scale. */
function levelOf(samples) {
  const power = samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length;
  const decibels = 10 * Math.log10(power || 1e-12);
  return Math.min(1, Math.max(0, 1 - decibels / QUIETEST_DB));
}
