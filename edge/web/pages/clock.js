/**
 * A clock that machines read out of a picture: wall-clock milliseconds drawn as a row of black and white cells.
 *
 * Layout, for a frame of width W and height H (all publishers draw it the same way):
 *
 *   - The strip is the top 1/18 of the frame: x from 0 to W, y from 0 to H/18.
 *   - It has 48 cells of equal width W/48; cell i covers x from i*W/48 to (i+1)*W/48. White is 1, black is 0.
 *   - Cells 0, 1, 2 are white, black, white (sync).
 *   - Cells 3 to 44 are 42 data bits, most significant first: Unix time in milliseconds. Data bit d is cell 3+d.
 *   - Cell 45 makes the number of ones among the data bits with even d (0, 2, ... 40) and itself even.
 *   - Cell 46 does the same for odd d (1, 3, ... 41).
 *   - Cell 47 is black.
 *
 * A reader samples each cell's centre at half the strip's height: luma of 128 or more is 1. Wrong sync, wrong parity or
 * a white last cell means that there is no clock in this picture.
 */

export const CELLS = 48;
export const DATA_BITS = 42;
export const STRIP = 1 / 18;

const SYNC = [1, 0, 1];
const FIRST_DATA = SYNC.length;
const THRESHOLD = 128;
const SAMPLES_PER_CELL = 5;

/** The 48 cells for a time in whole milliseconds (0 <= unixMs < 2**42). */
export function encode(unixMs) {
  const bits = Array.from({ length: DATA_BITS }, (_, d) => Math.floor(unixMs / 2 ** (DATA_BITS - 1 - d)) % 2);
  return [...SYNC, ...bits, parity(bits, 0), parity(bits, 1), 0];
}

/** The time in milliseconds, or null where the cells are no clock. */
export function decode(cells) {
  const bits = cells.slice(FIRST_DATA, FIRST_DATA + DATA_BITS);
  const whole = [...SYNC, ...bits, parity(bits, 0), parity(bits, 1), 0];
  if (cells.length !== CELLS || whole.some((bit, i) => bit !== cells[i])) return null;
  return bits.reduce((value, bit) => value * 2 + bit, 0);
}

/** Draws the strip on a 2D context whose canvas is the whole frame. */
export function draw(context, unixMs) {
  const { width, height } = context.canvas;
  context.fillStyle = '#000';
  context.fillRect(0, 0, width, Math.ceil(height * STRIP));
  context.fillStyle = '#fff';
  encode(Math.floor(unixMs)).forEach((bit, i) => {
    const left = Math.round((i * width) / CELLS);
    const right = Math.round(((i + 1) * width) / CELLS);
    if (bit) context.fillRect(left, 0, right - left, Math.ceil(height * STRIP));
  });
}

/** Reads the clock out of pictures. One canvas is kept, so that reading 60 pictures a second makes no garbage. */
export class ClockReader {
  constructor() {
    this.canvas = document.createElement('canvas');
    this.canvas.width = CELLS * SAMPLES_PER_CELL;
    this.canvas.height = 1;
    this.context = this.canvas.getContext('2d', { willReadFrequently: true });
  }

  /** Milliseconds of Unix time in `picture` (a video, canvas or image bitmap) of the given size, or null. */
  read(picture, width, height) {
    if (!width || !height) return null;
    const { width: columns } = this.canvas;
    const middle = (height * STRIP) / 2;
    this.context.drawImage(picture, 0, middle - 1, width, 2, 0, 0, columns, 1);
    const { data } = this.context.getImageData(0, 0, columns, 1);
    const centre = (SAMPLES_PER_CELL - 1) / 2;
    return decode(Array.from({ length: CELLS }, (_, i) => bitAt(data, 4 * (i * SAMPLES_PER_CELL + centre))));
  }
}

function parity(bits, remainder) {
  return bits.reduce((sum, bit, d) => (d % 2 === remainder ? sum ^ bit : sum), 0);
}

function bitAt(rgba, at) {
  const luma = 0.299 * rgba[at] + 0.587 * rgba[at + 1] + 0.114 * rgba[at + 2];
  return luma >= THRESHOLD ? 1 : 0;
}
