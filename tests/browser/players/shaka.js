/** Shaka Player in its low-latency mode, otherwise as it comes. */

import { address, told, video } from './measured.js';

const { shaka } = window;
const describe = ({ code, severity, data }) => `${severity}.${code} ${JSON.stringify(data)?.slice(0, 300)}`;

shaka.polyfill.installAll();
const player = new shaka.Player();
player.addEventListener('error', ({ detail }) => told.errors.push(describe(detail)));
await player.attach(video);
player.configure({ streaming: { lowLatencyMode: true } });
try {
  await player.load(address);
} catch (error) {
  told.errors.push(error.code ? describe(error) : String(error));
}
