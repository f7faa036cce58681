import { type Candidate, candidateOf, isFor, missingFor } from './candidate.js';
import type { Options } from './options.js';
import { type Outcome, play } from './play.js';
import { documentedScenario, isDocumented, playDocumented } from './play-documented.js';
import { Room } from './room.js';
import type { Scenario } from './scenario.js';
import { ServerShelf } from './server-shelf.js';
import { SharedPostgres } from './shared-postgres.js';
import { type Column, tableOf } from './table.js';
import { timeFactor } from './time-factor.js';

export interface JudgeSettings extends Options {
  /** The repository's folder. */
  readonly root: string;
  /** The compiled program's `main.js`. */
  readonly main: string;
  /** A client whose toolchain is absent counts as failed. */
  readonly isAllRequired: boolean;
}

/** One cell of the table, not yet played. */
interface Play {
  readonly name: string;
  readonly column: Column;
  /** Scenarios that may take long come first. */
  readonly withinMs: number;
  readonly play: () => Promise<Outcome>;
}

/** Plays the scenarios with every client, prints the table, and returns the exit status. */
export async function judge(scenarios: readonly Scenario[], settings: JudgeSettings): Promise<number> {
  print(`seed ${settings.seed}, machine factor ${timeFactor}`);
  const { candidates, absent, broken } = await gather(settings);
  const postgres = settings.servers > 1 ? await SharedPostgres.start(settings.servers) : null;
  const servers = new ServerShelf({ main: settings.main, postgres });
  const begun = performance.now();
  const plays = candidates.flatMap((candidate) => playsOf(candidate, scenarios, servers, settings));
  await playAll(
    plays.toSorted((a, b) => b.withinMs - a.withinMs),
    new Room(settings.lanes),
  );
  await servers.clear();
  await postgres?.end();

  const columns = candidates.flatMap((candidate) => [...candidate.columns.values()]);
  const names = scenarios.map(({ name }) => name);
  const seconds = ((performance.now() - begun) / 1000).toFixed(0);
  print(`\n${tableOf(names, columns)}\n\nplayed in ${seconds} s`);
  if (absent.length > 0) print(`NOT RUN, toolchain missing: ${absent.join(', ')}`);
  const outcomes = columns.flatMap((column) => [...column.outcomes.values()]);
  const passed = outcomes.filter(({ result }) => result === 'passed').length;
  const failed = outcomes.length - passed + broken + (settings.isAllRequired ? absent.length : 0);
  print(`${passed} passed, ${failed} failed`);
  return failed === 0 && passed > 0 ? 0 : 1;
}

/** The clients that can run on this machine. An adapter that does not start is reported immediately. */
async function gather({ clients, transports, root }: JudgeSettings) {
  const candidates: Candidate[] = [];
  const absent: string[] = [];
  let broken = 0;
  for (const client of clients) {
    const missing = missingFor(client);
    if (missing.length > 0) {
      absent.push(`${client.name} (needs ${missing.join(', ')})`);
      continue;
    }
    try {
      candidates.push(await candidateOf(client, transports, root));
    } catch (error) {
      print(`✗ ${client.name}: its adapter does not start: ${error}`);
      broken += 1;
    }
  }
  return { candidates, absent, broken };
}

/** All scenarios of a client, on both transports. */
function playsOf(
  { client, hello, columns }: Candidate,
  scenarios: readonly Scenario[],
  servers: ServerShelf,
  { root, seed }: JudgeSettings,
): readonly Play[] {
  const plays: Play[] = [];
  const [first] = columns.values();
  for (const scenario of scenarios) {
    const { name, within_ms: withinMs = 0 } = scenario;
    if (scenario === documentedScenario) {
      if (first === undefined || !isDocumented(client.name)) continue;
      plays.push({ name, column: first, withinMs, play: () => playDocumented(client.name, root, servers) });
      continue;
    }
    for (const [transport, column] of columns) {
      if (scenario.transports?.includes(transport) === false || !isFor(scenario, hello)) continue;
      const settings = { servers, command: client.command, cwd: root, transport, seed };
      plays.push({ name, column, withinMs, play: () => play(scenario, settings) });
    }
  }
  return plays;
}

async function playAll(plays: readonly Play[], room: Room): Promise<void> {
  const played: Promise<void>[] = [];
  for (const play of plays) {
    await room.enter();
    const outcome = play.play().finally(() => room.leave());
    played.push(outcome.then((known) => note(play, known)));
  }
  await Promise.all(played);
}

function note({ name, column }: Play, outcome: Outcome): void {
  column.outcomes.set(name, outcome);
  const seconds = (outcome.ms / 1000).toFixed(1);
  if (outcome.result === 'failed') print(`✗ ${column.title} ${name} (${seconds} s): ${outcome.report.trimEnd()}`);
  else if (process.env.CONFORMANCE_VERBOSE !== undefined) print(`✓ ${column.title} ${name} (${seconds} s)`);
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
