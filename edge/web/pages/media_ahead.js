/**
 * Asks for all the media of the first picture at once, where the server is far away.
 *
 * hls.js loads one part after the other, and has to begin with the key frame of a segment that may be seconds old: on
 * a line with 60 ms of round trip eight parts take half a second. What is asked for here at the same time is in
 * the browser's cache when hls.js wants it: parts never change. Near the server it would only cost the processor time.
 */

const FAR_MS = 20;

/** The parts of hls.js's `details` from the key frame before the place where playback starts, to the end. */
export function firstParts({ partList, edge, partHoldBack }) {
  const parts = partList ?? [];
  const playing = parts.findLast((part) => part.fragment.start <= edge - partHoldBack) ?? parts[0];
  return playing ? parts.filter((part) => part.fragment.sn >= playing.fragment.sn && !part.gap) : [];
}

/** Has the browser fetch them. One that fails is none of our business: hls.js asks again. */
export async function fetchAhead(details) {
  if (!isFar(performance.getEntriesByType('resource'))) return;
  await Promise.allSettled(firstParts(details).map(async (part) => (await fetch(part.url)).arrayBuffer()));
}

/** By the quickest answer to this page so far: a single one may have waited for a busy processor, and not for the line. */
export function isFar(timings) {
  const asked = timings.filter(({ requestStart, responseStart }) => requestStart > 0 && responseStart > requestStart);
  return asked.length > 0 && Math.min(...asked.map((one) => one.responseStart - one.requestStart)) >= FAR_MS;
}
