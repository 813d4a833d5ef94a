/** The server's wall clock, to some milliseconds: the Date field of HTTP has whole seconds only. */

const SAMPLES = 5;
const BETWEEN_MS = 150;
const AGAIN_MS = 60_000;

export class ServerTime {
  constructor(address = '/clock') {
    this.address = address;
    this.offset = null; // server minus ours, milliseconds
    this.roundTrip = Infinity;
  }

  /** Keeps the offset fresh until the page goes. Failing samples are left out: the last offset stays. */
  async follow() {
    for (;;) {
      await this.measure();
      await pause(this.offset === null ? 2000 : AGAIN_MS);
    }
  }

  /** The quickest of some answers has the least room for error: half its round trip. */
  async measure() {
    let best = null;
    for (let i = 0; i < SAMPLES; i += 1) {
      const sample = await this.sample();
      if (sample && (best === null || sample.roundTrip < best.roundTrip)) best = sample;
      await pause(BETWEEN_MS);
    }
    if (best) ({ offset: this.offset, roundTrip: this.roundTrip } = best);
  }

  async sample() {
    try {
      const sent = wall();
      const answer = await fetch(this.address, { cache: 'no-store' });
      const received = wall();
      const { unix_ms: theirs } = await answer.json();
      return { offset: theirs - (sent + received) / 2, roundTrip: received - sent };
    } catch {
      return null;
    }
  }

  /** Unix milliseconds on the server, or null before the first answer. */
  now() {
    return this.offset === null ? null : wall() + this.offset;
  }
}

/** Our wall clock with fractions, and without the jumps of Date.now() while the page is open. */
function wall() {
  return performance.timeOrigin + performance.now();
}

function pause(milliseconds) {
  return new Promise((resolve) => { setTimeout(resolve, milliseconds); });
}
