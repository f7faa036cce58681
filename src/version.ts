import { readFileSync } from 'node:fs';
import { packageRoot } from './package-root.js';

/** The version of this program, from its package. */
export const version = readVersion();

function readVersion(): string {
  const found: unknown = JSON.parse(readFileSync(new URL('package.json', packageRoot), 'utf8'));
  return typeof found === 'object' && found !== null && 'version' in found ? String(found.version) : 'unknown';
}
