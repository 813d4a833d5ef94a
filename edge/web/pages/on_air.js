/** Whether a live address has something to play: `on air`, `off air`, `refused` to this viewer, or `silent` where the
 *  server does not answer. */

export const REFUSALS = [401, 403];

export async function isOnAir(address) {
  try {
    const multivariant = await text(address);
    if (multivariant === undefined) return 'refused';
    if (multivariant === null) return 'off air';
    const first = multivariant.split('\n').map((line) => line.trim()).find((line) => line && !line.startsWith('#'));
    if (multivariant.includes('#EXTINF')) return multivariant.includes('#EXT-X-ENDLIST') ? 'off air' : 'on air';
    if (!first) return 'off air';
    const media = await text(new URL(first, new URL(address, document.baseURI)));
    return !media || media.includes('#EXT-X-ENDLIST') ? 'off air' : 'on air';
  } catch {
    return 'silent';
  }
}

async function text(address) {
  const answer = await fetch(address, { cache: 'no-store' });
  if (REFUSALS.includes(answer.status)) return undefined;
  return answer.ok ? answer.text() : null;
}
