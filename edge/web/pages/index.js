/** The first page: what is live, with addresses to copy, and how to go on air. */

import { addressesOf, addressRow } from './addresses.js';
import { joined, sizeText } from './format.js';

const ASK_MS = 2000;
const NAME = /^[A-Za-z0-9_-]{1,64}$/;
const ADMIN_TOKEN = 'edge.admin';
const WORDS = { live: 'live', reconnecting: 'reconnecting', waiting: 'starting', ended: 'ended' };

const $ = (id) => document.getElementById(id);
const cards = new Map(); // stream name -> its card, kept so that focus and open details stay

/** The list, or `locked` (an admin token is needed) or `silent` (no answer). */
async function ask() {
  const token = sessionStorage.getItem(ADMIN_TOKEN);
  try {
    const headers = token ? { Authorization: `Bearer ${token}` } : {};
    const answer = await fetch('/api/v1/streams', { cache: 'no-store', headers });
    if ([401, 403].includes(answer.status)) return 'locked';
    if (!answer.ok) return 'silent';
    const body = await answer.json();
    return (Array.isArray(body) ? body : (body.streams ?? [])).filter(({ name }) => NAME.test(name));
  } catch {
    return 'silent';
  }
}

async function refresh() {
  const found = document.hidden ? null : await ask();
  if (found !== null) show(found);
  setTimeout(refresh, ASK_MS);
}

function show(found) {
  const streams = Array.isArray(found) ? found : [];
  const onAir = streams.filter(({ state }) => state !== 'ended');
  $('locked').hidden = found !== 'locked';
  $('empty').hidden = !Array.isArray(found) || streams.length > 0;
  say(summary(found, onAir.length));
  const names = new Set(streams.map(({ name }) => name));
  for (const [name, card] of cards) if (!names.has(name)) drop(name, card);
  streams.forEach((stream) => showStream(stream));
}

function summary(found, count) {
  if (found === 'silent') return 'The server does not answer. Asking again.';
  if (found === 'locked') return 'Open a stream by its name.';
  if (count === 0) return 'Nothing is live at the moment.';
  return count === 1 ? 'One stream is live.' : `${count} streams are live.`;
}

/** Only a change is spoken. */
function say(text) {
  if ($('summary').textContent !== text) $('summary').textContent = text;
}

function drop(name, card) {
  card.root.remove();
  cards.delete(name);
}

function showStream(stream) {
  let card = cards.get(stream.name);
  if (!card) {
    card = makeCard(stream.name);
    cards.set(stream.name, card);
    $('streams').append(card.root);
  }
  card.badge.dataset.state = stream.state;
  card.badge.textContent = WORDS[stream.state] ?? stream.state;
  card.facts.textContent = facts(stream);
}

/** "1280 × 720 · H.264 · AAC · 3 viewers", of what the server tells. */
function facts({ tracks = [], viewers }) {
  const video = tracks.find(({ kind }) => kind === 'video');
  const names = { h264: 'H.264', aac: 'AAC', opus: 'Opus' };
  const codecs = tracks.map(({ codec }) => names[codec] ?? codec);
  const watching = Number.isInteger(viewers) ? `${viewers} watching` : '';
  return joined(sizeText(video?.width, video?.height), ...codecs, watching);
}

function makeCard(name) {
  const addresses = addressesOf(name);
  const badge = element('span', { className: 'badge' });
  const line = element('p', { className: 'facts quiet small' });
  const details = element('details', {}, [
    element('summary', { textContent: 'Addresses' }),
    element('div', { className: 'rows' }, [
      labelled('Playlist, for any player', addressRow(`the playlist address of ${name}`, addresses.playlist)),
      labelled('Watch page', addressRow(`the watch page of ${name}`, addresses.watch)),
      labelled('Publish page', addressRow(`the publish page of ${name}`, addresses.publish)),
      labelled('WHIP, for OBS and FFmpeg', addressRow(`the WHIP address of ${name}`, addresses.whip)),
    ]),
  ]);
  const watch = element('a', { className: 'button primary', href: addresses.watch, textContent: 'Watch' });
  watch.setAttribute('aria-label', `Watch ${name}`);
  const root = element('li', { className: 'card stream' }, [
    element('header', {}, [element('h2', { textContent: name, title: name }), badge]),
    line,
    element('div', { className: 'actions' }, [watch]),
    details,
  ]);
  return { root, badge, facts: line };
}

function labelled(text, row) {
  return element('div', {}, [element('span', { className: 'small quiet', textContent: text }), row]);
}

function element(tag, properties, children = []) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
}

function showHints() {
  const name = NAME.test($('name').value) ? $('name').value : 'mine';
  const { whip } = addressesOf(name);
  const command = `ffmpeg -re -i clip.mp4 -c:v libx264 -bf 0 -g 60 -tune zerolatency -c:a libopus -ar 48000 -ac 2 -strict experimental -f whip ${whip}`;
  $('obs').replaceChildren(addressRow('the WHIP address for OBS', whip));
  $('ffmpeg').replaceChildren(addressRow('the FFmpeg command', command));
}

function goByName(event) {
  event.preventDefault();
  const name = $('name').value.trim();
  const valid = NAME.test(name);
  $('name-fault').hidden = valid;
  $('name').setAttribute('aria-invalid', String(!valid));
  if (!valid) $('name').focus();
  else location.assign(`/${event.submitter?.value || 'publish'}/${name}`);
}

$('server').textContent = location.host;
$('by-name').addEventListener('submit', goByName);
$('name').addEventListener('input', () => {
  $('name-fault').hidden = true;
  showHints();
});
$('unlock').addEventListener('submit', (event) => {
  event.preventDefault();
  sessionStorage.setItem(ADMIN_TOKEN, $('admin-token').value.trim());
  ask().then(show);
});
showHints();
refresh();
document.documentElement.dataset.begun = '';
