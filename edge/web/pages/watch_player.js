/**
 * Starts the watch page's player before anything else: this module has only what the first picture needs, and the
 * page around it (watch.js) comes after. `?follow=0` leaves the playback rate alone; `?clock=1` reads the clock in
 * the picture (clock.js).
 */

import { addressesOf, streamOfPage } from './addresses.js';
import { PlaybackMeter } from './playback_meter.js';
import { Player } from './player.js';

if (document.readyState === 'loading') { // not DOMContentLoaded: that waits for the page around, too
  await new Promise((resolve) => { document.addEventListener('readystatechange', resolve, { once: true }); });
}

const params = new URLSearchParams(location.search);

export const stream = streamOfPage();
export const video = document.getElementById('video');
export const player = new Player(video, addressesOf(stream, '').playlist);
export const meter = new PlaybackMeter(video);

player.follow = params.get('follow') !== '0';
player.start();

if (params.get('clock') === '1') {
  const { ClockReader } = await import('./clock.js');
  meter.reader = new ClockReader();
}
