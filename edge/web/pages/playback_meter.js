/** Counts what a viewer saw: first frame, frames a second, stalls, and (asked for) the clock in the picture. */

const SETTLED_MS = 80; // a shorter wait is not seen

export class PlaybackMeter {
  /** With a `reader` (ClockReader) every frame shown is read: `glass` gets `[Unix ms when shown, ms since drawn]`. */
  constructor(video, reader = null) {
    this.video = video;
    this.reader = reader;
    this.firstFrameMs = null; // since the page was opened
    this.frames = 0;
    this.fps = null;
    this.stalls = [];
    this.glass = [];
    this.unreadable = 0;
    this.waitingSince = null;
    this.window = { at: 0, frames: null };
    video.addEventListener('waiting', () => this.onWaiting());
    video.addEventListener('playing', () => this.onPlaying());
    video.addEventListener('timeupdate', () => { if (video.readyState >= 3) this.onPlaying(); });
    video.addEventListener('emptied', () => { this.waitingSince = null; });
    if (video.requestVideoFrameCallback) this.listen();
    else video.addEventListener('playing', () => this.onFirst(), { once: true });
  }

  /** Seconds the picture stood still, the stall that lasts included. */
  get stallSeconds() {
    const now = this.waitingSince === null ? 0 : performance.now() - this.waitingSince;
    return (this.stalls.reduce((sum, { ms }) => sum + ms, 0) + now) / 1000;
  }

  /** Frames a second since the last call; call it about once a second. The first second is left out. */
  countFrames() {
    if (this.firstFrameMs === null || performance.now() < this.firstFrameMs + 1000) return;
    const now = performance.now();
    const passed = (now - this.window.at) / 1000;
    if (passed < 0.5) return;
    const quality = this.video.getVideoPlaybackQuality?.();
    const frames = quality?.totalVideoFrames ?? this.frames;
    const before = this.window;
    this.window = { at: now, frames };
    if (before.frames !== null && frames >= before.frames) this.fps = (frames - before.frames) / passed;
  }

  listen() {
    this.video.requestVideoFrameCallback((now, frame) => {
      this.onFirst();
      this.frames += 1;
      if (this.reader) this.readClock(now, frame);
      this.listen();
    });
  }

  onFirst() {
    this.firstFrameMs ??= performance.now();
  }

  readClock(now, frame) {
    const drawn = this.reader.read(this.video, frame.width, frame.height);
    if (drawn === null) {
      this.unreadable += 1;
      return;
    }
    const shown = performance.timeOrigin + Math.max(now, frame.expectedDisplayTime);
    this.glass.push([shown, shown - drawn]);
  }

  onWaiting() {
    if (this.firstFrameMs === null || this.video.seeking || this.video.paused) return;
    this.waitingSince ??= performance.now();
  }

  onPlaying() {
    if (this.waitingSince === null) return;
    const ms = performance.now() - this.waitingSince;
    if (ms > SETTLED_MS) this.stalls.push({ at: performance.timeOrigin + this.waitingSince, ms });
    this.waitingSince = null;
  }
}
