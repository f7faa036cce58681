import { notFound } from '../../domain/errors.js';
import type { RerunJob, RerunQuestion } from '../../domain/rerun.js';
import type { Connection } from '../../store/connection.js';
import { jobIdOf, ordinalOfJob } from '../../store/job-id.js';
import type { RunRow } from '../../store/statements/find-runs.js';
import {
  directDependants,
  jobsToRerun,
  jobsWithDependants,
  needsOfOrdinals,
  ordinalsOfKeys,
  type RerunJobRow,
  unsuccessfulJobs,
} from '../../store/statements/reruns.js';
import { settledState } from '../../store/tables/jobs.js';
import { nodesOfChildren } from './children-to-rerun.js';
import { findChild } from './find-child.js';

/** Which jobs of a run a re-run requests: those that did not succeed, or named ones. */
export type RerunChoice = { readonly failed: true } | { readonly failed: false; readonly keys: readonly string[] };

/** The jobs of a re-run, by their ordinals. */
export interface RerunSet {
  readonly chosen: ReadonlySet<number>;
  /** All dependents; only the direct ones when dependents do not run again. */
  readonly following: ReadonlySet<number>;
  /** Those of `chosen` that have a matrix and are only opened again, for children that are chosen too. */
  readonly reopened: ReadonlySet<number>;
}

type Rows = readonly { readonly ord: number }[];

/** The chosen jobs and their dependents. Errors: `not_found` for a job that the run does not have. */
export async function loadRerunSet(
  connection: Connection,
  run: RunRow,
  choice: RerunChoice,
  dependants: boolean,
): Promise<RerunSet> {
  const asked = choice.failed
    ? await failedOf(connection, run)
    : await namedOf(connection, run, [...new Set(choice.keys)]);
  const { chosen, reopened } = await withNodes(connection, run, asked, choice.failed);
  if (chosen.size === 0) return { chosen, following: new Set(), reopened };
  const rows = toRows(chosen);
  const found = dependants
    ? await jobsWithDependants.run(connection, { version: run.version, rows })
    : await directDependants.run(connection, { version: run.version, rows });
  const following = new Set(found.map(({ ord }) => ord).filter((ordinal) => !chosen.has(ordinal)));
  return { chosen, following, reopened };
}

/**
 * Adds the nodes of chosen children, which open again. A node that runs again itself, because it is chosen or needs a chosen
 * job, gets all of its children anew.
 */
async function withNodes(
  connection: Connection,
  { version }: RunRow,
  asked: ReadonlySet<number>,
  areFailed: boolean,
): Promise<Pick<RerunSet, 'chosen' | 'reopened'>> {
  const nodes = await nodesOfChildren(connection, version, asked);
  if (nodes.size === 0) return { chosen: asked, reopened: new Set() };
  const reopened = new Set(nodes.values());
  // Of those that failed, a node is there for the sake of its children.
  const whole = new Set(areFailed ? [] : [...reopened].filter((node) => asked.has(node)));
  const chosen = new Set([...asked, ...reopened]);
  const direct = await directDependants.run(connection, { version, rows: toRows(chosen) });
  const dependants = direct.length === 0 ? [] : await jobsWithDependants.run(connection, { version, rows: direct });
  for (const { ord } of dependants) if (reopened.has(ord)) whole.add(ord);
  for (const node of whole) reopened.delete(node);
  for (const [child, node] of nodes) if (whole.has(node)) chosen.delete(child);
  return { chosen, reopened };
}

async function failedOf(connection: Connection, { no }: RunRow): Promise<Set<number>> {
  const failed = await unsuccessfulJobs.run(connection, { fromId: jobIdOf(no, 0), toId: jobIdOf(no + 1, 0) });
  return new Set(failed.map(({ id }) => ordinalOfJob(id)));
}

async function namedOf(connection: Connection, run: RunRow, keys: readonly string[]): Promise<Set<number>> {
  const found = await ordinalsOfKeys.run(connection, { version: run.version, rows: keys.map((key) => ({ key })) });
  const known = new Map(found.map(({ key, ord }) => [key, ord]));
  for (const key of keys) {
    if (known.has(key)) continue;
    const child = await findChild(connection, run, key);
    if (child !== null) known.set(key, ordinalOfJob(child.id));
  }
  const missing = keys.filter((key) => !known.has(key));
  if (missing.length > 0) {
    const [first = ''] = missing;
    throw notFound(`job ${JSON.stringify(first)} of run ${run.id}`);
  }
  return new Set(known.values());
}

/** The rows of some jobs, and what the decision about them needs. */
export interface LoadedJobs extends Pick<RerunQuestion, 'jobs' | 'needs'> {
  readonly rows: ReadonlyMap<number, RerunJobRow>;
}

/** The needs of the jobs; they never change. */
export async function loadNeeds(
  connection: Connection,
  { version }: Pick<RunRow, 'version'>,
  ordinals: Iterable<number>,
): Promise<Map<number, number[]>> {
  const needs = new Map<number, number[]>();
  for (const { ord, need } of await needsOfOrdinals.run(connection, { version, rows: toRows(ordinals) })) {
    const known = needs.get(ord);
    if (known === undefined) needs.set(ord, [need]);
    else known.push(need);
  }
  return needs;
}

/** The jobs and their needs in their present states. */
export async function loadJobs(
  connection: Connection,
  { no }: Pick<RunRow, 'no'>,
  ordinals: Iterable<number>,
  needs: ReadonlyMap<number, readonly number[]>,
): Promise<LoadedJobs> {
  const ids = jobIdsWithNeeds(no, ordinals, needs);
  const found = await jobsToRerun.run(connection, { rows: ids.map((id) => ({ id })) });
  const rows = new Map(found.map((row) => [ordinalOfJob(row.id), row]));
  const jobs = new Map([...rows].map(([ordinal, row]): [number, RerunJob] => [ordinal, toRerunJob(row)]));
  return { jobs, needs, rows };
}

/** The row of a job that was read for the re-run. */
export function rowAt({ rows }: LoadedJobs, ordinal: number) {
  const row = rows.get(ordinal);
  if (row === undefined) throw new Error(`job ${ordinal} was not read for the re-run`);
  return row;
}

/** The row ids of jobs and of their needs, in order. */
export function jobIdsWithNeeds(
  run: number,
  ordinals: Iterable<number>,
  needs: ReadonlyMap<number, readonly number[]>,
): number[] {
  const all = new Set(ordinals);
  for (const needed of needs.values()) for (const need of needed) all.add(need);
  return [...all].sort((a, b) => a - b).map((ordinal) => jobIdOf(run, ordinal));
}

function toRerunJob({ state, settled, live, conditional, tolerated }: RerunJobRow): RerunJob {
  return {
    state,
    isSettled: settled === settledState.propagated,
    isStopping: state === 'cancelled' && live === 1,
    isTolerated: tolerated === 1,
    conditional,
  };
}

function toRows(ordinals: Iterable<number>): Rows {
  return [...ordinals].map((ord) => ({ ord }));
}
