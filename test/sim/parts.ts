import type { Calls } from './calls.js';
import type { Network } from './network.js';
import type { Simulation } from './simulation.js';

/** What every client works with. */
export interface Parts {
  readonly simulation: Simulation;
  readonly network: Network;
  readonly calls: Calls;
}
