/** A moving test picture: the clock strip on top, the time in figures, and a ball that shows every lost frame. */

import { STRIP, draw } from './clock.js';

const COLOURS = ['#1d2b64', '#23408e', '#2f6fb5', '#37a2b8', '#3fb68b', '#8ac24a', '#e6c229', '#e8843c'];
const TURN_MS = 2000;

let ground = null; // what does not move is painted once

/** Paints the whole canvas of `context` for a moment in Unix milliseconds. */
export function drawPattern(context, unixMs) {
  const { width, height } = context.canvas;
  if (ground?.width !== width || ground?.height !== height) ground = makeGround(width, height);
  context.drawImage(ground, 0, 0);
  drawBall(context, width, height, (unixMs % TURN_MS) / TURN_MS);
  drawTime(context, width, height, new Date(unixMs));
  draw(context, unixMs);
}

function makeGround(width, height) {
  const canvas = Object.assign(document.createElement('canvas'), { width, height });
  const context = canvas.getContext('2d', { alpha: false, willReadFrequently: true });
  COLOURS.forEach((colour, i) => {
    context.fillStyle = colour;
    context.fillRect((i * width) / COLOURS.length, 0, width / COLOURS.length + 1, height);
  });
  context.fillStyle = 'rgb(10 12 20 / 72%)';
  context.fillRect(0, height * STRIP, width, height * (1 - STRIP));
  return canvas;
}

function drawBall(context, width, height, turn) {
  const angle = 2 * Math.PI * turn;
  const reach = 0.3 * Math.min(width, height);
  const [x, y] = [width / 2 + 1.5 * reach * Math.cos(angle), height * 0.54 + reach * Math.sin(angle)];
  context.fillStyle = '#ff6169';
  context.beginPath();
  context.arc(x, y, height / 20, 0, 2 * Math.PI);
  context.fill();
}

function drawTime(context, width, height, date) {
  const size = Math.min(height / 6, width / 8);
  context.fillStyle = '#fff';
  context.textAlign = 'center';
  context.textBaseline = 'middle';
  context.font = `700 ${size}px ui-monospace, Menlo, Consolas, "DejaVu Sans Mono", monospace`;
  context.fillText(date.toISOString().slice(11, 23), width / 2, height * 0.54);
  context.font = `500 ${size / 3}px system-ui, sans-serif`;
  context.fillStyle = 'rgb(255 255 255 / 75%)';
  context.fillText(`UTC · ${width} × ${height}`, width / 2, height * 0.54 + size);
}
