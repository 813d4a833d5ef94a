/**
 * Keeps EXT-X-PROGRAM-DATE-TIME away from hls.js, and knows it instead.
 *
 * Where a publisher was away and came back, our timeline goes on without a hole while the date jumps. hls.js 1.7.4
 * aligns playlists by date as if it ran straight on (as long as the first segment starts at zero, so in a stream's first
 * minute): it would then look for media in the wrong place and stand still for as long as the publisher was away.
 * Without dates it counts segments, which is right.
 */

export class PlaylistDates {
  constructor() {
    this.dates = new Map(); // media sequence number -> Unix milliseconds of its first picture
  }

  /** Takes the dates out of a playlist: gives the same text without them. */
  take(text) {
    let number = numberIn(text, /^#EXT-X-MEDIA-SEQUENCE:(\d+)/m) ?? 0;
    for (const known of this.dates.keys()) if (known < number) this.dates.delete(known);
    number += numberIn(text, /^#EXT-X-SKIP:.*SKIPPED-SEGMENTS=(\d+)/m) ?? 0;
    const kept = text.split('\n').filter((line) => {
      if (line.startsWith('#EXT-X-PROGRAM-DATE-TIME:')) {
        this.dates.set(number, Date.parse(line.slice(line.indexOf(':') + 1)));
        return false;
      }
      if (line.trim() && !line.startsWith('#')) number += 1;
      return true;
    });
    return kept.join('\n');
  }

  /** Unix milliseconds at `seconds` into the segment `number`, or null where no date was told. */
  at(number, seconds) {
    const start = this.dates.get(number);
    return Number.isFinite(start) ? start + 1000 * seconds : null;
  }

  /** A loader class for the option `pLoader` of hls.js, on top of `Loader`. */
  loader(Loader) {
    const dates = this;
    return class extends Loader {
      load(context, config, callbacks) {
        const onSuccess = (response, ...more) => {
          if (typeof response.data === 'string') response.data = dates.take(response.data);
          callbacks.onSuccess(response, ...more);
        };
        super.load(context, config, { ...callbacks, onSuccess });
      }
    };
  }
}

function numberIn(text, pattern) {
  const found = text.match(pattern);
  return found ? Number(found[1]) : null;
}
