/** The browser's own HLS. */

import { address, told, video } from './measured.js';

video.addEventListener('error', () => told.errors.push(`${video.error?.code} ${video.error?.message}`));
video.src = address;
