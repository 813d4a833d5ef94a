/** One plot of the last hour, or of less after a start: a line for what was measured, nothing where nothing was. */

const WIDTH = 360;
const HEIGHT = 100;
const SPANS = [[300, '5 min ago'], [900, '15 min ago'], [1800, '30 min ago'], [3600, 'an hour ago']];

/** How far back the left edge is, in seconds and in words: what is known fills the plot. */
export function spanOf(points, until) {
  const known = points.length ? until - points[0][0] : 0;
  return SPANS.find(([span]) => span >= known) ?? SPANS.at(-1);
}

/** Pieces of path data: gaps in the values part the line. `until` is the right edge, Unix seconds, `span` back from it the left. */
export function pieces(points, until, top, span) {
  const found = [];
  let piece = [];
  for (const [unix, value] of points) {
    if (value === null || value === undefined || unix < until - span) {
      if (piece.length) found.push(piece);
      piece = [];
    } else {
      const x = WIDTH * (1 - (until - unix) / span);
      piece.push(`${x.toFixed(1)},${(HEIGHT * (1 - value / top)).toFixed(1)}`);
    }
  }
  if (piece.length) found.push(piece);
  return found;
}

/** The next 1, 2 or 5 with zeros at or above the largest value. */
export function roundTop(largest) {
  if (!(largest > 0)) return 1;
  const power = 10 ** Math.floor(Math.log10(largest));
  return [1, 2, 5, 10].map((step) => step * power).find((top) => top >= largest);
}

function element(name, attributes) {
  const made = document.createElementNS('http://www.w3.org/2000/svg', name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}

/** A card: title, newest value, line. `show` writes a value for people. */
export function plot(title, points, show) {
  const card = document.createElement('section');
  card.className = 'plot';
  const known = points.filter(([, value]) => value !== null && value !== undefined);
  const until = points.length ? points.at(-1)[0] : Date.now() / 1000;
  const largest = Math.max(0, ...known.map(([, value]) => value));
  const top = roundTop(largest);
  const [span, began] = spanOf(points, until);
  const newest = points.length ? points.at(-1)[1] : null;
  const heading = document.createElement('h2');
  heading.textContent = title;
  const now = document.createElement('p');
  now.className = 'now';
  now.textContent = newest === null || newest === undefined ? '–' : show(newest);
  const label = `${title}: ${now.textContent}, at most ${show(largest)} since ${began}`;
  const drawing = element('svg', { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: 'none', role: 'img', 'aria-label': label });
  for (const y of [0, HEIGHT / 2, HEIGHT]) drawing.append(element('line', { class: 'grid', x1: 0, x2: WIDTH, y1: y, y2: y }));
  for (const piece of pieces(points, until, top, span)) {
    const [first, last] = [piece[0].split(',')[0], piece.at(-1).split(',')[0]];
    drawing.append(element('path', { class: 'area', d: `M${first},${HEIGHT} L${piece.join(' L')} L${last},${HEIGHT} Z` }));
    const line = piece.length > 1 ? `M${piece.join(' L')}` : `M${piece[0]} h1`;
    drawing.append(element('path', { class: 'line', d: line }));
  }
  const ends = document.createElement('p');
  ends.className = 'ends quiet small';
  for (const text of [began, largest > 0 ? `top ${show(top).replace(/\.0+ /, ' ')}` : '', 'now']) {
    const word = document.createElement('span');
    word.textContent = text;
    ends.append(word);
  }
  card.append(heading, now, drawing, ends);
  return card;
}
