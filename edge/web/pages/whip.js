/**
 * A WHIP client (RFC 9725): one publication, from POST to DELETE. It does not retry: see publisher.js.
 *
 * Candidates are not trickled: every server candidate is in the answer, and the server learns ours from our
 * own connectivity checks. So one POST is all the signalling there is, and the first one can go out at once.
 */

const POST_TIMEOUT_MS = 10_000;
const CONNECT_TIMEOUT_MS = 12_000;
const LOST_AFTER_MS = 3000; // ICE "disconnected" often mends itself, but not after this

/** Something went wrong, in one word for the page (`kind`), with what the server said about it. */
export class WhipError extends Error {
  constructor(kind, detail = '', { status = 0, retryAfter = null } = {}) {
    super(detail || kind);
    this.kind = kind;
    this.status = status;
    this.retryAfter = retryAfter;
  }
}

export class WhipClient {
  /** `onLost(WhipError)` is called once, when an established connection is gone. */
  constructor({ endpoint, token = '', onLost = () => {} }) {
    this.endpoint = endpoint;
    this.token = token;
    this.onLost = onLost;
    this.resource = null;
    this.pc = null;
    this.done = false;
  }

  /** Publishes the tracks of `stream`; resolves when media flows, else throws WhipError. `video` goes to the encoder. */
  async publish(stream, video) {
    this.pc = new RTCPeerConnection({ bundlePolicy: 'max-bundle' });
    for (const track of stream.getTracks()) this.addTrack(track, stream, video);
    const offer = await this.pc.createOffer();
    const answer = await this.post(offer.sdp);
    if (this.done) throw new WhipError('stopped');
    // The servers must be known before setLocalDescription starts to gather.
    const iceServers = iceServersIn(answer.headers.get('Link'));
    if (iceServers.length) this.pc.setConfiguration({ bundlePolicy: 'max-bundle', iceServers });
    try {
      await this.pc.setLocalDescription(offer);
      await this.pc.setRemoteDescription({ type: 'answer', sdp: await answer.text() });
    } catch (error) {
      throw new WhipError('bad-answer', error.message);
    }
    await this.connected();
    this.watch();
  }

  /** Ends the publication. `leaving`: the page is being closed, so the request must outlive it. */
  async stop({ leaving = false } = {}) {
    this.done = true;
    this.pc?.close();
    if (!this.resource) return;
    const resource = this.resource;
    this.resource = null;
    await fetch(resource, { method: 'DELETE', headers: this.authorization(), keepalive: leaving }).catch(() => {});
  }

  addTrack(track, stream, { maxBitrate, maxFramerate }) {
    const init = { direction: 'sendonly', streams: [stream] };
    if (track.kind === 'video') init.sendEncodings = [{ maxBitrate, maxFramerate, scaleResolutionDownBy: 1 }];
    const transceiver = this.pc.addTransceiver(track, init);
    if (track.kind === 'video') {
      transceiver.setCodecPreferences(h264());
      keepResolution(transceiver.sender);
    }
  }

  async post(sdp) {
    let answer;
    try {
      answer = await fetch(this.endpoint, {
        method: 'POST',
        headers: { 'Content-Type': 'application/sdp', ...this.authorization() },
        body: sdp,
        signal: AbortSignal.timeout(POST_TIMEOUT_MS),
      });
    } catch (error) {
      throw new WhipError('unreachable', error.message);
    }
    if (answer.status !== 201) throw await refusal(answer);
    const location = answer.headers.get('Location');
    if (location) this.resource = new URL(location, answer.url).href;
    return answer;
  }

  authorization() {
    return this.token ? { Authorization: `Bearer ${this.token}` } : {};
  }

  connected() {
    return new Promise((resolve, reject) => {
      const late = setTimeout(() => reject(new WhipError('ice', 'no connection in time')), CONNECT_TIMEOUT_MS);
      const look = () => {
        const { connectionState } = this.pc;
        if (connectionState === 'connected') resolve();
        else if (connectionState === 'failed') reject(new WhipError('ice', 'no way to the media port'));
        else if (connectionState === 'closed') reject(new WhipError('stopped'));
        else return;
        clearTimeout(late);
      };
      this.pc.addEventListener('connectionstatechange', look);
      look();
    });
  }

  /** From now on: tells once when the connection is lost. */
  watch() {
    let timer = null;
    const lost = (detail) => {
      clearTimeout(timer);
      if (this.done) return;
      this.done = true;
      this.onLost(new WhipError('lost', detail));
    };
    const look = () => {
      const { connectionState, iceConnectionState } = this.pc;
      clearTimeout(timer);
      if (['failed', 'closed'].includes(connectionState)) lost(connectionState);
      else if (iceConnectionState === 'disconnected') timer = setTimeout(() => lost('disconnected'), LOST_AFTER_MS);
    };
    this.pc.addEventListener('connectionstatechange', look);
    this.pc.addEventListener('iceconnectionstatechange', look);
    look();
  }
}

/** Whether this browser can send what players can play. */
export function canSendH264() {
  return h264().some(({ mimeType }) => mimeType === 'video/H264');
}

/** H.264 first by packetization mode 1, and only with what repairs it: anything else could not be put into HLS. */
function h264() {
  const codecs = RTCRtpSender.getCapabilities('video')?.codecs ?? [];
  const mode = ({ sdpFmtpLine = '' }) => (sdpFmtpLine.includes('packetization-mode=1') ? 0 : 1);
  const wanted = codecs.filter(({ mimeType }) => mimeType === 'video/H264').sort((a, b) => mode(a) - mode(b));
  const repair = codecs.filter(({ mimeType }) => mimeType === 'video/rtx');
  return [...wanted, ...repair];
}

/** A picture that changes its size costs every viewer a new init segment: drop frames rather than pixels. */
function keepResolution(sender) {
  const parameters = sender.getParameters();
  parameters.degradationPreference = 'maintain-resolution';
  sender.setParameters(parameters).catch(() => {}); // some browsers do not know it: they then choose themselves
}

/** What an answer other than 201 means. The body may be a problem document (RFC 9457). */
async function refusal(answer) {
  const kinds = { 401: 'unauthorised', 403: 'forbidden', 404: 'bad-name', 409: 'taken', 422: 'codec', 503: 'overloaded' };
  const kind = kinds[answer.status] ?? (answer.status >= 500 ? 'server-fault' : 'refused');
  const problem = await answer.json().catch(() => ({}));
  const seconds = Number.parseInt(answer.headers.get('Retry-After') ?? '', 10);
  return new WhipError(kind, problem.detail ?? problem.title ?? '', {
    status: answer.status,
    retryAfter: Number.isFinite(seconds) ? seconds : null,
  });
}

/** RTCIceServer entries of a Link field (RFC 9725, 4.6). */
export function iceServersIn(link) {
  const servers = [];
  for (const [, url, attributes] of (link ?? '').matchAll(/<([^>]+)>((?:\s*;\s*[\w-]+="?[^",;]*"?)*)/g)) {
    const value = (name) => attributes.match(new RegExp(`${name}="?([^",;]*)`))?.[1];
    if (value('rel') !== 'ice-server') continue;
    const [username, credential] = [value('username'), value('credential')];
    servers.push(username ? { urls: url, username, credential } : { urls: url });
  }
  return servers;
}
