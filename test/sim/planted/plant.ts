import { readFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { runSeed } from '../run-seed.js';
import type { PlantedBug } from './planted-bug.js';

/** The folder with the compiled sources and the compiled simulation. */
const compiled = join(import.meta.dirname, '../../..');
const compiledUrl = `${pathToFileURL(compiled).href}/`;

/** What marks the address of a module that is loaded once more, for a bug. */
const mark = '?planted=';

/** How often the text that a bug replaces stands in its file: exactly once, or the table is out of date. */
export function timesFound({ file, find }: PlantedBug): number {
  return readFileSync(join(compiled, 'src', file), 'utf8').split(find).length - 1;
}

/**
 * Makes one build serve every bug: what a marked module imports is marked too, and the file of the bug is changed while
 * it is loaded. So a bug has its own instance of every module, and nothing of it is on the disk.
 */
export function plantOnLoad(bugs: readonly PlantedBug[]): void {
  registerHooks({
    resolve(specifier, context, next) {
      const found = next(specifier, context);
      const [, number] = context.parentURL?.split(mark) ?? [];
      if (number === undefined || !found.url.startsWith(compiledUrl)) return found;
      return { ...found, url: `${found.url}${mark}${number}` };
    },
    load(url, context, next) {
      const loaded = next(url, context);
      const [address, number] = url.split(mark);
      const bug = bugs[Number(number)];
      if (bug === undefined || address !== `${compiledUrl}src/${bug.file}`) return loaded;
      return { ...loaded, source: String(loaded.source).replace(bug.find, () => bug.replace) };
    },
  });
}

/** What became of a planted bug. */
export interface Hunt {
  /** The first of the seeds that noticed it; null when none did. */
  readonly seed: number | null;
  /** How many events had happened in that world. */
  readonly events: number;
  /** The promise that was broken, and what broke it. */
  readonly violation: string;
}

/** Runs seeds on a planted bug until one notices. */
export async function hunt(bugs: readonly PlantedBug[], bug: PlantedBug, seeds: Iterable<number>): Promise<Hunt> {
  const entry = `${compiledUrl}test/sim/run-seed.js${mark}${bugs.indexOf(bug)}`;
  const planted = (await import(entry)) as { runSeed: typeof runSeed };
  for (const seed of seeds) {
    const { violations, events } = await planted.runSeed({ seed, length: 1, tell: null });
    if (violations[0] !== undefined) return { seed, events, violation: violations[0] };
  }
  return { seed: null, events: 0, violation: '' };
}
