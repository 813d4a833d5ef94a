/** What goes out, digested from RTCPeerConnection.getStats() once a second. */

export class SenderStats {
  constructor() {
    this.previous = null;
    this.pc = null;
  }

  /**
   * `{bitrate, fps, width, height, roundTripMs, lostPercent, limitedBy, codec}`; unknown ones are null. `bitrate` is
   * bits a second of audio and video since the last call.
   */
  async read(pc) {
    if (!pc) return null;
    if (pc !== this.pc) [this.pc, this.previous] = [pc, null];
    const all = [...(await pc.getStats()).values()];
    const outbound = all.filter(({ type }) => type === 'outbound-rtp');
    const video = outbound.find(({ kind }) => kind === 'video');
    return {
      bitrate: this.bitrate(outbound),
      fps: video?.framesPerSecond ?? null,
      width: video?.frameWidth ?? null,
      height: video?.frameHeight ?? null,
      roundTripMs: roundTrip(all),
      lostPercent: lost(all),
      limitedBy: video?.qualityLimitationReason ?? null,
      codec: all.find(({ id }) => id === video?.codecId)?.mimeType ?? null,
    };
  }

  bitrate(outbound) {
    if (!outbound.length) return null;
    const bytes = outbound.reduce((sum, { bytesSent }) => sum + (bytesSent ?? 0), 0);
    const now = { bytes, at: outbound[0].timestamp };
    const before = this.previous;
    this.previous = now;
    return before && now.at > before.at ? (8000 * (now.bytes - before.bytes)) / (now.at - before.at) : null;
  }
}

/** The receiver's reports know it; before the first one, the connectivity checks do. */
function roundTrip(all) {
  const remote = all.filter(({ type, roundTripTime }) => type === 'remote-inbound-rtp' && roundTripTime > 0);
  const pair = all.find(({ type, nominated, state }) => type === 'candidate-pair' && nominated && state === 'succeeded');
  const seconds = remote[0]?.roundTripTime ?? pair?.currentRoundTripTime;
  return seconds === undefined ? null : 1000 * seconds;
}

function lost(all) {
  const remote = all.filter(({ type, fractionLost }) => type === 'remote-inbound-rtp' && fractionLost !== undefined);
  return remote.length ? 100 * Math.max(...remote.map(({ fractionLost }) => fractionLost)) : null;
}
