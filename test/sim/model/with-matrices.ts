import { Random } from '../../crash/random.js';
import { allLabels, type Definition, finished, type JobDef } from './definitions.js';
import { type Combination, drawMatrix, firstChild, type MatrixDef } from './matrix.js';

/**
 * The definition with some of its jobs as nodes of a matrix, and some jobs that they need printing lists; drawn by chances of its
 * own, so that other worlds stay as they were.
 */
export function withMatrices(definition: Definition, seed: number): Definition {
  if (definition.format !== 'json' || definition.isLarge) return definition;
  const random = new Random(seed);
  if (random.chance(0.03)) return manyChildren(definition.name, random);
  const isNode = definition.jobs.map(({ needs }) => random.chance(needs.length === 0 ? 0.25 : 0.5));
  const listing = new Set<number>();
  for (const { ord, needs } of definition.jobs) {
    if (isNode[ord] !== true) continue;
    for (const need of needs) if (isNode[need] !== true && random.chance(0.9)) listing.add(need);
  }
  const written = JSON.parse(definition.text) as { jobs: Record<string, Record<string, unknown>> };
  let childrenFrom = firstChild;
  const jobs = definition.jobs.map((job): JobDef => {
    const text = written.jobs[job.key] ?? {};
    if (listing.has(job.ord)) {
      const { steps, ...rest } = text;
      written.jobs[job.key] = { ...rest, run: 'list' };
      return { ...job, command: 'list' };
    }
    if (isNode[job.ord] !== true) return job;
    const lists = job.needs.filter((need) => listing.has(need)).map((ord) => ({ ord, key: `j${ord}` }));
    // A long list in a group takes long.
    const { childrenMax, isLabelled, written: strategy, ...drawn } = drawMatrix(random, job.group == null ? lists : []);
    const labels = isLabelled
      ? { labels: [...((text.labels as string[] | undefined) ?? []), '\x24{{ matrix.os }}'] }
      : {};
    written.jobs[job.key] = { ...text, ...labels, strategy };
    const { group = null, expressions } = job;
    const matrix: MatrixDef = { ...drawn, childrenFrom, group, expressions };
    childrenFrom += childrenMax;
    return { ...job, group: null, expressions: 'none', matrix };
  });
  return { ...definition, jobs, text: JSON.stringify(written) };
}

/** A matrix whose children several transactions make, between the job that lists them and one that reads their outputs. */
function manyChildren(name: string, random: Random): Definition {
  const job = (ord: number, rest: Partial<JobDef>): JobDef => ({
    ord,
    key: `j${ord}`,
    needs: ord === 0 ? [] : [ord - 1],
    labels: [],
    priority: 0,
    retries: 4,
    backoff: { kind: 'none', baseSecs: 1, maxSecs: 1, jitter: false },
    timeoutSecs: null,
    condition: null,
    command: 'work',
    expressions: 'none',
    ...rest,
  });
  const { written, ...drawn } = drawMatrix(random, [{ ord: 0, key: 'j0' }], 1);
  const matrix: MatrixDef = { ...drawn, childrenFrom: firstChild, group: null, expressions: 'none' };
  const jobs = [job(0, { command: 'list many' }), job(1, { retries: 1, matrix }), job(2, {})];
  const text = {
    j0: { run: 'list many', retries: 4 },
    j1: { run: 'work', needs: 'j0', retries: 1, strategy: written },
    j2: { run: 'work', needs: 'j1', retries: 4 },
  };
  return { ...finished(name, jobs), format: 'json', text: JSON.stringify({ name, on: 'push', jobs: text }) };
}

/** A child as a job of its own. */
export function childDef(node: JobDef, matrix: MatrixDef, index: number, combination: Combination): JobDef {
  const labels = new Set([...node.labels, ...matrix.labels(combination)]);
  return {
    ...node,
    ord: matrix.childrenFrom + index,
    key: `${node.key}.${index}`,
    labels: allLabels.filter((label) => labels.has(label)),
    group: matrix.group,
    expressions: matrix.expressions,
    matrix: null,
  };
}
