/**
 * Plays one live address and stays with it: waits while nobody publishes, is kept while the publisher is away,
 * comes back after every fault, and starts again when an ended stream begins anew.
 *
 * Events: `state` when `state` changed, `source` when the playlist's own numbers changed. States:
 *   joining       asking for the stream
 *   waiting       nobody publishes here yet
 *   live          playing at the edge
 *   reconnecting  the publisher dropped: the server keeps us, and we stay
 *   unreachable   the server does not answer
 *   refused       without a token that is good, this viewer is not let in
 *   ended         the publisher is gone for good; asked for again every second
 *   blocked       the browser wants a tap before it plays
 *   unplayable    this browser cannot play it (`reason` says why)
 */

import { isOnAir } from './on_air.js';
import { Steering } from './steering.js';

const TICK_MS = 100;
const ASK_AGAIN_MS = 1000;
const PATIENCE_S = 1.5; // asking for longer than this is waiting for the publisher
const AWAY_PARTS = 6; // so many parts without a new one, and at least
const AWAY_S = 1.5; // this long: the publisher is away

const NEITHER = 'This browser has neither Media Source Extensions nor HLS of its own.';
const INCOMPLETE = 'The player could not be loaded (hls.js), and this browser has no HLS of its own. Reload the page; the playlist address beside plays in other players.';

const hls = import('./hls_source.js').catch(() => null); // at once: the first picture waits for it

export class Player extends EventTarget {
  constructor(video, address) {
    super();
    this.video = video;
    this.address = address;
    this.steering = new Steering();
    this.source = null;
    this.state = 'joining';
    this.reason = '';
    this.errors = [];
    this.warnings = [];
    this.wantsToPlay = true;
    this.follow = true;
    this.distance = null;
    this.lives = 0;
    this.forgetTimes();
  }

  /** Begins, and never ends while the page is open. */
  start() {
    this.timer = setInterval(() => this.tick(), TICK_MS);
    this.video.addEventListener('ended', () => this.onEnd());
    this.open();
  }

  /** Plays, at the live edge: what was missed in a pause is gone. */
  async play() {
    this.wantsToPlay = true;
    this.toEdge();
    await this.video.play().then(
      () => this.set(this.state === 'blocked' ? 'live' : this.state),
      (error) => { if (error.name === 'NotAllowedError') this.set('blocked'); },
    );
  }

  pause() {
    this.wantsToPlay = false;
    this.video.pause();
  }

  /** To the smallest safe distance from the live edge. */
  toEdge() {
    const edge = this.steering.edge(seconds());
    if (edge === null || !this.steering.holdBack) return;
    const wished = edge - this.steering.target;
    if (wished > this.video.currentTime + 0.5) this.video.currentTime = wished;
  }

  /** Seconds of media in hand, from the position played. */
  get buffer() {
    return Math.max(0, bufferEnd(this.video) - this.video.currentTime);
  }

  async open() {
    this.close();
    this.lives += 1;
    this.forgetTimes();
    this.steering.forget();
    const { video, address } = this;
    const life = this.lives;
    const loaded = await hls;
    if (life !== this.lives) return;
    this.source = loaded?.openHls(video, address, this) ?? null;
    if (this.source) return;
    const native = await import('./native_source.js').catch(() => null);
    if (life !== this.lives) return;
    this.source = native?.openNative(video, address, this) ?? null;
    if (!this.source) this.fail(loaded ? NEITHER : INCOMPLETE);
    else if (!loaded) this.onWarning('hls.js could not be loaded: the browser plays by itself');
  }

  close() {
    this.source?.close();
    this.source = null;
  }

  forgetTimes() {
    this.opened = seconds();
    this.advanced = null;
    this.silentSince = null;
    this.edge = null;
    this.ending = false;
  }

  // What a source tells us:

  /** A playlist came. `edge` is its end in the video's own seconds. */
  onPlaylist({ edge, live, partTarget, holdBack }) {
    const now = seconds();
    this.silentSince = null;
    if (!live && this.advanced === null) return this.gone('ended');
    this.ending = !live;
    if (this.edge !== null && edge <= this.edge) return undefined;
    this.edge = edge;
    this.advanced = now;
    this.steering.playlist(edge, { partTarget, holdBack }, now);
    if (this.wantsToPlay && this.video.paused) this.play();
    this.dispatchEvent(new Event('source'));
    return undefined;
  }

  /** The server did not answer at all. */
  onSilence() {
    this.silentSince ??= seconds();
  }

  /** There is no such stream (any more). */
  onMissing() {
    this.gone('waiting');
  }

  /** The token is missing, or over. */
  onRefused() {
    this.gone('refused');
  }

  /** A fault that the source cannot mend: begin again from nothing. */
  onBroken(what) {
    this.errors.push(what);
    this.gone(this.state === 'unreachable' ? 'unreachable' : 'joining');
  }

  onWarning(what) {
    this.warnings.push(what);
  }

  onEnd() {
    if (this.ending) this.gone('ended');
  }

  fail(reason) {
    this.reason = reason;
    this.errors.push(reason);
    this.set('unplayable');
  }

  /** Lets go of the source and asks until the stream is on air (again). */
  async gone(state) {
    this.close();
    this.set(state);
    const life = this.lives;
    while (life === this.lives) {
      const found = await isOnAir(this.address);
      if (life !== this.lives) return;
      if (found === 'on air') this.open();
      else if (found === 'silent') this.set('unreachable');
      else if (found === 'refused') this.set('refused');
      else if (this.state !== 'ended') this.set('waiting');
      if (found !== 'on air') await new Promise((resolve) => { setTimeout(resolve, ASK_AGAIN_MS); });
    }
  }

  tick() {
    if (!this.source) return;
    const now = seconds();
    this.steer(now);
    if (this.ending && this.buffer < 0.1) this.onEnd();
    else if (!['blocked', 'unplayable'].includes(this.state)) this.set(this.judge(now));
  }

  steer(now) {
    const { video, steering } = this;
    const advice = steering.steer(video.currentTime, bufferEnd(video), now);
    this.distance = advice.latency;
    if (video.paused || video.seeking || !this.follow || this.advanced === null) return;
    if (advice.seek !== null) video.currentTime = advice.seek;
    if (video.playbackRate !== advice.rate) video.playbackRate = advice.rate;
  }

  judge(now) {
    if (this.silentSince !== null && now - this.silentSince > PATIENCE_S) return 'unreachable';
    if (this.advanced === null) return now - this.opened > PATIENCE_S ? 'waiting' : 'joining';
    if (this.ending) return 'live';
    const patience = Math.max(AWAY_S, AWAY_PARTS * (this.steering.partTarget || 1));
    if (now - this.advanced > patience) return 'reconnecting';
    return this.video.readyState >= HTMLMediaElement.HAVE_CURRENT_DATA ? 'live' : 'joining';
  }

  set(state) {
    if (state === this.state) return;
    this.state = state;
    this.dispatchEvent(new Event('state'));
  }
}

function bufferEnd({ buffered, currentTime }) {
  for (let i = 0; i < buffered.length; i += 1) {
    if (buffered.start(i) <= currentTime + 0.1 && currentTime <= buffered.end(i)) return buffered.end(i);
  }
  return currentTime;
}

function seconds() {
  return performance.now() / 1000;
}
