/** What every test-only player tells in `window.edge`: the same names as our watch page. */

import { ClockReader } from '/pages/clock.js';
import { PlaybackMeter } from '/pages/playback_meter.js';

export const video = document.getElementById('video');
export const address = new URLSearchParams(location.search).get('url');

const meter = new PlaybackMeter(video, new ClockReader());

export const told = {
  errors: [],
  warnings: [],
  log: [],
  distance: () => null,
};

window.edge = {
  get state() { return meter.frames ? 'live' : 'joining'; },
  get errors() { return told.errors; },
  get warnings() { return told.warnings; },
  get log() { return told.log; },
  get distance() { return told.distance(); },
  get target() { return null; },
  get buffer() { return video.buffered.length ? video.buffered.end(video.buffered.length - 1) - video.currentTime : 0; },
  get rate() { return video.playbackRate; },
  get size() { return [video.videoWidth, video.videoHeight]; },
  get frames() { return meter.frames; },
  get firstFrameMs() { return meter.firstFrameMs; },
  get stalls() { return meter.stalls; },
  get stallSeconds() { return meter.stallSeconds; },
  get glass() { return meter.glass; },
  get unreadable() { return meter.unreadable; },
};
