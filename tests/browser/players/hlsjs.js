/** hls.js as it comes: no option is set. */

import { address, told, video } from './measured.js';

const { Hls } = window;
const hls = new Hls();
hls.on(Hls.Events.ERROR, (_, { fatal, details, response, error }) => {
  (fatal ? told.errors : told.warnings).push([details, response?.code, error?.message].filter(Boolean).join(' '));
});
told.distance = () => hls.latency;
hls.loadSource(address);
hls.attachMedia(video);
