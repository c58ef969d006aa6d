/** The wall clock of this process is off by the milliseconds in the file that FOG_NEMESIS_CLOCK names. */
import { readFileSync } from 'node:fs';

const file = process.env['FOG_NEMESIS_CLOCK'] ?? '';
const trueNow = Date.now.bind(Date);
const LOOK_MS = 100;
let offsetMs = 0;

function look(): void {
  try {
    offsetMs = Number(readFileSync(file, 'utf8'));
  } catch {
    // No file, no jump.
  }
}

look();
setInterval(look, LOOK_MS).unref();
Date.now = () => trueNow() + offsetMs;
