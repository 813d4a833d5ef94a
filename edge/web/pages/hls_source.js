/** hls.js in low-latency mode, as a source of the Player: it loads and buffers, the Player steers and decides. */

import { fetchAhead, firstParts } from './media_ahead.js';
import { REFUSALS } from './on_air.js';
import { PlayerReports } from './player_reports.js';
import { PlaylistDates } from './playlist_dates.js';
import Hls from './vendor/hls.light.min.mjs';

const NO_SUCH_STREAM = [404, 410];
const TRY_AGAIN_MS = 500;
const MEND_ONCE_IN_MS = 5000;

const patient = { maxTimeToFirstByteMs: 30_000, maxLoadTimeMs: 60_000 };
const again = { maxNumRetry: 1_000_000, retryDelayMs: TRY_AGAIN_MS, maxRetryDelayMs: 2000, backoff: 'linear' };

const CONFIG = {
  lowLatencyMode: true,
  enableWorker: false, // fMP4 passes through untouched: a worker would only add hops
  liveDurationInfinity: true,
  backBufferLength: 30,
  testBandwidth: false,
  startFragPrefetch: true, // the first media need not wait for the decoder
  maxLiveSyncPlaybackRate: 1, // the Player steers
  liveSyncOnStallIncrease: 0,
  manifestLoadPolicy: { default: { ...patient, timeoutRetry: again, errorRetry: null } },
  playlistLoadPolicy: { default: { ...patient, timeoutRetry: again, errorRetry: again } },
};

/** Opens `address`, or returns null where the browser cannot run it. */
export function openHls(video, address, player) {
  return Hls.isSupported() ? new HlsSource(video, address, player) : null;
}

class HlsSource {
  constructor(video, address, player) {
    this.player = player;
    this.mended = -Infinity;
    this.rates = [];
    this.dates = new PlaylistDates();
    this.reporter = new PlayerReports(video, () => this.bitrate);
    const xhrSetup = (xhr, url) => this.reporter.addTo(xhr, url);
    this.hls = new Hls({ ...structuredClone(CONFIG), xhrSetup, pLoader: this.dates.loader(Hls.DefaultConfig.loader) });
    this.video = video;
    this.hls.on(Hls.Events.LEVEL_UPDATED, (_, { details }) => this.onDetails(details));
    this.hls.once(Hls.Events.LEVEL_LOADED, (_, { details }) => this.beginWith(details));
    this.hls.on(Hls.Events.LEVEL_LOADED, (_, { details }) => this.allowFor(details));
    this.hls.on(Hls.Events.FRAG_LOADED, (_, data) => this.onMedia(data));
    this.hls.on(Hls.Events.ERROR, (_, data) => this.onError(data));
    this.hls.loadSource(address);
    this.hls.attachMedia(video);
  }

  close() {
    clearTimeout(this.retry);
    this.reporter.close();
    this.hls.destroy();
  }

  /** The wall-clock time of the picture shown (EXT-X-PROGRAM-DATE-TIME), Unix milliseconds or null. */
  get playingDate() {
    const { currentTime } = this.video;
    const details = this.hls.latestLevelDetails;
    const segments = details ? [...details.fragments, details.fragmentHint] : [];
    const playing = segments.findLast((segment) => segment && segment.start <= currentTime);
    return playing ? this.dates.at(playing.sn, currentTime - playing.start) : null;
  }

  /** Bits a second of the media loaded in the last seconds, or null. */
  get bitrate() {
    const [bytes, time] = this.rates.reduce(([b, t], rate) => [b + rate.bytes, t + rate.seconds], [0, 0]);
    return time > 0 ? (8 * bytes) / time : null;
  }

  get codecs() {
    const level = this.hls.levels?.[Math.max(0, this.hls.currentLevel)];
    return [level?.videoCodec, level?.audioCodec].filter(Boolean).join(', ');
  }

  onDetails(details) {
    this.player.onPlaylist({
      edge: details.edge,
      live: details.live,
      partTarget: details.partTarget || details.targetduration,
      holdBack: details.partHoldBack || details.holdBack || 3 * details.targetduration,
    });
  }

  /** The key frame is shown as soon as it is there, without decoding all that follows it up to the place where
   *  playback starts; the Player jumps there as soon as it is loaded. */
  beginWith(details) {
    const [first] = firstParts(details);
    const toKeyFrame = () => { this.video.currentTime = first.start; };
    if (first) this.video.addEventListener('loadedmetadata', toKeyFrame, { once: true });
    fetchAhead(details);
  }

  /** A blocked request may be held for three target durations (draft-pantos-hls-rfc8216bis, 6.2.5.2). */
  allowFor(details) {
    this.hls.config.playlistLoadPolicy.default.maxTimeToFirstByteMs = 1000 * (3 * details.targetduration + 3);
    // A playlist that did not grow is an answer too.
    this.player.silentSince = null;
  }

  onMedia({ frag, part, payload }) {
    if (frag.sn === 'initSegment' || !payload) return;
    this.rates.push({ bytes: payload.byteLength, seconds: (part ?? frag).duration });
    if (this.rates.length > 16) this.rates.shift();
  }

  onError({ type, details, fatal, response, reason, error }) {
    const what = [details, response?.code, reason ?? error?.message].filter(Boolean).join(' ');
    this.player.onWarning(what);
    const status = response?.code;
    if (details === 'bufferStalledError') this.player.steering.stalled();
    if (type === Hls.ErrorTypes.NETWORK_ERROR && !status && !details.endsWith('TimeOut')) this.player.onSilence();
    if (REFUSALS.includes(status)) this.player.onRefused(); // hls.js would ask for ever
    else if (fatal) this.onFatal(type, details, status, what);
  }

  onFatal(type, details, status, what) {
    if (details === 'manifestIncompatibleCodecsError') this.player.fail('This browser cannot decode the stream.');
    else if (NO_SUCH_STREAM.includes(status)) this.player.onMissing();
    else if (details.startsWith('manifest')) this.player.onMissing();
    else if (type === Hls.ErrorTypes.NETWORK_ERROR && !details.endsWith('ParsingError')) this.tryAgain();
    else if (type === Hls.ErrorTypes.MEDIA_ERROR && performance.now() - this.mended > MEND_ONCE_IN_MS) this.mend();
    else this.player.onBroken(what);
  }

  tryAgain() {
    clearTimeout(this.retry);
    this.retry = setTimeout(() => this.hls.startLoad(), TRY_AGAIN_MS);
  }

  mend() {
    this.mended = performance.now();
    this.hls.recoverMediaError();
  }
}
