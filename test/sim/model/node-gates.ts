import type { Model, Touched } from './model.js';
import type { ModelJob, ModelRun } from './states.js';

/** A node with so many children is looked at after some commits only. */
const many = 200;
const manyEvery = 20;

/** What must hold of `max-parallel` in the nodes whose children a commit changed. */
export function checkNodeGates(model: Model, { jobs }: Pick<Touched, 'jobs'>): void {
  const nodes = new Map<ModelJob, ModelRun>();
  for (const { run, job } of jobs.values()) {
    const node = job.node ?? job;
    if (node.def.matrix?.maxParallel != null) nodes.set(node, run);
  }
  for (const [node, run] of nodes) {
    // Each commit of a node with thousands of children would look at all of them.
    if (node.children.length < many || model.events.length % manyEvery === 0) checkGate(model, run, node);
  }
}

function checkGate(model: Model, run: ModelRun, node: ModelJob): void {
  const max = node.def.matrix?.maxParallel ?? 0;
  const key = `node:${rowOf(run, node)}`;
  const name = `${run.no}/${node.def.key}`;
  const children = node.children.filter(({ isMade }) => isMade);
  const held = children.filter((child) => child.state === 'held' && model.held.gateOf(rowOf(run, child)) === key);
  const holders = children.filter((child) => hasPlace(model, run, child, key));
  if (holders.length > max)
    model.violated('no node has more children at once than it says', `${name}: ${holders.length} of ${max}`);
  if (held.length > 0 && holders.length < max)
    model.violated('no child waits beside a free place', `${name}: ${held[0]?.def.key} beside ${holders.length}`);
  const [row] = model.database.rows<{ in_use: number }>('select in_use from gates where key = ?', key);
  if ((row?.in_use ?? 0) !== holders.length)
    model.violated('the places of children are counted', `${name}: ${row?.in_use}, not ${holders.length}`);
  if (held.length > 0) model.world.count('child waits for max-parallel');
}

/** Whether a child has its place: also one that waits in its group, but none that a pause holds. */
function hasPlace(model: Model, run: ModelRun, child: ModelJob, key: string): boolean {
  const { state } = child;
  if (state === 'queued' || state === 'delayed' || state === 'running') return true;
  if (state !== 'held') return false;
  const gate = model.held.gateOf(rowOf(run, child));
  return gate !== key && !gate.startsWith('paused:');
}

function rowOf(run: ModelRun, job: ModelJob): number {
  return run.no * 2 ** 20 + job.def.ord;
}
