import { LRUCache } from 'lru-cache';
import { type Condition, type Reference, references } from '../../domain/condition/expression.js';
import { parseCondition } from '../../domain/condition/parse-condition.js';
import { typedInputs } from '../../domain/condition/references.js';
import { templateReferences } from '../../domain/condition/template.js';
import type { JobSpec } from '../../domain/definition/job-spec.js';
import { type ParsedJobGroup, parseJobGroup } from '../../domain/gates/job-gates.js';
import { expressionReferences, type ParsedExpressions, parseJobExpressions } from '../../domain/job-values.js';
import { childKey } from '../../domain/matrix/child.js';
import { firstChildOrdinal } from '../../domain/matrix/matrix-spec.js';
import {
  matrixReferences,
  type ParsedMatrix,
  parallelReferences,
  parseMatrix,
} from '../../domain/matrix/parsed-matrix.js';
import type { Connection } from '../../store/connection.js';
import { groupsOfVersion } from '../../store/statements/read-matrices.js';
import { versionJobs } from '../../store/statements/workflows.js';
import { memoryLimits } from './limits.js';

/** The parsed specification of a job in a version. */
export interface KnownJob {
  readonly key: string;
  readonly needs: number;
  readonly conditional: number;
  readonly spec: JobSpec;
  /** Length of the specification as JSON. */
  readonly specChars: number;
  readonly condition: Condition | null;
  /** Null when nothing is evaluated for each run. */
  readonly expressions: ParsedExpressions | null;
  /** What a job with a matrix, or a child of one, has for its combinations; null for any other. */
  readonly matrix: ParsedMatrix | null;
  /** Of a child: where it belongs. Its key is its own, all else is that of its node. */
  readonly child: ChildPlace | null;
  /** Keys of the needs whose outputs its condition and expressions read. */
  readonly outputsRead: ReadonlySet<string>;
  /** Null when it has no group. */
  readonly group: ParsedJobGroup | null;
  /** The same for its children, which neither the condition nor the matrix concerns. */
  readonly outputsReadByChildren: ReadonlySet<string>;
  /** Whether an expression names one of `runContexts`. */
  readonly namesRunContext: boolean;
}

/** Where a child belongs. */
export interface ChildPlace {
  /** The key and the ordinal of its node. */
  readonly group: string;
  readonly ord: number;
  readonly index: number;
}

/** A job of a version. */
export interface JobOfVersion {
  readonly version: number;
  readonly ord: number;
}

/** Cache of parsed job specifications, which never change. The oldest leave when it is full. */
export class JobSpecs {
  readonly #known = new LRUCache<number, KnownJob>({ maxSize: memoryLimits.jobSpecChars });
  /** By version, the jobs with a matrix and the ordinals of their first children. */
  readonly #groups = new LRUCache<number, readonly Group[]>({ max: 10_000 });

  forgetAll(): void {
    this.#known.clear();
    this.#groups.clear();
  }

  /** The specifications of the given jobs, in their order. Errors: a job that no version has is a bug. */
  async get(connection: Connection, jobs: readonly JobOfVersion[]): Promise<KnownJob[]> {
    if (!jobs.some(({ ord }) => ord >= firstChildOrdinal)) return this.#ofVersion(connection, jobs);
    const places = await this.#placesOfChildren(connection, jobs);
    const known = await this.#ofVersion(
      connection,
      jobs.map(({ version, ord }, at) => ({ version, ord: places[at]?.ord ?? ord })),
    );
    return known.map((job, at) => {
      const place = places[at] ?? null;
      if (place === null) return job;
      const child = { group: job.key, ...place };
      return { ...job, key: childKey(job.key, place.index), outputsRead: job.outputsReadByChildren, child };
    });
  }

  /** Where the children among some jobs belong; null for those that are none. */
  async #placesOfChildren(
    connection: Connection,
    jobs: readonly JobOfVersion[],
  ): Promise<({ ord: number; index: number } | null)[]> {
    const children = jobs.filter(({ ord }) => ord >= firstChildOrdinal);
    const groups = new Map<number, readonly Group[]>();
    for (const version of new Set(children.map((child) => child.version))) {
      const known = this.#groups.get(version) ?? (await groupsOfVersion.run(connection, { version }));
      groups.set(version, known);
      this.#groups.set(version, known);
    }
    return jobs.map(({ version, ord }) => {
      if (ord < firstChildOrdinal) return null;
      const group = groups.get(version)?.findLast(({ children_from }) => children_from <= ord);
      if (group === undefined) throw new Error(`version ${version} has no child ${ord}`);
      return { ord: group.ord, index: ord - group.children_from };
    });
  }

  async #ofVersion(connection: Connection, jobs: readonly JobOfVersion[]): Promise<KnownJob[]> {
    const missing = jobs.filter((job) => !this.#known.has(cacheKey(job)));
    const loaded = new Map<number, KnownJob>();
    if (missing.length > 0) {
      const rows = await versionJobs.run(connection, { rows: missing });
      for (const row of rows) {
        const known = toKnownJob(row);
        loaded.set(cacheKey(row), known);
        this.#known.set(cacheKey(row), known, { size: row.spec.length + 200 });
      }
    }
    return jobs.map((job) => {
      const known = this.#known.get(cacheKey(job)) ?? loaded.get(cacheKey(job));
      if (known === undefined) throw new Error(`version ${job.version} has no job ${job.ord}`);
      return known;
    });
  }
}

function needsRead(named: readonly Reference[]): ReadonlySet<string> {
  return new Set(named.flatMap((one) => (one.kind === 'output' ? [one.job] : [])));
}

interface Group {
  readonly ord: number;
  readonly children_from: number;
}

function cacheKey(job: JobOfVersion): number {
  return job.version * 2 ** 20 + job.ord;
}

function toKnownJob(row: { key: string; needs: number; conditional: number; spec: string }): KnownJob {
  const spec = JSON.parse(row.spec) as JobSpec;
  const inputs = typedInputs(spec.inputTypes);
  const condition = spec.condition === null ? null : parseCondition(spec.condition, inputs);
  const expressions = spec.expressions === undefined ? null : parseJobExpressions(spec.expressions, inputs);
  const group = spec.concurrency === undefined ? null : parseJobGroup(spec.concurrency, inputs);
  const matrix = spec.matrix === undefined ? null : parseMatrix(spec.matrix, inputs);
  const inGroup = group === null || typeof group.name === 'string' ? [] : templateReferences(group.name);
  const inExpressions = expressions === null ? [] : expressionReferences(expressions);
  const named = [
    ...(matrix === null ? [] : matrixReferences(matrix)),
    ...(condition === null ? [] : references(condition.root)),
    ...inExpressions,
    ...inGroup,
  ];
  return {
    key: row.key,
    needs: row.needs,
    conditional: row.conditional,
    spec,
    specChars: row.spec.length,
    condition,
    expressions,
    group,
    outputsRead: needsRead(named),
    outputsReadByChildren: needsRead([
      ...inExpressions,
      ...inGroup,
      ...(matrix === null ? [] : parallelReferences(matrix)),
    ]),
    matrix,
    child: null,
    namesRunContext: named.some(
      (one) => one.kind === 'run' && (one.field === 'generation' || one.field === 'started_by'),
    ),
  };
}
