import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { runSeed } from '../run-seed.js';
import type { PlantedBug } from './table.js';

/** The folder with the compiled sources and simulation, and one beside it, in which packages are found as well. */
const compiled = join(import.meta.dirname, '../../..');
const copies = join(compiled, '../../.sim-planted');

/** How often the text that a bug replaces stands in its file: exactly once, or the table is out of date. */
export function timesFound({ file, find }: PlantedBug): number {
  return readFileSync(join(compiled, 'src', file), 'utf8').split(find).length - 1;
}

/** What became of a planted bug. */
export interface Hunt {
  readonly name: string;
  /** The first seed that noticed it; null when none did. */
  readonly seed: number | null;
  readonly violation: string;
}

/** Plants a bug in a copy of everything, and runs seeds on it until one notices. */
export async function hunt(bug: PlantedBug, seedsMax: number): Promise<Hunt> {
  const copy = join(copies, `${process.pid}-${bug.name.replaceAll(/[^a-z]+/g, '-')}`);
  try {
    mkdirSync(copy, { recursive: true });
    for (const part of ['src', 'test']) cpSync(join(compiled, part), join(copy, part), { recursive: true });
    const file = join(copy, 'src', bug.file);
    writeFileSync(
      file,
      readFileSync(file, 'utf8').replace(bug.find, () => bug.replace),
    );
    const entry = pathToFileURL(join(copy, 'test/sim/run-seed.js')).href;
    const planted = (await import(entry)) as { runSeed: typeof runSeed };
    for (let seed = 1; seed <= seedsMax; seed++) {
      const { violations } = await planted.runSeed({ seed, length: 1, tell: null });
      if (violations.length > 0) return { name: bug.name, seed, violation: violations[0] ?? '' };
    }
    return { name: bug.name, seed: null, violation: '' };
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}
