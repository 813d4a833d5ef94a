/** What went wrong, in a sentence, and what to do about it, in another. */

const FAULTS = {
  // Of the browser and its devices (names of DOMException)
  NotAllowedError: ['The browser was not allowed to use it.', 'Allow camera and microphone for this page in the address bar, then press Start again.'],
  NotFoundError: ['No such device is connected.', 'Connect a camera or microphone, or choose Screen or File.'],
  NotReadableError: ['Another program holds the camera or microphone.', 'Close it there, then press Start again.'],
  OverconstrainedError: ['The device cannot do that.', 'Choose another resolution or device.'],
  AbortError: ['The device stopped while it was being opened.', 'Press Start again.'],
  'no-secure-context': ['The browser gives out camera, microphone and screen only over https or on localhost.', 'Open this page over https (put a TLS proxy in front), or on the server itself. A file can be published from here as it is.'],
  'no-h264': ['This browser cannot send H.264.', 'Use Chrome, Edge, Safari or Firefox with its OpenH264 plug-in switched on.'],
  'no-file': ['No file is chosen.', 'Choose a video file that this browser can play.'],
  'bad-file': ['This browser cannot play the file.', 'Choose an MP4 or WebM file.'],
  'no-capture': ['This browser cannot publish from a file.', 'Use Chrome, Edge or Firefox, or choose Camera.'],
  'track-ended': ['The source stopped.', 'The camera was unplugged or sharing was ended. Press Start to go on.'],

  // Of the server (kinds of WhipError)
  unauthorised: ['The server wants a token.', 'Ask its operator for a publish token, put it into Token and press Start.'],
  forbidden: ['The token is not valid for this stream.', 'Check the stream name and the token.'],
  'bad-name': ['The server knows no such stream address.', 'Names are 1 to 64 letters, digits, - and _.'],
  taken: ['Somebody is publishing under this name.', 'Stop the other publisher or choose another name. A publisher that vanished is let go after two seconds.'],
  codec: ['The server cannot use what this browser offers.', 'It needs H.264 video or Opus audio.'],
  refused: ['The server refused.', 'Its answer says why.'],
  'bad-answer': ['The server’s answer makes no sense to this browser.', 'Tell the operator.'],
  overloaded: ['The server is full.', 'Trying again when it said.'],
  'server-fault': ['The server made a mistake.', 'Trying again. Its log says more.'],
  unreachable: ['The server does not answer.', 'Check the network. Trying again by itself.'],
  ice: ['The server’s media port cannot be reached.', 'A firewall may block UDP, or the server may advertise the wrong address (webrtc.advertise). Trying again.'],
  lost: ['The connection was lost.', 'Viewers are kept meanwhile. Trying again.'],
};

/** `[what, mend]` for a WhipError, a DOMException or a word of the list above. */
export function explain(fault) {
  const key = typeof fault === 'string' ? fault : (fault.kind ?? fault.name);
  const [what, mend] = FAULTS[key] ?? ['Something unexpected happened.', String(fault?.message ?? fault)];
  const said = fault?.kind && fault.message !== fault.kind && fault.status ? ` (${fault.message})` : '';
  return [what, mend + said];
}
