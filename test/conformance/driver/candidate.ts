import { spawnSync } from 'node:child_process';
import { Adapter, type AdapterHello } from './adapter.js';
import type { ClientPlan } from './clients.js';
import type { Scenario, TransportName } from './scenario.js';
import type { Column } from './table.js';

/** Enough time for a build from scratch. */
const buildMs = 5 * 60_000;

/** A client under test: the capabilities its adapter announced, and its columns of the table. */
export interface Candidate {
  readonly client: ClientPlan;
  readonly hello: AdapterHello;
  readonly columns: ReadonlyMap<TransportName, Column>;
}

/** The required programs that this machine lacks. */
export function missingFor(client: ClientPlan): readonly string[] {
  return client.needs.filter((program) => !isThere(program));
}

/** Starts the adapter once, which builds it if necessary. Throws if it does not say hello. */
export async function candidateOf(
  client: ClientPlan,
  wanted: readonly TransportName[],
  root: string,
): Promise<Candidate> {
  const adapter = new Adapter(client.command, root, 'http://127.0.0.1:1', buildMs);
  try {
    const hello = await adapter.hello();
    const transports = client.transports.filter((name) => wanted.includes(name) && hello.transports.includes(name));
    const columns = transports.map((name) => [name, { title: `${client.name}/${name}`, outcomes: new Map() }] as const);
    return { client, hello, columns: new Map(columns) };
  } catch (error) {
    throw new Error(`${error instanceof Error ? error.message : error}\n${adapter.stderr}`);
  } finally {
    await adapter.kill();
  }
}

/** Whether the client announces the capabilities that the scenario needs. */
export function isFor(scenario: Scenario, { executors, has }: AdapterHello): boolean {
  if (!executors.includes(scenario.executor)) return false;
  return has === undefined || (scenario.needs ?? []).every((need) => has.includes(need));
}

function isThere(program: string): boolean {
  return spawnSync('/bin/sh', ['-c', `command -v ${program}`], { stdio: 'ignore' }).status === 0;
}
