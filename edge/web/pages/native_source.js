/** The browser's own HLS, where there are no Media Source Extensions (an iPhone before iOS 17.1). */

const MEDIA_TYPE = 'application/vnd.apple.mpegurl';
const HAVE_HOLD_BACK = 0; // the browser keeps its own distance from the edge

/** Opens `address`, or returns null where the browser does not play HLS. */
export function openNative(video, address, player) {
  return video.canPlayType(MEDIA_TYPE) ? new NativeSource(video, address, player) : null;
}

class NativeSource {
  constructor(video, address, player) {
    this.video = video;
    this.bitrate = null;
    this.codecs = '';
    const { signal } = (this.leaving = new AbortController());
    video.addEventListener('progress', () => this.onProgress(player), { signal });
    video.addEventListener('durationchange', () => this.onProgress(player), { signal });
    video.addEventListener('error', () => this.onError(player), { signal });
    video.src = address;
    video.play().catch(() => {});
  }

  close() {
    this.leaving.abort();
    this.video.removeAttribute('src');
    this.video.load();
  }

  /** Unix milliseconds of the picture shown, where the browser tells the date of its timeline (Safari). */
  get playingDate() {
    const start = this.video.getStartDate?.().getTime();
    return Number.isFinite(start) ? start + 1000 * this.video.currentTime : null;
  }

  onProgress(player) {
    const { seekable, buffered, duration } = this.video;
    const edge = Math.max(endOf(seekable), endOf(buffered)); // Chromium tells of live media only what it has
    if (!edge) return;
    player.onPlaylist({ edge, live: duration === Infinity, partTarget: 0, holdBack: HAVE_HOLD_BACK });
  }

  onError(player) {
    const { error } = this.video;
    if (error?.code === MediaError.MEDIA_ERR_SRC_NOT_SUPPORTED) player.onMissing();
    else player.onBroken(error?.message || 'the browser gave up playing');
  }
}

function endOf(ranges) {
  return ranges.length ? ranges.end(ranges.length - 1) : 0;
}
