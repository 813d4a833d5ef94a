/** What the viewer feels, told to the server with each request (CMCD, CTA-5004) in header fields: addresses stay as
 *  they are, so caches do too. */
export class PlayerReports {
  constructor(video, bitrate) {
    this.video = video;
    this.bitrate = bitrate;
    this.began = performance.now();
    this.start = null;
    this.starved = false;
    this.onPlaying = () => { this.start ??= this.hasToldStart ? null : performance.now() - this.began; };
    this.onWaiting = () => { if (video.currentTime > 0 && !video.seeking) this.starved = true; };
    video.addEventListener('playing', this.onPlaying);
    video.addEventListener('waiting', this.onWaiting);
  }

  close() {
    this.video.removeEventListener('playing', this.onPlaying);
    this.video.removeEventListener('waiting', this.onWaiting);
  }

  /** Media ahead of what is played, milliseconds in steps of 100. */
  get buffer() {
    const { buffered, currentTime } = this.video;
    for (let i = 0; i < buffered.length; i += 1) {
      if (buffered.start(i) <= currentTime + 0.1 && buffered.end(i) >= currentTime) return 100 * Math.round(10 * (buffered.end(i) - currentTime));
    }
    return 0;
  }

  addTo(xhr, url) {
    if (new URL(url, location.href).origin !== location.origin) return; // elsewhere the fields would cost a preflight
    if (!xhr.readyState) xhr.open('GET', url, true);
    const bitrate = this.bitrate();
    if (bitrate) xhr.setRequestHeader('CMCD-Object', `br=${Math.round(bitrate / 1000)}`);
    xhr.setRequestHeader('CMCD-Request', `bl=${this.buffer}`);
    const status = [this.starved && 'bs', this.start !== null && `msd=${Math.round(this.start)}`].filter(Boolean);
    if (status.length) xhr.setRequestHeader('CMCD-Status', status.join(','));
    this.hasToldStart ||= this.start !== null;
    this.start = null;
    this.starved = false;
  }
}
