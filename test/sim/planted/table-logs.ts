import type { PlantedBug } from './planted-bug.js';

/** Bugs of logs and watches. */
export const plantedInLogs: readonly PlantedBug[] = [
  {
    name: 'output lines are lost with the chunks that a log drops',
    file: 'engine/leases/trim-log.js',
    find: 'outputs: outputs.lines,',
    replace: 'outputs: null,',
  },
  {
    name: 'a log that is too long drops its end',
    file: 'engine/leases/trim-log.js',
    find: 'const going = candidates.slice(0, chunksToDrop(candidates, leftBytes));',
    replace: 'const going = page.slice(-chunksToDrop(candidates, leftBytes));',
  },
  {
    name: 'a chunk that a log has dropped is stored when it comes again',
    file: 'engine/leases/push-logs.js',
    find: 'isBeyondGap(gap, chunk)',
    replace: 'isBeyondGap(null, chunk)',
  },
  {
    name: 'chunks of another job are stored',
    file: 'engine/leases/push-logs.js',
    find: 'if (at === -1)',
    replace: 'if (at >= -1)',
  },
  {
    name: 'a chunk that printed an output is not scanned',
    file: 'engine/leases/push-logs.js',
    find: 'if (text.includes(marker))\n        return true;',
    replace: '',
  },
  {
    name: 'a watch passes over an event when it resumes',
    file: 'engine/views/watch-runs.js',
    find: 'let after = query.afterEvent ?? 0;',
    replace: 'let after = (query.afterEvent ?? 0) + ((query.afterEvent ?? 0) % 5 === 4 ? 1 : 0);',
  },
];
