import { jobIdOf } from '../store/job-id.js';
import { deleteJobsOfRange, deleteRunBeingMade } from '../store/statements/runs.js';
import type { Store } from '../store/store.js';

/** Deletes a large run whose making was cut short, which nobody was told of; one that is whole by now is left alone. */
export async function forgetRunBeingMade(store: Store, no: number): Promise<void> {
  await store.transact(async (connection) => {
    const [gone] = await deleteRunBeingMade.run(connection, { no });
    if (gone === undefined) return;
    await deleteJobsOfRange.run(connection, { fromId: jobIdOf(no, 0), toId: jobIdOf(no + 1, 0) });
  });
}
