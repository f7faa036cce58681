import { readFileSync } from 'node:fs';

/** The version of this program, from its package. */
export const version = readVersion();

function readVersion(): string {
  // From src/ when run by tests, from dist/src/ when compiled.
  for (const up of ['../package.json', '../../package.json']) {
    try {
      const found: unknown = JSON.parse(readFileSync(new URL(up, import.meta.url), 'utf8'));
      if (typeof found === 'object' && found !== null && 'version' in found) return String(found.version);
    } catch {
      // The other place has it.
    }
  }
  return 'unknown';
}
