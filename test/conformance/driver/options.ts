import { parseArgs } from 'node:util';
import { type ClientPlan, clients } from './clients.js';
import type { Limits } from './room.js';
import type { TransportName } from './scenario.js';

export interface Options {
  readonly clients: readonly ClientPlan[];
  readonly transports: readonly TransportName[];
  /** Only scenarios whose names contain one of these texts; all if empty. */
  readonly scenarios: readonly string[];
  /** The number of scenarios played concurrently. */
  readonly lanes: Limits;
  /**
   * How many servers run behind one address: with more than one they share a PostgreSQL database, behind a round-robin
   * proxy.
   */
  readonly servers: number;
  /** Seeds everything random in the scenarios. */
  readonly seed: number;
  readonly list: boolean;
  readonly help: boolean;
}

export const usage = `npm run conformance -- [options]: holds worker libraries to what a worker promises

  --client <name>        only this client (${clients.map(({ name }) => name).join(', ')}); may be given again
  --command <command>    a worker of your own: the shell command that starts its adapter (test/conformance/ADAPTER.md)
  --transport <name>     only stream, or only http
  --scenario <text>      only scenarios with this in their names; may be given again
  --lanes <n>            how many scenarios are played at once (6, and up to 12 while the processors have time; 4 and 8 with --servers)
  --servers <n>          so many servers on one PostgreSQL, behind a proxy that takes turns (1, on SQLite)
  --seed <n>             makes what is random in scenarios (1)
  --list                 say what the scenarios are
`;

/** Parses the command line. Throws an error that names the invalid argument. */
export function readOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      client: { type: 'string', multiple: true, default: [] },
      command: { type: 'string' },
      transport: { type: 'string' },
      scenario: { type: 'string', multiple: true, default: [] },
      lanes: { type: 'string' },
      servers: { type: 'string', default: '1' },
      seed: { type: 'string', default: '1' },
      list: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  const servers = countOf('servers', values.servers);
  return {
    clients: values.command === undefined ? known(values.client) : [own(values.command, values.client[0])],
    transports: transportsOf(values.transport),
    scenarios: values.scenario,
    lanes: lanesOf(values.lanes, servers),
    servers,
    seed: countOf('seed', values.seed),
    list: values.list,
    help: values.help,
  };
}

function countOf(option: string, text: string): number {
  const count = Number(text);
  if (!Number.isInteger(count) || count < 1) throw new Error(`--${option}: ${text} is not a number from 1`);
  return count;
}

/** Each lane has its own servers, and PostgreSQL's number of sessions is limited. */
function lanesOf(text: string | undefined, servers: number): Limits {
  if (text === undefined) return servers === 1 ? { least: 6, most: 12 } : { least: 4, most: 8 };
  const lanes = countOf('lanes', text);
  return { least: lanes, most: lanes };
}

function known(names: readonly string[]): readonly ClientPlan[] {
  if (names.length === 0) return clients;
  return names
    .flatMap((name) => name.split(','))
    .map((name) => {
      const found = clients.find((client) => client.name === name);
      if (found === undefined) throw new Error(`--client: there is no client ${name}`);
      return found;
    });
}

function own(command: string, name = 'yours'): ClientPlan {
  return { name, command, needs: [], transports: ['stream', 'http'] };
}

function transportsOf(text: string | undefined): readonly TransportName[] {
  if (text === undefined) return ['stream', 'http'];
  if (text === 'stream' || text === 'http') return [text];
  throw new Error(`--transport: must be stream or http, not ${text}`);
}
