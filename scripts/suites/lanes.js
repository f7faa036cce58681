// Runs suites concurrently: most of them wait longer than they compute, so another one uses the processor in that time.

/**
 * Runs suites, as many at once as there are lanes. The first eligible one starts: a suite with `after` waits for the
 * end of those of them that are selected, and of the suites with the same `group` only one runs at a time.
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
