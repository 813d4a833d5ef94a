/** The watch page around the player (watch_player.js). `window.edge` tells tests what the page knows. */

import { addressesOf, addressRow } from './addresses.js';
import { bitrateText, clockText, fpsText, joined, secondsText, sizeText } from './format.js';
import { ServerTime } from './server_time.js';
import { meter, player, stream, video } from './watch_player.js';

const SHOW_MS = 250;
const AT_EDGE_S = 0.5; // off the wished distance by less than this is "live"
const MEASURE_TIME_AFTER_MS = 1000; // the first picture comes first
const UPRIGHT = 0.8; // width / height below this: a phone held upright publishes

/** state -> tone, word, sentence, and what the veil over the picture says (none: no veil). */
const STATES = {
  joining: ['busy', 'Joining', '', 'Joining…'],
  waiting: ['busy', 'Waiting for the publisher.', 'It starts by itself when somebody publishes here.', 'Waiting for the publisher'],
  live: ['live', 'Live.', 'As close to the live edge as is safe.', ''],
  reconnecting: ['busy', 'Reconnecting.', 'The publisher dropped. You are kept, and it goes on by itself.', 'The publisher dropped. Reconnecting…'],
  unreachable: ['fault', 'The server does not answer.', 'Asking again every second.', 'The server does not answer'],
  refused: ['fault', 'You are not let in.', 'The link of this page lacks a token, or its token is over: ask for a new link.', 'This link does not let you watch'],
  ended: ['idle', 'Ended.', 'If it begins again, it plays here by itself.', 'The stream has ended'],
  blocked: ['busy', 'Ready.', 'Your browser wants a tap before it plays.', ''],
  unplayable: ['fault', 'It cannot be played here.', '', 'It cannot be played here'],
};

const $ = (id) => document.getElementById(id);
const addresses = addressesOf(stream);
const serverTime = new ServerTime();

window.edge = {
  get stream() { return stream; },
  get state() { return player.state; },
  get latency() { return latency(); },
  get distance() { return player.distance; },
  get target() { return player.steering.target; },
  get buffer() { return player.buffer; },
  get rate() { return video.playbackRate; },
  get bitrate() { return player.source?.bitrate ?? null; },
  get size() { return [video.videoWidth, video.videoHeight]; },
  get fps() { return meter.fps; },
  get frames() { return meter.frames; },
  get firstFrameMs() { return meter.firstFrameMs; },
  get stalls() { return meter.stalls; },
  get stallSeconds() { return meter.stallSeconds; },
  get errors() { return player.errors; },
  get warnings() { return player.warnings; },
  get glass() { return meter.glass; },
  get unreadable() { return meter.unreadable; },
};

/** Seconds from capture to now, by the server's clock and EXT-X-PROGRAM-DATE-TIME; null while unknown. */
function latency() {
  const now = serverTime.now();
  const shown = player.source?.playingDate ?? null;
  return now === null || shown === null ? null : (now - shown) / 1000;
}

function showState() {
  const [tone, word, sentence, veil] = STATES[player.state];
  $('state').dataset.tone = tone;
  $('state-word').textContent = word;
  $('state-text').textContent = player.reason || sentence;
  $('badge').dataset.state = player.state;
  $('badge').textContent = player.state;
  $('veil').hidden = !veil;
  $('veil-text').textContent = veil;
  $('spinner').hidden = tone !== 'busy';
  $('tap').hidden = player.state !== 'blocked';
  showSound();
  showControls();
}

function showControls() {
  const paused = !player.wantsToPlay;
  const off = player.distance === null ? Infinity : player.distance - player.steering.target;
  $('play').dataset.paused = String(paused);
  $('play-word').textContent = paused ? 'Play' : 'Pause';
  $('to-edge').dataset.atEdge = String(player.state === 'live' && !paused && off < AT_EDGE_S);
  $('to-edge').textContent = $('to-edge').dataset.atEdge === 'true' ? 'Live' : 'Go to live';
}

function showSound() {
  const silent = video.muted || video.volume === 0;
  $('sound').hidden = !silent || player.state !== 'live' || touchedSound;
  $('mute-word').textContent = silent ? 'Unmute' : 'Mute';
  $('volume').value = silent ? 0 : video.volume;
}

function showNumbers() {
  const playing = player.state === 'live' && !video.paused;
  $('latency').textContent = playing ? secondsText(latency()) : '–';
  $('buffer').textContent = secondsText(player.source ? player.buffer : NaN);
  $('distance').textContent = playing && player.distance !== null ? secondsText(player.distance) : '–';
  $('picture').textContent = joined(sizeText(video.videoWidth, video.videoHeight), playing ? fpsText(meter.fps ?? NaN) : '');
  $('bitrate').textContent = bitrateText(player.source?.bitrate ?? NaN);
  $('rate').textContent = playing ? `${video.playbackRate.toFixed(2)} ×` : '–';
  $('stalls').textContent = meter.stalls.length ? `${meter.stalls.length} (${clockText(meter.stallSeconds)})` : 'none';
  $('stage').classList.toggle('upright', video.videoWidth > 0 && video.videoWidth / video.videoHeight < UPRIGHT);
  showControls();
}

let touchedSound = false;

function setMuted(muted) {
  touchedSound = true;
  video.muted = muted;
  if (!muted && video.volume === 0) video.volume = 0.5;
}

function setVolume(volume) {
  video.volume = Math.min(1, Math.max(0, volume));
  setMuted(video.volume === 0);
}

function togglePlay() {
  if (player.wantsToPlay) player.pause();
  else player.play();
  showControls();
}

function toLive() {
  if (player.wantsToPlay) player.toEdge();
  else player.play();
}

function toggleFull() {
  if (document.fullscreenElement) document.exitFullscreen();
  else if ($('stage').requestFullscreen) $('stage').requestFullscreen().catch(() => {});
  else video.webkitEnterFullscreen?.();
}

const KEYS = {
  ' ': togglePlay,
  k: togglePlay,
  m: () => setMuted(!video.muted),
  f: toggleFull,
  l: toLive,
  ArrowUp: () => setVolume((video.muted ? 0 : video.volume) + 0.1),
  ArrowDown: () => setVolume((video.muted ? 0 : video.volume) - 0.1),
};

/** Keys work anywhere on the page but where they already mean something. */
function onKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.matches('input, textarea, select')) return;
  if (event.key === ' ' && event.target.closest('button, a, summary')) return;
  const act = KEYS[event.key.length === 1 ? event.key.toLowerCase() : event.key];
  if (!act) return;
  event.preventDefault();
  act();
}

document.title = `${stream} · edge`;
$('title').textContent = stream;
$('addresses').append(addressRow('the playlist address', addresses.playlist), addressRow('the link to this page', addresses.watch));
$('play').addEventListener('click', togglePlay);
$('mute').addEventListener('click', () => setMuted(!video.muted));
$('sound').addEventListener('click', () => setMuted(false));
$('tap').addEventListener('click', () => player.play());
$('volume').addEventListener('input', (event) => setVolume(Number(event.target.value)));
$('to-edge').addEventListener('click', toLive);
$('full').addEventListener('click', toggleFull);
video.addEventListener('click', togglePlay);
video.addEventListener('volumechange', showSound);
document.addEventListener('keydown', onKey);
player.addEventListener('state', showState);

showState();
setInterval(showNumbers, SHOW_MS);
setInterval(() => meter.countFrames(), 1000);
setTimeout(() => serverTime.follow(), MEASURE_TIME_AFTER_MS);
document.documentElement.dataset.begun = '';
