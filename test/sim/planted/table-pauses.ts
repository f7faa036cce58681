import type { PlantedBug } from './planted-bug.js';

/** Bugs of pauses of workflows, runs and labels. */
export const plantedInPauses: readonly PlantedBug[] = [
  {
    name: 'pause: the held jobs of a run are forgotten when it is resumed',
    file: 'engine/pauses/pause-keeper.js',
    find: 'await this.releaseEnded();',
    replace: ';',
  },
  {
    name: 'pause: the claimable jobs of a run stay claimable',
    file: 'engine/pauses/pause-keeper.js',
    find: 'if (!before.has(run))',
    replace: 'if (false)',
  },
  {
    name: 'pause: a job that becomes claimable is not held',
    file: 'engine/gates/hold-paused.js',
    find: 'if (runs.size === 0)',
    replace: 'if (true)',
  },
  {
    name: 'pause: a held job keeps its places',
    file: 'engine/gates/hold-paused.js',
    find: 'gates.left(places);',
    replace: ';',
  },
  {
    name: 'pause: a paused label is not looked at',
    file: 'engine/memory/pauses.js',
    find: 'if (changed)',
    replace: 'if (false)',
  },
  {
    name: 'pause: a new run of a paused workflow begins',
    file: 'engine/memory/pauses.js',
    find: 'return this.#workflows.has(workflow);',
    replace: 'return false;',
  },
];
