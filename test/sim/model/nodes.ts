import { isDeepStrictEqual } from 'node:util';
import type { EventData } from './apply-event.js';
import { type Combination, isSameOutputs, joined } from './matrix.js';
import type { Model, Place, Touched } from './model.js';
import { stoppedChild, verdictOn } from './rules.js';
import { type ModelJob, type ModelRun, type ModelState, newJob } from './states.js';
import { childDef } from './with-matrices.js';

type Refuse = (why: string) => void;

/** An event of a job with a matrix: it opens, or it ends with the last of its children. False for any other. */
export function applyToNode(
  model: Model,
  place: Place,
  to: ModelState,
  data: EventData,
  refuse: Refuse,
  jobId: number,
): boolean {
  const { run, job } = place;
  const { matrix = null } = job.def;
  if (matrix === null) return false;
  if (to === 'open') {
    if (job.isReopening) job.isReopening = false;
    else openNode(model, run, job, data, refuse);
    job.state = 'open';
    run.hasOpened = true;
    return true;
  }
  if (job.state === 'open') {
    closeNode(model, job, to, refuse, jobId);
    return true;
  }
  // Without a combination it succeeds at once; a matrix that is wrong is a failure like that of any expression.
  if (to !== 'success') return false;
  const verdict = verdictOn(run, job);
  if (job.state !== 'waiting' || verdict !== 'success') refuse(`the rules say ${verdict}`);
  job.children = [];
  job.state = 'success';
  model.world.count('matrix without children');
  return true;
}

function openNode(model: Model, run: ModelRun, job: ModelJob, data: EventData, refuse: Refuse): void {
  const verdict = job.state === 'waiting' ? verdictOn(run, job) : 'no';
  if (verdict !== 'open') refuse(`the rules say ${verdict}`);
  const { matrix } = job.def;
  const combinations = matrix?.combinations(run) ?? [];
  if (matrix == null) return;
  if (data.children !== combinations.length) refuse(`it has ${data.children} children, not ${combinations.length}`);
  model.world.count(`matrix opened: ${sizeName(combinations.length)}`);
  if (matrix.isDynamic) model.world.count('matrix known at run time');
  job.failedFastAtMs = null;
  job.children = combinations.map((combination, index) => {
    const def = childDef(job.def, matrix, index, combination);
    const known = run.children.get(def.ord);
    const child = known ?? newJob(def, { node: job, index });
    child.def = def;
    child.combination = combination;
    child.isMade = false;
    child.isCompared = false;
    child.state = 'waiting';
    child.outputs = new Map();
    run.children.set(def.ord, child);
    return child;
  });
}

function sizeName(count: number): string {
  if (count > 2_000) return 'over 2,000';
  return count > 30 ? 'over 30' : 'few';
}

/** A node ends with the last of its children: failed if one failed, else cancelled if one was. */
function closeNode(model: Model, job: ModelJob, to: ModelState, refuse: Refuse, jobId: number): void {
  const open = job.children.find((child) => !child.isMade || !stoppedChild(child));
  if (open !== undefined) refuse(`its child ${open.def.key} is ${open.isMade ? open.state : 'not made'}`);
  const states = new Set(job.children.map(({ state }) => state));
  const right = states.has('failure') ? 'failure' : states.has('cancelled') ? 'cancelled' : 'success';
  if (to !== right) refuse(`of its children one is ${right}`);
  const outputs = joined(job.children);
  const stored = model.readOutputs(jobId);
  if (!isSameOutputs(stored, outputs)) {
    refuse(`its outputs are ${JSON.stringify([...stored])}, not ${JSON.stringify([...outputs])}`);
  }
  if (outputs.size > 0) model.world.count('outputs of children joined');
  job.outputs = outputs;
  job.state = to;
  model.world.count(`matrix ended: ${to}`);
}

/** The first event of a child that is being made, or of one that is made anew after a re-run. */
export function noteMade(place: Place, to: ModelState, refuse: Refuse): void {
  const { run, job } = place;
  const { node } = job;
  if (node === null) return;
  if (node.state !== 'open') refuse(`its node is ${node.state}`);
  if (job.isMade) return;
  job.isMade = true;
  if (to === 'waiting') run.resetting.add(job.def.ord);
  else if (job.attempts.length > 0) refuse('it ran before, and nothing says that it waits again');
}

/** Whether somebody or something cancels a child. */
export function mayCancelChild(model: Model, { run, job }: Place): boolean {
  if (job.node === null) return false;
  if (job.node.failedFastAtMs !== null) {
    model.world.count('child cancelled by fail-fast');
    return true;
  }
  return model.forcedReruns.has(run.id);
}

/** A child that failed for good: with fail-fast the others are cancelled. */
export function noteChildEnd(model: Model, { job }: Place, atMs: number): void {
  const { node } = job;
  if (node === null || job.state !== 'failure') return;
  if (node.def.matrix?.failFast !== true || node.failedFastAtMs !== null) return;
  node.failedFastAtMs = atMs;
  node.failedFastSinceMs = model.world.nowMs;
}

interface MatrixRow {
  readonly job: number;
  readonly total: number;
  readonly open: number;
  readonly failed: number;
  readonly cancelled: number;
}

interface ChildRow {
  readonly id: number;
  readonly group_ord: number;
  readonly idx: number;
  readonly matrix: string;
}

/** What must hold of the nodes that a commit touched: their counters are those of their children, which are made in order. */
export function checkNodes(model: Model, { jobs }: Pick<Touched, 'jobs'>): void {
  const nodes = new Map<ModelJob, ModelRun>();
  const made: Place[] = [];
  for (const place of jobs.values()) {
    const node = place.job.node ?? (place.job.def.matrix == null ? null : place.job);
    if (node === null) continue;
    if (node.state === 'open') nodes.set(node, place.run);
    if (place.job.node !== null && place.job.isMade && !place.job.isCompared) made.push(place);
  }
  for (const [node, run] of nodes) checkNode(model, run, node);
  if (made.length > 0) checkMade(model, made);
}

function checkNode(model: Model, run: ModelRun, node: ModelJob): void {
  const wrong = (what: string) => model.violated('a node counts its children', `${run.no}/${node.def.key}: ${what}`);
  const { children } = node;
  const count = (is: (child: ModelJob) => boolean) => children.filter((child) => child.isMade && is(child)).length;
  const stopped = count(stoppedChild);
  const right: Omit<MatrixRow, 'job'> = {
    total: children.length,
    open: children.length - stopped,
    failed: count(({ state }) => state === 'failure'),
    cancelled: count((child) => child.state === 'cancelled' && stoppedChild(child)),
  };
  const [row] = model.database.rows<MatrixRow>(
    'select total, open, failed, cancelled from matrices where job = ?',
    run.no * 2 ** 20 + node.def.ord,
  );
  if (!isDeepStrictEqual({ ...row }, right)) wrong(`${JSON.stringify(row)}, not ${JSON.stringify(right)}`);
  const madeCount = count(() => true);
  if (children.slice(0, madeCount).some(({ isMade }) => !isMade)) wrong('its children are not made in order');
  if (madeCount > 0 && madeCount < children.length) model.world.count('children made in pieces');
  if (node.emptySinceMs === null && right.open === 0) node.emptySinceMs = model.world.nowMs;
  if (right.open > 0) node.emptySinceMs = null;
}

/** The values of children are those of their combinations, each at its place. */
function checkMade(model: Model, made: readonly Place[]): void {
  const byId = new Map(made.map(({ run, job }) => [run.no * 2 ** 20 + job.def.ord, job]));
  const rows = model.database.rows<ChildRow>(
    'select j.id, j.group_ord, j.idx, j.matrix from json_each(?) as i cross join jobs as j on j.id = i.value',
    JSON.stringify([...byId.keys()]),
  );
  for (const row of rows) {
    const job = byId.get(row.id);
    if (job === undefined) continue;
    job.isCompared = true;
    const values = JSON.parse(row.matrix) as Combination;
    const isRight =
      row.idx === job.index &&
      row.group_ord === job.node?.def.ord &&
      JSON.stringify(Object.entries(values)) === JSON.stringify(Object.entries(job.combination ?? {}));
    if (isRight) continue;
    model.violated(
      'a child has the values of its index',
      `${job.def.key}: ${row.group_ord}.${row.idx} ${row.matrix}, not ${JSON.stringify(job.combination)}`,
    );
  }
}
