/**
 * Keeps playback at the smallest safe distance from the live edge by playing a little faster or slower.
 *
 * A player that starts at PART-HOLD-BACK from the edge ends further behind it, by the time it took to start and by
 * every stall. This corrects that: pure arithmetic on seconds, no player and no clock in it.
 *
 * The edge is the end of the last playlist. Playlists arrive once a part and late by jitter, so the edge
 * between them is the line through the earliest of the recent arrivals (`edge - time` at its largest), and it
 * is not believed to be further than two parts past the last one: then the publisher is away.
 */

const REMEMBERED = 8; // arrivals: two seconds of 250 ms parts
const BROKEN_LINE_S = 1; // the edge stood still this long: the publisher was away, the old line is void
const BELIEVED_PARTS = 2;
const BEGIN_S = 0.05; // how far off it may be before we act,
const ENOUGH_S = 0.015; // and how near is good
const GAIN = 0.4; // of the error is corrected each second
const FASTEST = 1.1;
const SLOWEST = 0.92;
const JUMP_S = 1.5; // so far behind that seeking into the buffer is kinder than minutes of hurry
const FIRST_S = 3; // of playing, in which a jump is kinder than seconds of hurry
const FIRST_JUMP_S = 0.3; // from this much on
const FAR_JUMP_S = 6; // so far that even unbuffered media is worth fetching
const DRY_S = 0.12; // a buffer that is nearly empty
const BACK_OFF_S = 0.15; // more distance after each stall,
const BACK_OFF_LIMIT_S = 1.5;
const FORGIVEN_PER_S = 0.005; // forgotten while it plays

export class Steering {
  constructor() {
    this.arrivals = [];
    this.listed = 0;
    this.began = null;
    this.penalty = 0;
    this.partTarget = 0;
    this.holdBack = 0;
    this.steering = false;
    this.updated = null;
  }

  /** A playlist has come: it ends at `edge`, and promises PART-TARGET and PART-HOLD-BACK. Seconds all. */
  playlist(edge, { partTarget, holdBack }, now) {
    this.partTarget = partTarget;
    this.holdBack = holdBack;
    this.listed = edge;
    this.began ??= now;
    const line = edge - now;
    const known = this.line();
    if (known !== null && known - line > BROKEN_LINE_S) this.arrivals = [];
    this.arrivals.push(line);
    if (this.arrivals.length > REMEMBERED) this.arrivals.shift();
  }

  /** A stall: what was thought safe was not. */
  stalled() {
    this.penalty = Math.min(this.penalty + BACK_OFF_S, BACK_OFF_LIMIT_S);
  }

  /** A new source, or a long absence: nothing learned before holds. */
  forget() {
    this.arrivals = [];
    this.began = null;
    this.steering = false;
  }

  /** Distance to keep from the edge. */
  get target() {
    return this.holdBack + this.penalty;
  }

  /** Where the edge is now, or null while unknown. */
  edge(now) {
    const line = this.line();
    return line === null ? null : Math.min(line + now, this.listed + BELIEVED_PARTS * this.partTarget);
  }

  /**
   * What to do at `position` with media buffered up to `bufferEnd`: `{rate, seek, latency}`, where `seek` is a
   * position or null and `latency` is the distance from the edge (null while unknown).
   */
  steer(position, bufferEnd, now) {
    const edge = this.edge(now);
    this.forgive(now);
    if (edge === null || !this.holdBack) return { rate: 1, seek: null, latency: null };
    const latency = edge - position;
    const error = latency - this.target;
    const patience = now - this.began < FIRST_S ? FIRST_JUMP_S : JUMP_S;
    const seek = this.seek(error, patience, edge, bufferEnd);
    return { rate: seek === null ? this.rate(error, bufferEnd - position) : 1, seek, latency };
  }

  rate(error, buffer) {
    const size = Math.abs(error);
    this.steering = size > (this.steering ? ENOUGH_S : BEGIN_S);
    if (buffer < DRY_S) return SLOWEST;
    if (!this.steering) return 1;
    // Hurrying with less than a part in hand would run into the wait for the next one.
    if (error > 0 && buffer < this.partTarget + DRY_S) return 1;
    const wished = 1 + GAIN * error;
    return Math.min(FASTEST, Math.max(SLOWEST, Math.round(wished * 100) / 100));
  }

  seek(error, patience, edge, bufferEnd) {
    const wished = edge - this.target;
    const buffered = wished < bufferEnd - this.partTarget;
    return error > FAR_JUMP_S || (error > patience && buffered) ? wished : null;
  }

  forgive(now) {
    if (this.updated !== null) this.penalty = Math.max(0, this.penalty - FORGIVEN_PER_S * (now - this.updated));
    this.updated = now;
  }

  line() {
    return this.arrivals.length ? Math.max(...this.arrivals) : null;
  }
}
