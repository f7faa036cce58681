// What the programs beside this one share: a load that keeps about as many jobs under way as it is told, for a warm-up and
// a measured time, until all that was added is done; then one line of JSON.

/** The settings that the benchmark gives on the command line. */
export function settings() {
  const [url, mode, measuredMs, warmUpMs] = process.argv.slice(2);
  return { url, isBatched: mode === 'batches', measuredMs: Number(measuredMs), warmUpMs: Number(warmUpMs) };
}

/**
 * @param add adds some jobs and says how many
 * @param producers how many calls of `add` are under way at once
 * @param underWayMax how many jobs may be added and not done
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
    /** Fulfilled when everything that was added is done. */
    async run() {
      await Promise.all(Array.from({ length: producers }, produce));
      while (count.done < count.added) await new Promise((resolve) => setTimeout(resolve, 10));
      process.stdout.write(`${JSON.stringify({ perSec: count.lives / (measuredMs / 1000), ...count })}\n`);
    },
  };
}

/** The jobs that one call adds, where the library takes many: as many as a run of the workflow that it is compared with. */
export const jobsPerCall = 10;
