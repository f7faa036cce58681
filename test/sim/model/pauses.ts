import type { Model, Place } from './model.js';
import type { ModelRun } from './states.js';

type PauseKind = 'workflow' | 'run' | 'label';

interface PauseRow {
  readonly kind: PauseKind;
  readonly subject: string;
}

/** How long a server that is well may take until it knows of a change that another one made. */
const toldMs = 5_000;

/** How long one that missed the notification may take. */
const lookMs = 70_000;

/** What is paused, as it is committed, and since when no server may act against it. */
export class ModelPauses {
  readonly #model: Model;
  /** By the world's clock, the last time at which anything was wrong with a server that shares the database; null where one is alone. */
  readonly #troubleAtMs: () => number | null;
  #paused = new Set<string>();
  /** When each pause began or ended, the last time, by the world's clock. */
  readonly #changedAtMs = new Map<string, number>();
  /** When each pause was acknowledged, without pauses whose end was requested since. */
  readonly #acknowledgedAtMs = new Map<string, number>();
  readonly #resuming = new Map<string, number>();

  constructor(model: Model, troubleAtMs: () => number | null) {
    this.#model = model;
    this.#troubleAtMs = troubleAtMs;
  }

  get size(): number {
    return this.#paused.size;
  }

  /** Whether nothing was ever paused. */
  get isUnused(): boolean {
    return this.#changedAtMs.size === 0;
  }

  list(): PauseRow[] {
    return [...this.#paused].map((key) => {
      const [kind = '', subject = ''] = key.split(' ');
      return { kind: kind as PauseKind, subject };
    });
  }

  /** Reads what is paused. */
  afterCommit(): void {
    const rows = this.#model.database.rows<PauseRow>('select kind, subject from pauses');
    const now = new Set(rows.map(({ kind, subject }) => keyOf(kind, subject)));
    const { nowMs } = this.#model.world;
    for (const key of now) {
      if (this.#paused.has(key)) continue;
      this.#model.world.count(`paused: ${key.split(' ')[0]}`);
      this.#changedAtMs.set(key, nowMs);
    }
    for (const key of this.#paused) {
      if (now.has(key)) continue;
      this.#changedAtMs.set(key, nowMs);
      this.#acknowledgedAtMs.delete(key);
      this.#model.world.count(`resumed: ${key.split(' ')[0]}`);
      if (key.startsWith('label ')) this.#waitAnew(key.slice('label '.length));
    }
    this.#paused = now;
  }

  /** Nobody took a job that requires the label; from now on somebody is to. */
  #waitAnew(label: string): void {
    for (const { job } of this.#model.queued.values()) {
      if (job.def.labels.includes(label)) job.queuedSinceMs = this.#model.world.nowMs;
    }
  }

  /** A server has said that this is paused. */
  acknowledge(kind: PauseKind, subject: string): void {
    const key = keyOf(kind, subject);
    if (!this.#paused.has(key) || (this.#resuming.get(key) ?? 0) > 0) return;
    if (!this.#acknowledgedAtMs.has(key)) this.#acknowledgedAtMs.set(key, this.#model.world.nowMs);
  }

  /** The end of a pause is asked of a server; the returned function says that it has answered. */
  resuming(kind: PauseKind, subject: string): () => void {
    const key = keyOf(kind, subject);
    this.#acknowledgedAtMs.delete(key);
    this.#resuming.set(key, (this.#resuming.get(key) ?? 0) + 1);
    return () => this.#resuming.set(key, (this.#resuming.get(key) ?? 0) - 1);
  }

  isPaused(kind: PauseKind, subject: string): boolean {
    return this.#paused.has(keyOf(kind, subject));
  }

  /** Whether a server that does not know of the last change yet may take it for paused. */
  perhapsPaused(kind: PauseKind, subject: string): boolean {
    if (this.isPaused(kind, subject)) return true;
    return this.#model.world.nowMs - (this.#changedAtMs.get(keyOf(kind, subject)) ?? Number.NEGATIVE_INFINITY) < lookMs;
  }

  /** Whether every server knows of the pause, so that nothing that it forbids may happen. */
  surelyPaused(kind: PauseKind, subject: string): boolean {
    const atMs = this.#acknowledgedAtMs.get(keyOf(kind, subject));
    if (atMs === undefined) return false;
    const troubleAtMs = this.#troubleAtMs();
    return troubleAtMs === null || this.#model.world.nowMs - Math.max(atMs, troubleAtMs) > toldMs;
  }

  /** What forbids that anybody gets the job; null when nothing does. */
  forbids({ run, job }: Place): string | null {
    if (this.isUnused) return null;
    if (this.surelyPaused('run', run.id)) return 'its run is paused';
    const label = job.def.labels.find((one) => this.surelyPaused('label', one));
    return label === undefined ? null : `label ${label} is paused`;
  }

  /** Whether a server may keep the job from its workers. */
  mayKeepBack({ run, job }: Place): boolean {
    if (this.isUnused) return false;
    return this.perhapsPaused('run', run.id) || job.def.labels.some((label) => this.perhapsPaused('label', label));
  }

  /** Whether the job must not be given out, as it is committed. */
  isKeptBack({ run, job }: Place): boolean {
    return this.isPaused('run', run.id) || job.def.labels.some((label) => this.isPaused('label', label));
  }

  /** A run begins: it waits while its workflow is paused. */
  checkBegun(run: ModelRun): void {
    if (this.isUnused) return;
    if (!run.isHeld && this.surelyPaused('workflow', run.workflowId))
      this.#model.violated('a new run of a paused workflow waits', `${run.no}`);
    if (!run.isHeld) return;
    const [row] = this.#model.database.rows<{ key: string }>(
      'select g.key from runs n join gates g on g.no = n.gate where n.no = ?',
      run.no,
    );
    run.isHeldByPause = row?.key.startsWith('paused:workflow:') === true;
    if (!run.isHeldByPause) return;
    this.#model.world.count('run held by a pause');
    if (!this.perhapsPaused('workflow', run.workflowId))
      this.#model.violated('only a pause holds a run beside its group', `${run.no}`);
  }
}

function keyOf(kind: PauseKind, subject: string): string {
  return `${kind} ${subject}`;
}
