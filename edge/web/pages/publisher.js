/**
 * Keeps one stream published: connects, and comes back by itself after every fault that time can mend.
 *
 * Events: `state`. States: idle, connecting, live, reconnecting, failed. `fault` is the last WhipError, or null.
 * Coming back is a new POST with the same tracks, so the picture keeps its size and viewers keep their playlist.
 */

import { WhipClient, WhipError } from './whip.js';

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 8000;
const SHAKE = 0.2; // publishers that lost the same server do not come back in step

/** Faults that the same request would meet again: somebody has to do something first. */
const FINAL = ['unauthorised', 'forbidden', 'bad-name', 'codec', 'refused', 'bad-answer'];

export class Publisher extends EventTarget {
  constructor() {
    super();
    this.state = 'idle';
    this.fault = null;
    this.client = null;
    this.returns = 0; // how often it came back
    this.retryAt = null;
    this.attempt = 0;
    this.run = 0;
    this.wake = () => {};
  }

  /** The peer connection of now, for statistics; or null. */
  get pc() {
    return this.client?.pc ?? null;
  }

  /** Publishes `stream` at `endpoint` until stop(). Ends in state `failed` where trying again is of no use. */
  async start({ endpoint, token, stream, video }) {
    const run = (this.run += 1);
    this.attempt = 0;
    this.everLive = false;
    this.set('connecting', null);
    while (run === this.run) {
      try {
        await this.hold(run, { endpoint, token, stream, video });
      } catch (error) {
        if (run !== this.run) return;
        const fault = error instanceof WhipError ? error : new WhipError('refused', error.message);
        if (FINAL.includes(fault.kind) || (fault.kind === 'taken' && !this.everLive)) return this.fail(fault);
        await this.wait(fault);
      }
    }
  }

  /** Ends it. With `leaving` the page is on its way out. */
  async stop({ leaving = false } = {}) {
    this.run += 1;
    this.wake();
    const client = this.client;
    this.client = null;
    this.set('idle', null);
    await client?.stop({ leaving });
  }

  /** Tries again now (the network has just come back). */
  hurry() {
    this.wake();
  }

  /** One connection, from POST until it is lost: then it throws. */
  async hold(run, { endpoint, token, stream, video }) {
    let lose;
    const lost = new Promise((_, reject) => { lose = reject; });
    lost.catch(() => {});
    const client = new WhipClient({ endpoint, token, onLost: (fault) => lose(fault) });
    this.client = client;
    try {
      await client.publish(stream, video);
      if (run !== this.run) return;
      if (this.everLive) this.returns += 1;
      this.everLive = true;
      this.attempt = 0;
      this.set('live', null);
      await lost;
    } finally {
      client.stop(); // the server lets go of the name at once, where it still hears us
    }
  }

  async wait(fault) {
    const doubled = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** this.attempt);
    const shaken = doubled * (1 - SHAKE + 2 * SHAKE * Math.random());
    const milliseconds = Math.max(shaken, 1000 * (fault.retryAfter ?? 0));
    this.attempt += 1;
    this.retryAt = performance.now() + milliseconds;
    this.set(this.everLive ? 'reconnecting' : 'connecting', fault);
    await new Promise((resolve) => {
      this.wake = resolve;
      setTimeout(resolve, milliseconds);
    });
    this.retryAt = null;
  }

  fail(fault) {
    this.client = null;
    this.set('failed', fault);
  }

  set(state, fault) {
    this.state = state;
    this.fault = fault;
    this.dispatchEvent(new Event('state'));
  }
}
