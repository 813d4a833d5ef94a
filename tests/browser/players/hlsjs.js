/** hls.js as it comes: no option is set but where its own account of what it does is kept. */

import { address, told, video } from './measured.js';

const LINES_KEPT = 2000;

const { Hls } = window;
const keep = (...words) => {
  told.log.push(`${Math.round(performance.now())} ${words.join(' ')}`);
  told.log.splice(0, told.log.length - LINES_KEPT);
};
const hls = new Hls({ debug: { trace: () => {}, debug: keep, log: keep, info: keep, warn: keep, error: keep } });
hls.on(Hls.Events.ERROR, (_, { fatal, details, response, error }) => {
  (fatal ? told.errors : told.warnings).push([details, response?.code, error?.message].filter(Boolean).join(' '));
});
told.distance = () => hls.latency;
hls.loadSource(address);
hls.attachMedia(video);
