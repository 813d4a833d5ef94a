/** Shaka Player in its low-latency mode, otherwise as it comes. */

import { address, told, video } from './measured.js';

const { shaka } = window;
const { CRITICAL } = shaka.util.Error.Severity;
const describe = ({ code, message, data }) => `${code ?? ''} ${message ?? ''} ${JSON.stringify(data)?.slice(0, 300) ?? ''}`;

shaka.polyfill.installAll();
const player = new shaka.Player();
player.addEventListener('error', ({ detail }) => {
  (detail.severity === CRITICAL ? told.errors : told.warnings).push(describe(detail));
});
await player.attach(video);
player.configure({ streaming: { lowLatencyMode: true } });
try {
  await player.load(address);
} catch (error) {
  told.errors.push(error.code ? describe(error) : String(error));
}
