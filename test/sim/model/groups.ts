import type { Random } from '../../crash/random.js';
import type { Definition } from './definitions.js';
import type { Model, Touched } from './model.js';
import { endStates, type ModelRun } from './states.js';

/** The concurrency of a definition, as the simulation wrote it. */
export interface GroupDef {
  readonly name: string;
  readonly max: number;
  readonly queue: 'all' | 'newest' | 'none' | number;
  readonly cancels: boolean;
}

/** Clocks of servers differ by less: of two that began to wait within it, either may be the first. */
const clockSlackMs = 1_000;

/** Few groups, so that definitions share them. */
export function drawGroup(random: Random): GroupDef | null {
  if (random.chance(0.1)) return null;
  const cancels = random.chance(0.15);
  return {
    name: random.pick(['red', 'red', 'red', 'red', 'blue']),
    max: random.pick([1, 1, 2, 3]),
    queue: cancels ? 'newest' : random.pick(['all', 'all', 'all', 'all', 'newest', 'none', 1, 3] as const),
    cancels,
  };
}

/** The definition with a group. */
export function inGroup(definition: Definition, group: GroupDef | null): Definition {
  if (group === null) return definition;
  const { name, max, queue, cancels } = group;
  const written = { group: name, max, ...(cancels ? { 'cancel-in-progress': true } : { queue }) };
  const text =
    definition.format === 'json'
      ? JSON.stringify({ ...(JSON.parse(definition.text) as object), concurrency: written })
      : `concurrency: ${JSON.stringify(written)}\n${definition.text}`;
  return { ...definition, group, text };
}

/** A run that begins with a place goes past nobody who waits. */
export function checkBegun(model: Model, run: ModelRun): void {
  const { group } = run.definition;
  if (group === null) return;
  model.world.count(run.isHeld ? 'run held' : 'run of a group with a place at once');
  if (run.isHeld) return;
  const waiting = atGate(model, group.name, membersOf(model, group.name)).filter((other) => other !== run);
  if (waiting.length > 0) model.violated('a run goes past nobody who waits', `${run.no} past ${waiting[0]?.no}`);
}

/** A run that waited has its place. */
export function applyAdmitted(model: Model, run: ModelRun): void {
  const { group } = run.definition;
  if (!run.isHeld || (group === null && !run.isHeldByPause))
    model.violated('only a run that waits is admitted', `${run.no}`);
  else if (group === null) {
    if (model.pauses.surelyPaused('workflow', run.workflowId))
      model.violated('a new run of a paused workflow waits', `${run.no}`);
  } else if (!run.isHeldByPause) {
    const earlier = membersOf(model, group.name).filter(
      // How long one has waited since the end of a pause, no event says.
      (other) =>
        other !== run && isWaiting(other) && !other.isHeldByPause && other.heldSinceMs < run.heldSinceMs - clockSlackMs,
    );
    if (earlier.length > 0) model.violated('who has waited longest is admitted', `${run.no} before ${earlier[0]?.no}`);
  }
  run.isHeld = false;
  run.isHeldByPause = false;
  model.world.count('run admitted');
}

/** What must hold of the groups of the runs that a commit changed. */
export function checkGroups(model: Model, { runs }: Pick<Touched, 'runs'>): void {
  const names = new Set([...runs].flatMap(({ definition }) => definition.group?.name ?? []));
  for (const name of names) {
    const members = membersOf(model, name);
    const holders = members.filter(({ isHeld }) => !isHeld);
    const waiting = atGate(model, name, members);
    const most = Math.max(0, ...holders.map(maxOf));
    if (holders.length > most)
      model.violated('no group has more runs than places', `${name}: ${holders.length} of ${most}`);
    if (waiting.length > 0 && waiting.every((run) => holders.length < maxOf(run))) {
      model.violated('nobody waits beside a free place', `${name}: ${waiting[0]?.no} beside ${holders.length}`);
    }
    const [row] = model.database.rows<{ in_use: number }>('select in_use from gates where key = ?', `run:${name}`);
    if ((row?.in_use ?? 0) !== holders.length) {
      model.violated('the places in use are counted', `${name}: ${row?.in_use}, not ${holders.length}`);
    }
  }
}

/** Whether jobs of the run need not be decided yet: it waits, or it was just admitted. */
export function isUndecided(model: Model, run: ModelRun): boolean {
  if (run.definition.group === null && !run.isResetInPieces && model.pauses.isUnused) return false;
  if (run.isHeld) return true;
  return model.database.rows('select 1 from runs where no = ? and activate_from is not null', run.no).length > 0;
}

function membersOf(model: Model, name: string): ModelRun[] {
  return [...model.runs.values()].filter(
    ({ definition, state }) => definition.group?.name === name && !endStates.has(state),
  );
}

/** Those that wait for a place, and not for the end of a pause. */
function atGate(model: Model, name: string, members: readonly ModelRun[]): ModelRun[] {
  const waiting = members.filter(isWaiting);
  if (waiting.every(({ isHeldByPause }) => !isHeldByPause)) return waiting;
  const rows = model.database.rows<{ no: number }>(
    'select n.no from gates as g join runs as n on n.gate = g.no where g.key = ? and n.held = 1',
    `run:${name}`,
  );
  const numbers = new Set(rows.map(({ no }) => no));
  return waiting.filter(({ no }) => numbers.has(no));
}

function isWaiting({ isHeld, cancelRequests, resetting }: ModelRun): boolean {
  return isHeld && cancelRequests === 0 && resetting.size === 0;
}

function maxOf({ definition }: ModelRun): number {
  return definition.group?.max ?? 0;
}
