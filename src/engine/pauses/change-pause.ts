import { DomainError, notFound } from '../../domain/errors.js';
import { gateOfPausedRun, gateOfPausedWorkflow, type PauseKind } from '../../domain/gates/pause.js';
import { limits } from '../../domain/limits.js';
import type { Connection } from '../../store/connection.js';
import { ensureGates, gatesByKey } from '../../store/statements/gates.js';
import { allPauses, countPauses, deletePause, type PauseRow, putPause } from '../../store/statements/pauses.js';
import { workflowOfVariables } from '../../store/statements/variables.js';
import type { Caller } from '../caller.js';
import type { EngineContext } from '../context.js';
import { findRun } from '../runs/find-run.js';
import { type AuditDraft, logAudit, writeAudit } from '../writer/audit-draft.js';
import type { PauseKeeper } from './pause-keeper.js';

/** What is paused: a workflow by its id, a run by its id or by that of its workflow, or a label. */
export interface PauseSubject {
  readonly kind: PauseKind;
  readonly subject: string;
}

export interface ChangePause extends PauseSubject {
  readonly caller: Caller;
}

export interface PauseView extends PauseSubject {
  /** Why, for people; may be empty. */
  readonly reason: string;
  readonly atMs: number;
  /** The name of the token; null when the server ran without tokens. */
  readonly by: string | null;
}

/** Pauses and resumes workflows, runs and labels. */
export function pauseVerbs(context: EngineContext, keeper: PauseKeeper) {
  const { store, environment, log } = context;

  /** Applies a change and writes an audit entry for it, unless it changes nothing. Every server learns of it. */
  async function change(
    { caller, kind, subject }: ChangePause,
    action: 'paused' | 'resumed',
    more: Readonly<Record<string, unknown>>,
    apply: (connection: Connection, nowMs: number) => Promise<readonly unknown[]>,
  ): Promise<void> {
    const entry: AuditDraft = {
      action: `${kind}.${action}`,
      subject,
      source: 'api',
      actor: caller.credential,
      data: more,
    };
    const isChanged = await store.transact(async (connection, databaseNowMs) => {
      const nowMs = databaseNowMs ?? environment.now();
      if ((await apply(connection, nowMs)).length === 0) return false;
      await writeAudit(connection, nowMs, [entry]);
      context.pauses.notifyChange(connection);
      return true;
    });
    if (isChanged) logAudit(log, entry);
    await keeper.reload();
  }

  /** The subject by its full id, and the number of its row. */
  async function find({ kind, subject }: PauseSubject): Promise<{ subject: string; target: number | null }> {
    if (kind === 'label') return { subject, target: null };
    if (kind === 'run') {
      const run = await findRun(context, subject);
      return { subject: run.id, target: run.no };
    }
    const [row] = await workflowOfVariables.run(store.read, { id: subject });
    if (row === undefined) throw notFound(`workflow ${JSON.stringify(subject)}`);
    return { subject, target: row.no };
  }

  async function list(): Promise<PauseView[]> {
    return (await allPauses.run(store.read, {})).map(toView);
  }

  return {
    /**
     * Pauses until it is resumed. What is paused already keeps its pause. Errors: `not_found`; `conflict` for a run
     * that has ended; `too_large` when there are too many pauses.
     */
    async pause({ reason, ...asked }: ChangePause & { readonly reason: string }): Promise<PauseView> {
      const { subject, target } = await find(asked);
      if (asked.kind === 'run') await refuseEnded(subject);
      const gateKey = target === null ? null : gateKeyOf(asked.kind, target);
      await change({ ...asked, subject }, 'paused', reason === '' ? {} : { reason }, async (connection, nowMs) => {
        const stored = await putPause.run(connection, {
          kind: asked.kind,
          subject,
          target,
          gate: gateKey === null ? null : await gateOf(connection, gateKey, nowMs),
          reason,
          paused_at_ms: nowMs,
          paused_by: asked.caller.credential,
        });
        const [total] = await countPauses.run(connection, {});
        if ((total?.count ?? 0) > limits.pauses) throw tooMany();
        return stored;
      });
      const view = (await list()).find((one) => one.kind === asked.kind && one.subject === subject);
      if (view === undefined)
        throw new DomainError('conflict', `The pause of ${asked.kind} ${subject} was ended meanwhile.`);
      return view;
    },

    /** Ends a pause; does nothing when there is none. Errors: `not_found`. */
    async resume(asked: ChangePause): Promise<void> {
      const { subject } = await find(asked);
      await change({ ...asked, subject }, 'resumed', {}, (connection) =>
        deletePause.run(connection, { kind: asked.kind, subject }),
      );
    },

    listPauses: list,
  };

  async function refuseEnded(id: string): Promise<void> {
    const run = await findRun(context, id);
    if (run.state !== 'queued' && run.state !== 'running')
      throw new DomainError('conflict', `Run ${id} has ended, so it cannot be paused.`);
  }
}

function gateKeyOf(kind: PauseKind, target: number): string {
  return kind === 'run' ? gateOfPausedRun(target) : gateOfPausedWorkflow(target);
}

async function gateOf(connection: Connection, key: string, nowMs: number): Promise<number> {
  await ensureGates.run(connection, { rows: [{ key }], nowMs });
  const [gate] = await gatesByKey.run(connection, { rows: [{ key }] });
  if (gate === undefined) throw new Error(`gate ${key} was not stored`);
  return gate.no;
}

function toView({ kind, subject, reason, paused_at_ms, paused_by_name }: PauseRow): PauseView {
  return { kind, subject, reason, atMs: paused_at_ms, by: paused_by_name };
}

function tooMany(): DomainError {
  return new DomainError('too_large', `there are ${limits.pauses} pauses, which is the most; resume something first`);
}
