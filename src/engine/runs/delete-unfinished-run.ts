import { jobIdOf } from '../../store/job-id.js';
import { deleteJobsOfRange, deleteRunBeingMade } from '../../store/statements/large-runs.js';
import type { Store } from '../../store/store.js';

/** Deletes a large run whose creation was interrupted and never acknowledged; leaves a run that is complete by now. */
export async function deleteUnfinishedRun(store: Store, no: number): Promise<void> {
  await store.transact(async (connection) => {
    const [gone] = await deleteRunBeingMade.run(connection, { no });
    if (gone === undefined) return;
    await deleteJobsOfRange.run(connection, { fromId: jobIdOf(no, 0), toId: jobIdOf(no + 1, 0) });
  });
}
