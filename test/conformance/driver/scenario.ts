import { readdirSync, readFileSync } from 'node:fs';
import type { Network } from './proxy/fault-proxy.js';
import type { Fault } from './proxy/faults.js';
import type { Operation } from './proxy/operations.js';

export type TransportName = 'stream' | 'http';
type ExecutorName = 'function' | 'shell';

/** One promise of a worker, as steps and expectations. README.md describes each field. */
export interface Scenario {
  readonly name: string;
  readonly promise: string;
  readonly executor: ExecutorName;
  /** Both if absent. */
  readonly transports?: readonly TransportName[];
  /** Optional features that a plain worker may lack; such workers skip the scenario. */
  readonly needs?: readonly string[];
  readonly jobs: Readonly<Record<string, JobPlan>>;
  readonly tokens?: Readonly<Record<string, TokenPlan>>;
  /** The server uses TLS with a certificate that clients trust only if configured to. */
  readonly tls?: boolean;
  /** The transport that the worker ends up on, if it differs from the requested one. */
  readonly falls_back?: boolean;
  readonly script: readonly Step[];
  /** The time limit on the reference machine after the server and the adapter have started; at least five minutes. */
  readonly within_ms?: number;
}

/** A job of the workflow: the fields of a definition, and for the function executor its steps. */
export interface JobPlan {
  readonly steps?: readonly Readonly<Record<string, unknown>>[];
  /** `@folder@` in it becomes a folder that exists while the scenario is played. */
  readonly run?: string;
  /** The command is this text, repeated. */
  readonly run_repeated?: {
    readonly before?: string;
    readonly text: string;
    readonly times: number;
    readonly after?: string;
  };
  /** The command has this many bytes in base64 between the two texts; they depend on the seed of the run. */
  readonly run_bytes?: { readonly before: string; readonly count: number; readonly after: string };
  /** This many jobs of this kind, named `<key>-0` and so on. */
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
  /** A prefix of an output, for outputs too long to write down. */
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
  /** The output of the adapter's step `log_lines`. */
  readonly lines?: { readonly count: number; readonly bytes: number };
  readonly base64?: string;
}

/** The ends of the attempts of a job: all of them, or the first and the last. */
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

/** A call that the adapter makes with the library's client; see ADAPTER.md. */
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
  /** Like `start`, without waiting for it. */
  readonly start_soon?: string;
  readonly until_started?: string;
  readonly start_refused?: string;
  readonly run?: string;
  readonly inputs?: Readonly<Record<string, string>>;
  readonly cancel?: string;
  /** Waits for the response. */
  readonly call?: ClientCall;
  readonly drain?: string;
  /** The server drains this worker; with `stop`, the worker ends when it is free. */
  readonly server_drain?: string;
  readonly stop?: boolean;
  readonly server_undrain?: string;
  readonly terminate?: string;
  /** Releases the steps `hold` with that name. */
  readonly release?: string;
  readonly until_stopped?: string;
  readonly error_matches?: string;
  /** At least `at_least` times, or once. */
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
  /** How many of the workflows that the client created are listed. */
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
  if (twice !== undefined) throw new Error(`two scenarios have the name ${twice}`);
  return scenarios;
}
