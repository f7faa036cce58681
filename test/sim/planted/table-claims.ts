import type { PlantedBug } from './planted-bug.js';

/** Bugs of claims: which worker gets which job, and who waits. */
export const plantedInClaims: readonly PlantedBug[] = [
  {
    name: 'a parked claim is not woken',
    file: 'engine/claims/serve-parked.js',
    find: 'if (parking.size === 0 || (batch.wakeups.claimable.size === 0 && batch.wakeups.heardClaimable.size === 0))',
    replace: 'if (batch.wakeups.heardClaimable.size === 0)',
  },
  {
    name: 'a claim that was served stays parked',
    file: 'engine/claims/serve-parked.js',
    find: 'parking.leave(claim);\n            claim.deliver',
    replace: 'claim.deliver',
  },
  {
    name: 'a repeated claim gets other jobs',
    file: 'engine/claims/repeated-claims.js',
    find: '(row) => row.expires_at_ms > batch.nowMs',
    replace: '() => false',
  },
  {
    name: 'a claim that is repeated while the first is parked gets a lease of its own',
    file: 'engine/claims/serve-parked.js',
    find: 'claim.requestId === null ? claim :',
    replace: 'true ? claim :',
  },
  {
    name: 'labels are not compared',
    file: 'engine/memory/label-sets.js',
    find: 'if (labelsMatch(required, offered))',
    replace: 'if (required.length > 1 || labelsMatch(required, offered))',
  },
  {
    name: 'a worker that takes only labelled jobs gets every job',
    file: 'domain/labels.js',
    find: 'return onlyLabelled && required.every(isFeature);',
    replace: 'return false;',
  },
  {
    name: 'the youngest goes first',
    file: 'store/statements/claims.js',
    find: ".orderBy('j.enqueued_at_ms')",
    replace: ".orderBy('j.enqueued_at_ms', 'desc')",
  },
  {
    name: 'priority is not looked at between label sets',
    file: 'store/statements/claims.js',
    find: ".orderBy('j.priority', 'desc')\n    ",
    replace: '',
  },
  {
    name: 'a repeated claim is told to any caller',
    file: 'engine/claims/repeated-claims.js',
    find: 'claim.requestId === null || claim.credential !== row.credential',
    replace: 'claim.requestId === null',
  },
];
