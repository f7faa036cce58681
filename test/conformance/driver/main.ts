import { spawnSync } from 'node:child_process';
import { Adapter, type AdapterHello } from './adapter.js';
import type { ClientPlan } from './clients.js';
import { type Options, readOptions, usage } from './options.js';
import { type Outcome, play } from './play.js';
import { documentedScenario, playDocumented } from './play-documented.js';
import { loadScenarios, type Scenario, type TransportName } from './scenario.js';
import { type Column, tableOf } from './table.js';

// This file lies in dist/conformance, the repository's root is two above.
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
  else return await judge(options, scenarios);
  return 0;
}

async function judge(options: Options, scenarios: readonly Scenario[]): Promise<number> {
  const columns: Column[] = [];
  const absent: string[] = [];
  let broken = 0;
  for (const client of options.clients) {
    const missing = client.needs.filter((program) => !isThere(program));
    if (missing.length > 0) {
      absent.push(`${client.name} (needs ${missing.join(', ')})`);
      continue;
    }
    try {
      columns.push(...(await judgeClient(client, await getReady(client), options, scenarios)));
    } catch (error) {
      process.stdout.write(`✗ ${client.name}: its adapter does not start: ${error}\n`);
      broken += 1;
    }
  }
  process.stdout.write(
    `\n${tableOf(
      scenarios.map(({ name }) => name),
      columns,
    )}\n\n`,
  );
  if (absent.length > 0) process.stdout.write(`NOT RUN, for want of a toolchain: ${absent.join(', ')}\n`);
  const outcomes = columns.flatMap((column) => [...column.outcomes.values()]);
  const passed = outcomes.filter(({ result }) => result === 'passed').length;
  const isRequired = process.env.CI === 'true';
  const failed =
    outcomes.filter(({ result }) => result === 'failed').length + broken + (isRequired ? absent.length : 0);
  process.stdout.write(`${passed} passed, ${failed} failed\n`);
  return failed === 0 && passed > 0 ? 0 : 1;
}

/** Both transports at once, a few scenarios at a time, the long ones first. */
async function judgeClient(
  client: ClientPlan,
  hello: AdapterHello,
  options: Options,
  scenarios: readonly Scenario[],
): Promise<Column[]> {
  const begun = performance.now();
  const transports = client.transports.filter(
    (transport) => options.transports.includes(transport) && hello.transports.includes(transport),
  );
  const columns = transports.map((transport) => ({
    title: `${client.name}/${transport}`,
    outcomes: new Map<string, Outcome>(),
  }));
  const played = scenarios.filter(({ name }) => name !== documentedScenario.name);
  const plan = played.flatMap((scenario) =>
    transports
      .filter((transport) => scenario.transports?.includes(transport) !== false && isFor(scenario, hello))
      .map((transport) => ({ scenario, transport })),
  );
  plan.sort((a, b) => (b.scenario.within_ms ?? 0) - (a.scenario.within_ms ?? 0));
  const lane = async () => {
    for (let next = plan.shift(); next !== undefined; next = plan.shift()) await playOne(next.scenario, next.transport);
  };
  const playOne = async (scenario: Scenario, transport: TransportName) => {
    const outcome = await play(scenario, { main, command: client.command, cwd: root.pathname, transport });
    note(
      columns.find(({ title }) => title === `${client.name}/${transport}`),
      scenario.name,
      outcome,
    );
  };
  await Promise.all(Array.from({ length: options.lanes }, lane));
  if (scenarios.some(({ name }) => name === documentedScenario.name)) {
    const outcome = await playDocumented(client.name, root.pathname, main);
    if (outcome !== null) note(columns[0], documentedScenario.name, outcome);
  }
  process.stdout.write(`${client.name}: ${((performance.now() - begun) / 1000).toFixed(0)} s\n`);
  return columns;
}

function note(column: Column | undefined, name: string, outcome: Outcome): void {
  if (column === undefined) return;
  column.outcomes.set(name, outcome);
  const seconds = (outcome.ms / 1000).toFixed(1);
  if (outcome.result === 'failed') {
    process.stdout.write(`✗ ${column.title} ${name} (${seconds} s): ${outcome.report}`);
  } else if (process.env.CONFORMANCE_VERBOSE !== undefined) {
    process.stdout.write(`✓ ${column.title} ${name} (${seconds} s)\n`);
  }
}

/** Starts the adapter once, which builds it if need be. Throws when it does not say hello. */
async function getReady({ command }: ClientPlan): Promise<AdapterHello> {
  const adapter = new Adapter(command, root.pathname, 'http://127.0.0.1:1', 15 * 60_000);
  try {
    return await adapter.hello();
  } catch (error) {
    throw new Error(`${error instanceof Error ? error.message : error}\n${adapter.stderr}`);
  } finally {
    await adapter.kill();
  }
}

/** Whether the client says that it has what the scenario needs. */
function isFor(scenario: Scenario, { executors, has }: AdapterHello): boolean {
  if (!executors.includes(scenario.executor)) return false;
  return has === undefined || (scenario.needs ?? []).every((need) => has.includes(need));
}

function isThere(program: string): boolean {
  return spawnSync('/bin/sh', ['-c', `command -v ${program}`], { stdio: 'ignore' }).status === 0;
}
