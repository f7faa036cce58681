import { readdirSync, readFileSync } from 'node:fs';
import type { Network } from './proxy/fault-proxy.js';
import type { Fault } from './proxy/faults.js';
import type { Operation } from './proxy/operations.js';

export type TransportName = 'stream' | 'http';
type ExecutorName = 'function' | 'shell';

/** One promise of a worker, as what is done and what must be seen. README.md says what each field means. */
export interface Scenario {
  readonly name: string;
  readonly promise: string;
  readonly executor: ExecutorName;
  /** On both when absent. */
  readonly transports?: readonly TransportName[];
  /** What a plain worker need not have; such workers pass over it. */
  readonly needs?: readonly string[];
  readonly jobs: Readonly<Record<string, JobPlan>>;
  readonly tokens?: Readonly<Record<string, TokenPlan>>;
  /** The server speaks TLS, with a certificate that nobody trusts who is not told to. */
  readonly tls?: boolean;
  /** The worker ends up on this transport, when that is not the one that was asked for. */
  readonly falls_back?: boolean;
  readonly script: readonly Step[];
  /** What it may take on the reference machine after the server and the adapter have started; at least five minutes. */
  readonly within_ms?: number;
}

/** A job of the workflow: the fields of a definition, and for the function executor its steps. */
export interface JobPlan {
  readonly steps?: readonly Readonly<Record<string, unknown>>[];
  /** In it, `@folder@` is a folder that is there for as long as the scenario is played. */
  readonly run?: string;
  /** The command is this text, so often. */
  readonly run_repeated?: {
    readonly before?: string;
    readonly text: string;
    readonly times: number;
    readonly after?: string;
  };
  /** The command has so many bytes in base64 between these, other ones for each seed of the run. */
  readonly run_bytes?: { readonly before: string; readonly count: number; readonly after: string };
  /** So many jobs of this kind, named `<key>-0` and so on. */
  readonly copies?: number;
  readonly [field: string]: unknown;
}

interface TokenPlan {
  readonly scope: string;
  readonly expires?: string;
  readonly labels?: string;
}

export interface JobExpectation {
  readonly job: string;
  readonly run?: string;
  readonly status?: string;
  readonly attempt?: number;
  readonly outputs?: Readonly<Record<string, string>>;
  /** An output that begins so; for those too long to write down. */
  readonly output_bytes?: Readonly<Record<string, number>>;
  readonly error?: string;
  readonly error_has?: string;
  readonly worker?: string;
}

export interface LogExpectation {
  readonly job: string;
  readonly run?: string;
  readonly text?: string;
  readonly has?: string;
  readonly lacks?: string;
  readonly stream?: 'stdout' | 'stderr';
  readonly attempt?: number;
  /** What `log_lines` of the adapter writes. */
  readonly lines?: { readonly count: number; readonly bytes: number };
  readonly base64?: string;
}

/** How the attempts of a job ended: all of them, or the first and the last. */
interface AttemptsExpectation {
  readonly job: string;
  readonly outcomes?: readonly string[];
  readonly first?: string;
  readonly last?: string;
}

export interface EventPattern {
  readonly event?: 'job_started' | 'job_ended' | 'stopped';
  readonly worker?: string;
  readonly job?: string;
  readonly attempt?: number;
  readonly how?: 'returned' | 'failed' | 'stopped';
}

/** What the adapter does with the library's client, as ADAPTER.md has it. */
export interface ClientCall {
  readonly do: 'create' | 'remove' | 'cancel' | 'read_log';
  /** The run, for `cancel` and `read_log`. */
  readonly run?: string;
  readonly job?: string;
}

/** One line of a script: exactly one of these. */
export interface Step {
  readonly start?: string;
  readonly options?: Readonly<Record<string, unknown>>;
  /** As `start`, without waiting for it. */
  readonly start_soon?: string;
  readonly until_started?: string;
  readonly start_refused?: string;
  readonly run?: string;
  readonly inputs?: Readonly<Record<string, string>>;
  readonly cancel?: string;
  /** Waits for the answer. */
  readonly call?: ClientCall;
  readonly drain?: string;
  readonly terminate?: string;
  /** Lets the steps `hold` of that name end. */
  readonly release?: string;
  readonly until_stopped?: string;
  readonly error_matches?: string;
  /** So often as `at_least` says, or once. */
  readonly until_event?: EventPattern;
  readonly until_run?: string;
  readonly state?: string;
  readonly until_job?: JobExpectation;
  readonly until_log?: LogExpectation;
  readonly until_struck?: number;
  readonly until_seen?: Operation;
  readonly at_least?: number;
  readonly until_connections?: number;
  readonly network?: Network;
  readonly fault?: Fault;
  readonly cut_connections?: boolean;
  readonly lose_connections?: boolean;
  readonly restart_server?: 'stop' | 'kill';
  readonly down_ms?: number;
  readonly stop_server?: 'stop' | 'kill';
  readonly start_server?: boolean;
  readonly revoke?: string;
  readonly sleep_ms?: number;
  readonly expect_job?: JobExpectation;
  readonly expect_log?: LogExpectation;
  readonly expect_attempts?: AttemptsExpectation;
  readonly expect_events?: EventPattern & { readonly count: number };
  readonly expect_order?: readonly string[];
  readonly expect_most_at_once?: number;
  readonly expect_all?: { readonly status: string; readonly attempt?: number; readonly count: number };
  readonly expect_worker?: { readonly worker: string; readonly labels?: readonly string[]; readonly status?: string };
  readonly expect_no_worker?: string;
  /** How many of the workflows that the client has created are listed. */
  readonly expect_created?: number;
  readonly expect_seen?: { readonly operation: Operation; readonly at_most: number };
  readonly expect_within_ms?: number;
  readonly since?: string;
  readonly mark?: string;
  readonly within_ms?: number;
}

/** All scenarios, in the order of their files. */
export function loadScenarios(folder: URL): readonly Scenario[] {
  const files = readdirSync(folder)
    .filter((name) => name.endsWith('.json'))
    .sort();
  const scenarios = files.flatMap(
    (name) => JSON.parse(readFileSync(new URL(name, folder), 'utf8')) as readonly Scenario[],
  );
  const names = scenarios.map(({ name }) => name);
  const twice = names.find((name, at) => names.indexOf(name) !== at);
  if (twice !== undefined) throw new Error(`two scenarios are named ${twice}`);
  return scenarios;
}
