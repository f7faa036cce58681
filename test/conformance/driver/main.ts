import { judge } from './judge.js';
import { type Options, readOptions, usage } from './options.js';
import { documentedScenario } from './play-documented.js';
import { loadScenarios } from './scenario.js';

// This file is in dist/conformance, two levels below the repository's root.
const root = new URL('../../', import.meta.url);
const main = process.env.WORKFLOW_GRAPH_UNDER_TEST ?? new URL('dist/src/main.js', root).pathname;

for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => process.exit(130));
process.exitCode = await run();

async function run(): Promise<number> {
  let options: Options;
  try {
    options = readOptions(process.argv.slice(2));
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : error}\n\n${usage}`);
    return 2;
  }
  const all = [...loadScenarios(new URL('test/conformance/scenarios/', root)), documentedScenario];
  const scenarios = all.filter(
    ({ name }) => options.scenarios.length === 0 || options.scenarios.some((text) => name.includes(text)),
  );
  if (options.help) process.stdout.write(usage);
  else if (options.list) for (const { name, promise } of scenarios) process.stdout.write(`${name}: ${promise}\n`);
  else
    return await judge(scenarios, { ...options, root: root.pathname, main, isAllRequired: process.env.CI === 'true' });
  return 0;
}
