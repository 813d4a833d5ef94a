/** Numbers as people read them. */

const NONE = '–';
const GLUE = '\u00a0'; // a line may break before the number, not after it

export function secondsText(value, digits = 2) {
  return Number.isFinite(value) ? `${value.toFixed(digits)} s` : NONE;
}

export function bitrateText(bitsPerSecond) {
  if (!Number.isFinite(bitsPerSecond)) return NONE;
  return bitsPerSecond >= 1e6 ? `${(bitsPerSecond / 1e6).toFixed(1)} Mbit/s` : `${Math.round(bitsPerSecond / 1e3)} kbit/s`;
}

export function sizeText(width, height) {
  return width && height ? `${width} × ${height}` : NONE;
}

export function fpsText(fps) {
  return Number.isFinite(fps) ? `${Math.round(fps)}${GLUE}fps` : NONE;
}

/** 75 -> "1:15", 3675 -> "1:01:15". */
export function clockText(wholeSeconds) {
  const s = Math.max(0, Math.floor(wholeSeconds));
  const two = (n) => String(n).padStart(2, '0');
  const hours = Math.floor(s / 3600);
  const minutes = Math.floor(s / 60) % 60;
  return hours ? `${hours}:${two(minutes)}:${two(s % 60)}` : `${minutes}:${two(s % 60)}`;
}

/** Joins what is known with a middle dot. */
export function joined(...parts) {
  return parts.filter((part) => part && part !== NONE).join(' · ') || NONE;
}
