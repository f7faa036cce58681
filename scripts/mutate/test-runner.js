// A process that keeps vitest and its transformed modules, so that each further run costs only the tests. Its parent
// sends the changed files and the tests to run, and receives whether they passed.
import { createVitest } from 'vitest/node';

const vitest = await createVitest('test', {
  watch: false,
  project: ['unit'],
  reporters: [{}],
  coverage: { enabled: false },
});

process.on('message', async ({ changed, tests }) => {
  for (const file of changed) vitest.invalidateFile(file);
  const specifications = await vitest.globTestSpecifications(tests);
  // A run that ends at its first failure would leave vitest cancelled.
  const { testModules, unhandledErrors } = await vitest.runTestSpecifications(specifications);
  // The result also lists the modules of earlier runs.
  const wanted = new Set(specifications.map(({ moduleId }) => moduleId));
  const run = testModules.filter(({ moduleId }) => wanted.has(moduleId));
  const passed = run.length > 0 && run.every((module) => module.ok()) && unhandledErrors.length === 0;
  process.send({ passed });
});
process.send({ ready: true });
