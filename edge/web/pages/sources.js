/**
 * Where pictures come from: camera, screen, a file, or a clock drawn here. Each opens to a `Source`: a MediaStream,
 * `onEnded` when it stops by itself, and `close()`.
 */

import { drawPattern } from './test_pattern.js';

class Source {
  constructor(stream, close = () => {}) {
    this.stream = stream;
    this.onEnded = () => {};
    this.release = close;
    for (const track of stream.getTracks()) track.addEventListener('ended', () => this.onEnded(track.kind));
  }

  close() {
    this.onEnded = () => {};
    for (const track of this.stream.getTracks()) track.stop();
    this.release();
  }
}

/** Opens what is chosen. Throws a DOMException of the browser, or an Error whose `kind` is in faults.js. */
export function openSource(choice) {
  return { camera: openCamera, screen: openScreen, file: openFile, clock: openClock }[choice.source](choice);
}

/** Whether the browser hands out cameras here at all (a secure context: https or localhost). */
export function devicesAllowed() {
  return Boolean(navigator.mediaDevices?.getUserMedia);
}

/** Cameras and microphones as `{video: [...], audio: [...]}` of MediaDeviceInfo; names only once allowed. */
export async function listDevices() {
  const all = devicesAllowed() ? await navigator.mediaDevices.enumerateDevices() : [];
  const of = (kind) => all.filter((device) => device.kind === kind && device.deviceId);
  return { video: of('videoinput'), audio: of('audioinput') };
}

async function openCamera({ width, height, fps, cameraId, microphoneId, microphone }) {
  if (!devicesAllowed()) throw fault('no-secure-context');
  const stream = await navigator.mediaDevices.getUserMedia({
    video: {
      width: { ideal: width },
      height: { ideal: height },
      frameRate: { ideal: fps, max: fps },
      ...(cameraId ? { deviceId: { exact: cameraId } } : { facingMode: 'user' }),
    },
    audio: microphone && audioFrom(microphoneId),
  });
  hint(stream, 'motion');
  return new Source(stream);
}

/** The screen with its own sound where the browser gives it, else with the microphone. */
async function openScreen({ width, height, fps, microphone, microphoneId }) {
  if (!navigator.mediaDevices?.getDisplayMedia) throw fault('no-secure-context');
  const stream = await navigator.mediaDevices.getDisplayMedia({
    video: { width: { max: width }, height: { max: height }, frameRate: { ideal: fps, max: fps } },
    audio: true,
  });
  hint(stream, 'detail');
  if (!stream.getAudioTracks().length && microphone) {
    const voice = await navigator.mediaDevices.getUserMedia({ audio: audioFrom(microphoneId) }).catch(() => null);
    voice?.getAudioTracks().forEach((track) => stream.addTrack(track));
  }
  return new Source(stream);
}

/** A file that this browser can play, over and over. */
async function openFile({ file }) {
  if (!file) throw fault('no-file');
  const player = document.createElement('video');
  const capture = player.captureStream ?? player.mozCaptureStream;
  if (!capture) throw fault('no-capture');
  Object.assign(player, { src: URL.createObjectURL(file), loop: true, playsInline: true, volume: 1 });
  const close = () => {
    player.pause();
    URL.revokeObjectURL(player.src);
  };
  try {
    await player.play();
  } catch (error) {
    close();
    throw error.name === 'NotAllowedError' ? error : fault('bad-file');
  }
  return new Source(silentHere(capture.call(player), player), close);
}

/** A moving picture with a clock that machines read (clock.js), and a tone: no device is needed. */
async function openClock({ width, height, fps, microphone }) {
  const canvas = Object.assign(document.createElement('canvas'), { width, height });
  const context = canvas.getContext('2d', { alpha: false, willReadFrequently: true });
  const stream = canvas.captureStream(0);
  const [picture] = stream.getVideoTracks();
  const paint = () => {
    drawPattern(context, performance.timeOrigin + performance.now());
    picture.requestFrame?.();
  };
  const timer = setInterval(paint, 1000 / fps);
  paint();
  hint(stream, 'motion');
  const sound = microphone ? tone() : null;
  sound?.stream.getAudioTracks().forEach((track) => stream.addTrack(track));
  return new Source(stream, () => {
    clearInterval(timer);
    sound?.close();
  });
}

/** A quiet tone that beeps once a second, so that ears notice a gap. */
function tone() {
  const context = new AudioContext();
  const oscillator = new OscillatorNode(context, { frequency: 440 });
  const pulse = new OscillatorNode(context, { frequency: 1, type: 'square' });
  const gain = new GainNode(context, { gain: 0.1 });
  const out = context.createMediaStreamDestination();
  pulse.connect(new GainNode(context, { gain: 0.08 })).connect(gain.gain);
  oscillator.connect(gain).connect(out);
  oscillator.start();
  pulse.start();
  context.resume().catch(() => {});
  return { stream: out.stream, close: () => context.close() };
}

/** Lets the file's sound go to the viewers, and not out of the loudspeaker here. */
function silentHere(stream, player) {
  try {
    const context = new AudioContext();
    const out = context.createMediaStreamDestination();
    context.createMediaElementSource(player).connect(out);
    const mixed = new MediaStream(stream.getVideoTracks());
    out.stream.getAudioTracks().forEach((track) => mixed.addTrack(track));
    return mixed;
  } catch {
    return stream;
  }
}

function audioFrom(deviceId) {
  return deviceId ? { deviceId: { exact: deviceId } } : true;
}

function hint(stream, contentHint) {
  for (const track of stream.getVideoTracks()) track.contentHint = contentHint;
}

function fault(kind) {
  return Object.assign(new Error(kind), { kind });
}
