/**
 * The publish page. Query options, for tests, demos and links:
 *
 *   auto=1                   start at once
 *   source=camera|screen|file|clock    clock draws a moving picture with a clock that machines read (clock.js)
 *   size=1280x720  fps=30  bitrate=2500000  sound=0
 *   preview=0                shows neither picture nor sound level: the processor is left to the encoder
 *
 * A token may stand behind `#token=`: a fragment is never sent to a server. `window.edge` tells tests what goes on.
 */

import { addressesOf, addressRow, streamOfPage } from './addresses.js';
import { explain } from './faults.js';
import { bitrateText, clockText, fpsText, joined, sizeText } from './format.js';
import { Publisher } from './publisher.js';
import { Choices } from './publish_choices.js';
import { SenderStats } from './sender_stats.js';
import { SoundLevel } from './sound_level.js';
import { devicesAllowed, openSource } from './sources.js';
import { canSendH264 } from './whip.js';

const $ = (id) => document.getElementById(id);
const stream = streamOfPage();
const addresses = addressesOf(stream);
const params = new URLSearchParams(location.search);
const choices = new Choices($('settings'), params, stream);
const publisher = new Publisher();
const senderStats = new SenderStats();
const level = new SoundLevel($('level'));

let source = null;
let liveSince = null;
let stats = null;
let awake = null;
const faults = [];

window.edge = {
  get stream() { return stream; },
  get state() { return publisher.state; },
  get faults() { return faults; },
  get stats() { return stats; },
  get returns() { return publisher.returns; },
};

/** state -> tone, word, sentence, badge */
const STATES = {
  idle: ['idle', 'Ready.', 'Nothing is sent yet.', 'off air'],
  opening: ['busy', 'Opening the source.', 'Your browser may ask for permission.', 'off air'],
  connecting: ['busy', 'Connecting.', '', 'connecting'],
  live: ['live', 'On air.', 'Viewers see you.', 'live'],
  reconnecting: ['busy', 'Reconnecting.', '', 'reconnecting'],
  failed: ['fault', '', '', 'off air'],
};

async function start() {
  if (!canSendH264()) return showFault('no-h264');
  if (!source && !(await open())) return undefined;
  keepAwake();
  const { maxBitrate, fps } = choices.read();
  return publisher.start({
    endpoint: `/whip/${stream}`,
    token: choices.token,
    stream: source.stream,
    video: { maxBitrate, maxFramerate: fps },
  });
}

/** Opens what is chosen and shows it; nothing is sent yet. Tells whether that went well. */
async function open() {
  showState('opening');
  try {
    source = await openSource(choices.read());
  } catch (error) {
    showFault(error);
    return false;
  }
  source.onEnded = onSourceEnded;
  showPreview();
  return true;
}

async function look() {
  if (await open()) showState('idle');
}

/** Another device or size while only looking: shows that one. */
async function lookAgain() {
  if (!source || isPublishing()) return;
  closeSource();
  await look();
}

function isPublishing() {
  return !['idle', 'failed'].includes(publisher.state);
}

async function stop() {
  liveSince = null;
  closeSource();
  await publisher.stop();
}

function closeSource() {
  source?.close();
  source = null;
  level.close();
  awake?.release().catch(() => {});
  awake = null;
  showPreview();
}

/** Sound that ends leaves the picture on air; a picture that ends is the end. */
async function onSourceEnded(kind) {
  if (kind === 'audio') return;
  await stop();
  showFault('track-ended');
}

function onState() {
  const { state, fault } = publisher;
  if (fault) faults.push({ kind: fault.kind, status: fault.status, at: Date.now() });
  if (state === 'live') liveSince ??= performance.now();
  if (state === 'failed') {
    closeSource();
    showFault(fault);
  } else showState(state, fault);
}

function showFault(fault) {
  const [what, mend] = explain(fault);
  if (fault !== publisher.fault) faults.push({ kind: fault.kind ?? fault.name ?? fault, status: 0, at: Date.now() });
  liveSince = null;
  showState('failed');
  $('state-word').textContent = what;
  $('state-text').textContent = mend;
}

function showState(state, fault = null) {
  const [tone, word, sentence, badge] = STATES[state];
  const [what, mend] = fault ? explain(fault) : ['', ''];
  const busy = !['idle', 'failed'].includes(state);
  $('go').disabled = $('look').disabled = state === 'opening';
  $('state').dataset.tone = tone;
  $('state-word').textContent = fault ? what : word;
  $('state-text').textContent = fault ? mend : sentence;
  $('badge').dataset.state = badge;
  $('badge').textContent = badge;
  $('go').textContent = busy ? 'Stop' : 'Start publishing';
  $('go').className = busy ? 'danger go' : 'primary go';
  $('on-air').hidden = state !== 'live';
  $('numbers').hidden = !busy || state === 'opening';
  choices.lock(busy);
  showMute();
}

function showPreview() {
  const own = source?.stream ?? null;
  if (params.get('preview') === '0') return;
  $('preview').srcObject = own;
  $('hint').hidden = own !== null;
  $('stage').classList.toggle('mirrored', own !== null && choices.read().source === 'camera' && facesUser(own));
  if (own) level.open(own);
}

function facesUser(own) {
  return own.getVideoTracks()[0]?.getSettings().facingMode !== 'environment';
}

function showMute() {
  const track = source?.stream.getAudioTracks()[0];
  $('mute').hidden = !track;
  if (!track) return;
  $('mute').textContent = track.enabled ? 'Mute' : 'Unmute';
}

function toggleMute() {
  const track = source?.stream.getAudioTracks()[0];
  if (track) track.enabled = !track.enabled;
  showMute();
}

async function showNumbers() {
  if ($('numbers').hidden) return;
  stats = await senderStats.read(publisher.pc).catch(() => null);
  $('bitrate').textContent = bitrateText(stats?.bitrate ?? NaN);
  $('picture').textContent = joined(sizeText(stats?.width, stats?.height), fpsText(stats?.fps ?? NaN));
  $('round-trip').textContent = stats?.roundTripMs == null ? '–' : `${Math.round(stats.roundTripMs)} ms`;
  $('lost').textContent = stats?.lostPercent == null ? '–' : `${stats.lostPercent.toFixed(1)} %`;
  const limits = { cpu: 'this machine’s processor: choose a smaller picture', bandwidth: 'the network: choose a lower bitrate' };
  $('limit-row').hidden = !limits[stats?.limitedBy];
  $('limit').textContent = limits[stats?.limitedBy] ?? '';
  showWaiting();
}

function showWaiting() {
  if (liveSince !== null) $('time').textContent = clockText((performance.now() - liveSince) / 1000);
}

/** A phone that darkens its screen stops its camera. */
async function keepAwake() {
  awake = await navigator.wakeLock?.request('screen').catch(() => null);
}

document.title = `Publish ${stream} · edge`;
$('title').textContent = stream;
$('addresses').append(addressRow('the watch link', addresses.watch), addressRow('the playlist address', addresses.playlist));
$('watch').href = addresses.watch;
$('go').addEventListener('click', () => (isPublishing() ? stop() : start()));
$('look').addEventListener('click', look);
choices.addEventListener('change', lookAgain);
$('mute').addEventListener('click', toggleMute);
publisher.addEventListener('state', onState);
window.addEventListener('pagehide', () => publisher.stop({ leaving: true }));
window.addEventListener('online', () => publisher.hurry());
document.addEventListener('visibilitychange', () => { if (!document.hidden && source) keepAwake(); });
setInterval(showNumbers, 1000);

showState('idle');
if (!devicesAllowed()) {
  choices.only(['file', 'clock']);
  showFault('no-secure-context');
}
choices.followDevices();
if (choices.auto) start();
document.documentElement.dataset.begun = '';
