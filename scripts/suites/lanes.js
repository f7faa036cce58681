// Suites side by side: most of them wait for longer than they compute, so another one has the processor meanwhile.

/**
 * Runs suites, so many at once as there are lanes. The first that may begin does: one that names others in `after` begins
 * when those of them that are among these have ended, and of those with the same `group` one runs at a time.
 */
export async function inLanes(suites, lanes, runSuite) {
  const waiting = [...suites];
  const running = new Map();
  const isOpen = (name) => [...waiting, ...running.keys()].some((suite) => suite.name === name);
  const isTaken = (group) => group !== undefined && [...running.keys()].some((suite) => suite.group === group);
  while (waiting.length + running.size > 0) {
    const next = waiting.find(({ after = [], group }) => !after.some(isOpen) && !isTaken(group));
    if (next === undefined || running.size >= lanes) {
      await Promise.race(running.values());
      continue;
    }
    waiting.splice(waiting.indexOf(next), 1);
    running.set(
      next,
      runSuite(next).finally(() => running.delete(next)),
    );
  }
}
