import { examine } from '../../../src/store/doctor/examine.js';
import type { Simulation } from '../simulation.js';

/** What the doctor says of the committed data. Between two events nobody writes, unless a transaction is slow. */
export async function checkHealth({ world, database }: Simulation): Promise<void> {
  if (database.isBusy) return;
  world.count('examined by the doctor');
  for (const { promise, violations } of await examine(database.connection)) {
    for (const violation of violations) world.violated(promise, violation);
  }
}
