import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { AuditEventView } from '../../src/engine/engine.js';
import { pruneAuditOperation } from '../../src/engine/runs/prune-audit.js';
import { createToken, revokeTokens } from '../../src/tokens.js';
import { EngineFixture } from '../support/engine-fixture.js';

let fixture: EngineFixture;

beforeEach(async () => {
  fixture = await new EngineFixture().start();
});

afterEach(() => fixture.end());

const token = { name: 'laptop', scopes: ['admin'], labels: null, onlyLabelled: false, expiresAtMs: null } as const;

async function audit(query: { action?: string; subject?: string } = {}): Promise<AuditEventView[]> {
  const all: AuditEventView[] = [];
  let pageToken = '';
  do {
    const page = await fixture.engine.listAudit({ limit: 2, pageToken, action: '', subject: '', ...query });
    all.push(...page.events);
    pageToken = page.nextPageToken;
  } while (pageToken !== '');
  return all;
}

function told(events: readonly AuditEventView[]): string[] {
  return events.map(({ action, subject, source, actor }) => `${action} ${subject} ${source} ${actor ?? '-'}`);
}

describe('the audit log', () => {
  it('is filtered by a run id prefix on every page; an ambiguous prefix is refused', async () => {
    const id = await fixture.define('jobs: { a: { run: x } }');
    const { runId } = await fixture.startRun(id);
    await fixture.cancel(runId);
    const whole = await audit({ subject: runId });
    expect(whole).toHaveLength(2);
    expect(await audit({ subject: runId.slice(0, 18) })).toEqual(whole);
    await fixture.startRun(id);
    const several = audit({ subject: runId.slice(0, 8) });
    await expect(several).rejects.toMatchObject({ code: 'malformed', message: expect.stringContaining(runId) });
    expect(await audit({ subject: 'abcdef' })).toEqual([]);
  });

  it('for tokens, workflows, runs and cancels, with the acting token, newest first', async () => {
    const { id: laptop } = await createToken(fixture.store, fixture.environment, token);
    const caller = { credential: laptop };
    const text = Buffer.from('{"jobs":{"a":{"run":"x"}}}');
    const { id: made } = await fixture.engine.createWorkflow({ caller, text, format: 'json', requestId: null });
    const { runId } = await fixture.engine.startRun({ caller, id: made, inputs: new Map(), requestId: null });
    await fixture.engine.cancelRun({ caller, id: runId, force: false, requestId: null });
    await revokeTokens(fixture.store, fixture.environment, 'laptop');

    const events = await audit();
    expect(told(events)).toEqual([
      `token.revoked ${laptop} command-line -`,
      `run.cancel_requested ${runId} api laptop`,
      `run.started ${runId} api laptop`,
      `workflow.created ${made} api laptop`,
      `token.created ${laptop} command-line -`,
    ]);
    expect(events[2]).toMatchObject({ actorId: laptop, data: JSON.stringify({ workflow: made }) });
    expect(JSON.parse(events[4]?.data ?? '')).toEqual({
      name: 'laptop',
      scopes: ['admin'],
      labels: null,
      only_labelled: false,
      expires_at_ms: null,
    });
    expect(JSON.stringify(events)).not.toContain('wfg_');
  });

  it('for files that are added, changed and removed', async () => {
    const define = (text: string) =>
      fixture.engine.define({ id: 'ci', source: 'file', text: Buffer.from(text), format: 'yaml', file: 'ci.yml' });
    await define('jobs: { a: { run: x } }');
    await define('jobs: { a: { run: x } }');
    await define('jobs: { a: { run: y } }');
    await fixture.engine.removeMissingWorkflows(['ci']);
    await fixture.engine.removeMissingWorkflows([]);
    expect(told(await audit())).toEqual([
      'workflow.removed ci workflows-folder -',
      'workflow.changed ci workflows-folder -',
      'workflow.created ci workflows-folder -',
    ]);
  });

  it('once for a repeated start, and never for a refused call', async () => {
    const id = await fixture.define('jobs: { a: { run: x } }');
    const start = () =>
      fixture.engine.startRun({ caller: fixture.caller, id, inputs: new Map(), requestId: 'the-same-request-id' });
    const { runId } = await start();
    await start();
    await expect(fixture.cancel('nothing')).rejects.toMatchObject({ code: 'not_found' });
    expect(told(await audit({ action: 'run.started' }))).toEqual([`run.started ${runId} api -`]);
    expect(await audit({ action: 'run.cancel_requested' })).toEqual([]);
  });

  it('and filtered by action and by subject', async () => {
    const first = await fixture.run('jobs: { a: { run: x } }');
    await fixture.run('jobs: { a: { run: x } }');
    await fixture.cancel(first);
    expect((await audit({ action: 'run.started' })).length).toBe(2);
    expect(told(await audit({ subject: first }))).toEqual([
      `run.cancel_requested ${first} api -`,
      `run.started ${first} api -`,
    ]);
    expect(await audit({ action: 'run.started', subject: 'nothing' })).toEqual([]);
  });

  it('until it exceeds its retention time', async () => {
    await fixture.run('jobs: { a: { run: x } }');
    const before = (await audit()).length;
    await fixture.environment.advance(1_000);
    const beforeMs = fixture.environment.now();
    const late = await fixture.run('jobs: { a: { run: x } }');
    const { writer } = fixture.engine.context;
    expect(await writer.submit(pruneAuditOperation(), { beforeMs })).toBe(false);
    const left = await audit();
    expect(left.length).toBe(before);
    expect(left.map(({ subject }) => subject)).toContain(late);
    expect(left.every(({ atMs }) => atMs >= beforeMs)).toBe(true);
  });
});
