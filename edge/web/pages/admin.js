/** The status page: the last hour in plots, and the streams of this moment. */

import { plot } from '/static/@/admin_plot.js';

const ADMIN_TOKEN = 'edge.admin';
const EVERY_MS = 5000;
const $ = (id) => document.getElementById(id);

const bits = (value) => (value >= 1e9 ? `${(value / 1e9).toFixed(2)} Gbit/s` : value >= 1e8 ? `${Math.round(value / 1e6)} Mbit/s` : value >= 1e6 ? `${(value / 1e6).toFixed(1)} Mbit/s` : `${Math.round(value / 1e3)} kbit/s`);
const whole = (value) => Math.round(value).toLocaleString();
const sum = (all, key) => all.reduce((total, one) => total + one[key], 0);
const seconds = (value) => (value < 0.01 ? '< 10 ms' : `${value.toFixed(2)} s`);

function age(inSeconds) {
  const minutes = Math.round(inSeconds / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours} h ${minutes % 60} min` : `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

const PLOTS = [
  ['Streams', 'streams', whole],
  ['Viewers', 'viewers', whole],
  ['In, from publishers', 'bits_in', bits],
  ['Out, to viewers', 'bits_out', bits],
  ['Latency of the worst stream', 'latency_s', seconds],
  ['Packets lost in ten seconds', 'lost_packets', whole],
  ['Streams without their publisher', 'reconnecting', whole],
  ['Holes in streams in ten seconds', 'holes', whole],
  ['Event loop late', 'lag_ms', (value) => `${value.toFixed(1)} ms`],
];

const COLUMNS = [...document.querySelectorAll('thead th')].slice(1).map((head) => head.textContent);

async function ask(path, options = {}) {
  const token = sessionStorage.getItem(ADMIN_TOKEN);
  const headers = token ? { Authorization: `Bearer ${token}` } : {};
  const answer = await fetch(`/api/v1${path}`, { ...options, headers, cache: 'no-store' });
  if (answer.status === 401 || answer.status === 403) throw new Error('locked');
  if (!answer.ok) throw new Error('silent');
  return answer.status === 204 ? null : answer.json();
}

function cell(text, label = '') {
  const made = document.createElement('td');
  made.textContent = text;
  made.dataset.label = label; // shown where there is no room for a head
  return made;
}

function row(stream) {
  const made = document.createElement('tr');
  const latency = stream.latency_s === null ? '–' : seconds(stream.latency_s);
  const texts = [stream.state, whole(stream.viewers), stream.state === 'live' ? bits(stream.bitrate) : '–', latency, whole(stream.discontinuities), age(stream.age_s)];
  const name = cell('');
  const link = document.createElement('a');
  link.href = `/watch/${stream.name}`;
  link.textContent = stream.name;
  name.append(link);
  const kick = document.createElement('button');
  kick.type = 'button';
  kick.className = 'small-button';
  kick.textContent = 'Kick';
  kick.setAttribute('aria-label', `Kick the publisher of ${stream.name}`);
  kick.addEventListener('click', async () => {
    if (!confirm(`End the publisher of ${stream.name}? Its viewers wait for it to return.`)) return;
    await ask(`/streams/${stream.name}/kick`, { method: 'POST' }).catch(() => null); // what is shown next says how it is
    await show();
  });
  const last = cell('');
  last.append(kick);
  made.append(name, ...texts.map((text, at) => cell(text, COLUMNS[at])), last);
  return made;
}

/** What is so at this moment, as the list below says it: the newest values of the plots must not say otherwise. */
function momentOf(streams) {
  const latencies = streams.map((one) => one.latency_s).filter((latency) => latency !== null);
  const live = streams.filter((one) => one.state === 'live');
  return {
    streams: streams.length,
    viewers: sum(streams, 'viewers'),
    bits_in: sum(live, 'bitrate'),
    latency_s: latencies.length ? Math.max(...latencies) : null,
    reconnecting: streams.filter((one) => one.state === 'reconnecting').length,
  };
}

async function show() {
  try {
    const [{ history: past }, { streams }] = await Promise.all([ask('/history'), ask('/streams')]);
    const moment = momentOf(streams);
    const history = past.length ? [...past.slice(0, -1), { ...past.at(-1), ...moment }] : [];
    $('locked').hidden = true;
    $('list').hidden = !streams.length;
    $('summary').textContent = `Streams: ${moment.streams}. Viewers: ${whole(moment.viewers)}.`;
    $('plots').replaceChildren(...PLOTS.map(([title, key, format]) => plot(title, history.map((one) => [one.unix_s, one[key]]), format)));
    $('streams').replaceChildren(...streams.map(row));
  } catch (error) {
    const locked = error.message === 'locked';
    $('locked').hidden = !locked;
    $('summary').textContent = locked ? (sessionStorage.getItem(ADMIN_TOKEN) ? 'This token does not open it; try another.' : 'An admin token is needed.') : 'The server does not answer; asking again.';
    if (locked) { $('plots').replaceChildren(); $('list').hidden = true; }
  }
}

$('where').textContent = location.host;
$('unlock').addEventListener('submit', (event) => {
  event.preventDefault();
  sessionStorage.setItem(ADMIN_TOKEN, $('admin-token').value.trim());
  show();
});
show();
setInterval(() => { if (!document.hidden) show(); }, EVERY_MS);
document.documentElement.dataset.begun = '';
