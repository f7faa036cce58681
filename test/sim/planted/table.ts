import type { PlantedBug } from './planted-bug.js';
import { plantedInClaims } from './table-claims.js';
import { plantedInGroups } from './table-groups.js';
import { plantedInLeases } from './table-leases.js';
import { plantedInLogs } from './table-logs.js';
import { plantedInMatrices } from './table-matrices.js';
import { plantedInPauses } from './table-pauses.js';
import { plantedInRules } from './table-rules.js';
import { plantedInTimeouts } from './table-timeouts.js';

/**
 * Every bug that is planted, by what it breaks. Not here: that a foreign token, or one that is limited to some labels, takes over a
 * worker's id. The callers of the simulation are no tokens of its database, so their ids have no owners that the server could
 * ask for; `test/engine/worker-owner.test.ts` notices.
 */
export const plantedBugs: readonly PlantedBug[] = [
  ...plantedInLeases,
  ...plantedInRules,
  ...plantedInClaims,
  ...plantedInLogs,
  ...plantedInGroups,
  ...plantedInMatrices,
  ...plantedInTimeouts,
  ...plantedInPauses,
];
