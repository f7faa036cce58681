// Shared by the programs in this folder: a load that keeps a given number of jobs in progress, for a warm-up and a
// measured time, and then until all added jobs are done; finally one line of JSON.

/** The settings from the benchmark's command line. */
export function settings() {
  const [url, mode, measuredMs, warmUpMs] = process.argv.slice(2);
  return { url, isBatched: mode === 'batches', measuredMs: Number(measuredMs), warmUpMs: Number(warmUpMs) };
}

/**
 * @param add adds some jobs and returns how many
 * @param producers the number of concurrent calls of `add`
 * @param underWayMax the maximum number of jobs that are added and not done
 */
export function closedLoop({ measuredMs, warmUpMs }, { add, producers, underWayMax }) {
  const startsAt = performance.now() + warmUpMs;
  const endsAt = startsAt + measuredMs;
  const count = { added: 0, done: 0, lives: 0 };
  let room = Promise.withResolvers();

  async function produce() {
    while (performance.now() < endsAt) {
      if (count.added - count.done >= underWayMax) {
        await room.promise;
        continue;
      }
      const added = await add();
      count.added += added;
    }
  }

  return {
    isOver: () => performance.now() >= endsAt && count.done >= count.added,
    /** Jobs are done. */
    done(jobs) {
      const now = performance.now();
      count.done += jobs;
      if (now >= startsAt && now < endsAt) count.lives += jobs;
      if (count.added - count.done >= underWayMax) return;
      room.resolve();
      room = Promise.withResolvers();
    },
    /** Resolves when every added job is done. */
    async run() {
      await Promise.all(Array.from({ length: producers }, produce));
      while (count.done < count.added) await new Promise((resolve) => setTimeout(resolve, 10));
      process.stdout.write(`${JSON.stringify({ perSec: count.lives / (measuredMs / 1000), ...count })}\n`);
    },
  };
}

/** The jobs added by one call if the library accepts many: as many as a run of the workflow in the comparison. */
export const jobsPerCall = 10;
