/**
 * libdatachannel as OBS uses it: node obs_publisher.mjs URL VIDEO AUDIO
 *
 * An offer without candidates that says 42e01f whatever the encoder does, packets of 1200 octets, parameter sets as
 * NAL units of their own, retransmissions on the same SSRC, no ear for key frame requests, sender reports every
 * second; at the end DTLS is closed first, then the session is deleted. VIDEO and AUDIO are units with their lengths
 * before them (32 bits), 30 pictures and 50 packets a second.
 */

import { readFileSync } from 'node:fs';
import ndc from '../browser/node_modules/node-datachannel/dist/esm/lib/index.mjs';

const [url, video, audio] = process.argv.slice(2);
const PATIENCE_MS = 10_000;

function units(file) {
  const bytes = readFileSync(file);
  const found = [];
  for (let at = 0; at < bytes.length; ) {
    const end = at + 4 + bytes.readUInt32BE(at);
    found.push(bytes.subarray(at + 4, end));
    at = end;
  }
  return found;
}

/** A track that repeats what is asked for and reports its clock. */
function track(pc, media, config, packetizer) {
  const added = pc.addTrack(media);
  packetizer.addToChain(new ndc.RtcpSrReporter(config));
  packetizer.addToChain(new ndc.RtcpNackResponder(4000));
  added.setMediaHandler(packetizer);
  return added;
}

const pc = new ndc.PeerConnection('obs', { iceServers: [], mtu: 1200 });
const sound = new ndc.Audio('0', 'SendOnly');
sound.addOpusCodec(111, 'minptime=10;maxaveragebitrate=96000;stereo=1;sprop-stereo=1;useinbandfec=1');
sound.addSSRC(1111, 'obs', 'obs', 'obs-audio');
const pictures = new ndc.Video('1', 'SendOnly');
pictures.addH264Codec(96, 'profile-level-id=42e01f;packetization-mode=1;level-asymmetry-allowed=1');
pictures.addSSRC(2222, 'obs', 'obs', 'obs-video');
const soundClock = new ndc.RtpPacketizationConfig(1111, 'obs', 111, 48_000);
const pictureClock = new ndc.RtpPacketizationConfig(2222, 'obs', 96, 90_000);
const tracks = [
  track(pc, sound, soundClock, new ndc.RtpPacketizer(soundClock)),
  track(pc, pictures, pictureClock, new ndc.H264RtpPacketizer('StartSequence', pictureClock, 1160)),
];

const gathered = new Promise((resolve) => pc.onGatheringStateChange((state) => state === 'complete' && resolve()));
pc.setLocalDescription();
await gathered;
const offer = pc.localDescription().sdp.split('\r\n').filter((line) => !line.startsWith('a=candidate')).join('\r\n');
const answer = await fetch(url, { method: 'POST', headers: { 'Content-Type': 'application/sdp' }, body: offer });
if (answer.status !== 201) throw new Error(`${answer.status} ${await answer.text()}`);
pc.setRemoteDescription(await answer.text(), 'answer');
for (const began = Date.now(); !tracks.every((each) => each.isOpen()); ) {
  if (Date.now() - began > PATIENCE_MS) throw new Error('no media connection');
  await new Promise((resolve) => setTimeout(resolve, 5));
}

const due = [
  ...units(video).map((unit, n) => ({ at: n / 30, send: () => { pictureClock.timestamp = n * 3000; tracks[1].sendMessageBinary(unit); } })),
  ...units(audio).map((unit, n) => ({ at: n / 50 + 0.02, send: () => { soundClock.timestamp = n * 960 + 960; tracks[0].sendMessageBinary(unit); } })),
].sort((one, other) => one.at - other.at);
const began = Date.now();
for (const { at, send } of due) {
  const wait = began + 1000 * at - Date.now();
  if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
  send();
}

pc.close();
await new Promise((resolve) => setTimeout(resolve, 200));
const goodbye = await fetch(new URL(answer.headers.get('location'), url), { method: 'DELETE' });
ndc.cleanup();
process.exit(goodbye.status === 200 ? 0 : 1);
