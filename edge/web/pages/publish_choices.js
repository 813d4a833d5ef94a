/** The settings of the publish page: read from the form, kept for the next visit, set by query options. */

import { listDevices } from './sources.js';

const KEPT = 'edge.publish';

/** Event `change`: something else is chosen. */
export class Choices extends EventTarget {
  constructor(form, params, stream) {
    super();
    this.form = form;
    this.auto = params.get('auto') === '1';
    this.tokenKey = `edge.token.${stream}`;
    this.wanted = { ...kept(), ...fromQuery(params) };
    this.apply(this.wanted);
    this.field('token').value = fragmentToken() ?? sessionStorage.getItem(this.tokenKey) ?? '';
    form.addEventListener('submit', (event) => event.preventDefault());
    form.addEventListener('change', (event) => this.onChange(event.target));
    this.showFields();
  }

  /** What is chosen, as openSource() and the encoder take it. */
  read() {
    const [width, height] = this.field('size').value.split('x').map(Number);
    return {
      source: this.form.elements.source.value,
      width,
      height,
      fps: Number(this.field('fps').value),
      maxBitrate: Number(this.field('bitrate-choice').value),
      microphone: this.field('sound').checked,
      cameraId: this.field('camera').value,
      microphoneId: this.field('microphone').value,
      file: this.field('file').files[0] ?? null,
    };
  }

  get token() {
    return this.field('token').value.trim();
  }

  /** While publishing nothing can be changed: another size would be another stream to viewers. */
  lock(locked) {
    for (const element of this.form.elements) element.disabled = locked || element.dataset.never === '1';
  }

  /** Takes away the sources that this browser does not give out here. */
  only(sources) {
    const radios = [...this.form.elements.source];
    for (const radio of radios) {
      radio.dataset.never = sources.includes(radio.value) ? '0' : '1';
      radio.disabled = radio.dataset.never === '1';
    }
    if (!sources.includes(this.form.elements.source.value)) this.form.elements.source.value = sources[0];
    this.showFields();
  }

  /** Lists cameras and microphones, and again whenever one comes or goes. */
  followDevices() {
    this.listDevices();
    navigator.mediaDevices?.addEventListener('devicechange', () => this.listDevices());
    // Names of devices are told only after permission; the page calls this again by opening one.
    document.getElementById('preview').addEventListener('loadedmetadata', () => this.listDevices());
  }

  async listDevices() {
    const { video, audio } = await listDevices().catch(() => ({ video: [], audio: [] }));
    fill(this.field('camera'), video, 'Camera', this.wanted.camera);
    fill(this.field('microphone'), audio, 'Microphone', this.wanted.microphone);
  }

  field(id) {
    return document.getElementById(id);
  }

  onChange(field) {
    this.showFields();
    this.wanted = {
      source: this.form.elements.source.value,
      size: this.field('size').value,
      fps: this.field('fps').value,
      bitrate: this.field('bitrate-choice').value,
      sound: this.field('sound').checked ? '1' : '0',
      camera: this.field('camera').value,
      microphone: this.field('microphone').value,
    };
    store(localStorage, KEPT, JSON.stringify(this.wanted));
    store(sessionStorage, this.tokenKey, this.token);
    if (field !== this.field('token')) this.dispatchEvent(new Event('change'));
  }

  apply({ source, size, fps, bitrate, sound }) {
    if (source) this.form.elements.source.value = source;
    choose(this.field('size'), size, (value) => value.replace('x', ' × '));
    choose(this.field('fps'), fps, (value) => value);
    choose(this.field('bitrate-choice'), bitrate, (value) => `${(Number(value) / 1e6).toFixed(1)} Mbit/s`);
    if (sound) this.field('sound').checked = sound !== '0';
  }

  showFields() {
    const source = this.form.elements.source.value;
    for (const row of this.form.querySelectorAll('[data-for]')) {
      row.hidden = !row.dataset.for.split(' ').includes(source);
    }
  }
}

/** Selects `value`, adding it where the list lacks it (a size asked for in the address). */
function choose(select, value, text) {
  if (!value) return;
  const known = [...select.options].some((option) => option.value === value);
  if (!known) select.add(new Option(text(value), value));
  select.value = value;
}

function fill(select, devices, word, wanted) {
  const before = select.value || wanted || '';
  const options = devices.map((device, i) => new Option(device.label || `${word} ${i + 1}`, device.deviceId));
  select.replaceChildren(new Option(`Default ${word.toLowerCase()}`, ''), ...options);
  select.value = devices.some(({ deviceId }) => deviceId === before) ? before : '';
}

function kept() {
  try {
    return JSON.parse(localStorage.getItem(KEPT)) ?? {};
  } catch {
    return {};
  }
}

function fromQuery(params) {
  const valid = {
    source: /^(camera|screen|file|clock)$/,
    size: /^[1-9]\d{1,3}x[1-9]\d{1,3}$/,
    fps: /^[1-9]\d?$/,
    bitrate: /^[1-9]\d{3,8}$/,
    sound: /^[01]$/,
  };
  return Object.fromEntries(Object.keys(valid)
    .map((name) => [name, params.get(name)])
    .filter(([name, value]) => value && valid[name].test(value)));
}

function fragmentToken() {
  const token = new URLSearchParams(location.hash.slice(1)).get('token');
  if (token !== null) history.replaceState(null, '', location.pathname + location.search);
  return token;
}

function store(storage, key, value) {
  try {
    storage.setItem(key, value);
  } catch { /* private windows may refuse: then nothing is kept */ }
}
