// biome-ignore-all lint/suspicious/noTemplateCurlyInString: workflow expressions use this syntax
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { limits } from '../../src/domain/limits.js';
import { EngineFixture } from '../support/engine-fixture.js';
import { claimChildren } from '../support/matrix-children.js';

let fixture: EngineFixture;

beforeEach(async () => {
  fixture = await new EngineFixture().start();
});

afterEach(() => fixture.end());

const set = (name: string, value: string, workflow = '') =>
  fixture.engine.setVariable({ caller: fixture.caller, name, value, workflow });
const remove = (name: string, workflow = '') =>
  fixture.engine.deleteVariable({ caller: fixture.caller, name, workflow });
const listed = async (workflow = '', limit = 100, pageToken = '') => {
  const page = await fixture.engine.listVariables({ workflow, limit, pageToken });
  return { names: page.variables.map(({ name, workflow }) => `${workflow}/${name}`), next: page.nextPageToken };
};
const keptWith = async (run: string) => {
  const rows = await fixture.store.read.query(`select vars from runs where id = '${run}'`, []);
  return (rows as unknown as { vars: string | null }[])[0]?.vars;
};

const file = 'jobs: { a: { run: x, env: { REGION: "${{ vars.region }}" } } }';

describe('a variable', () => {
  it("is visible to runs that start after it was set; a workflow's variable takes precedence over the server's", async () => {
    const id = await fixture.define(file);
    await set('region', 'eu');
    await fixture.startRun(id);
    await set('region', 'us', id);
    await fixture.startRun(id);
    await remove('region', id);
    await fixture.startRun(id);
    await remove('region');
    await fixture.startRun(id);
    const jobs = await fixture.claimMany(4);
    expect(jobs.map(({ spec }) => spec.env.REGION)).toEqual(['eu', 'us', 'eu', '']);
  });

  it('is seen by the children of a matrix, in what their creation decides', async () => {
    await set('pool', 'blue');
    await set('urgency', '7');
    await fixture.run(`
      jobs:
        test:
          strategy: { matrix: { n: [1, 2] } }
          labels: ['\${{ vars.pool }}']
          priority: \${{ vars.urgency }}
          name: \${{ vars.pool }} \${{ matrix.n }}
          run: x
    `);
    const children = await claimChildren(fixture, 2, ['blue']);
    expect(children.map(({ spec }) => [spec.labels, spec.priority, spec.name])).toEqual([
      [['blue'], 7, 'blue 1'],
      [['blue'], 7, 'blue 2'],
    ]);
  });

  it('is not seen by other workflows when it belongs to one', async () => {
    const one = await fixture.define(file, 'one');
    const other = await fixture.define(file, 'other');
    await set('region', 'us', one);
    await fixture.startRun(other);
    expect((await fixture.claimed()).spec.env.REGION).toBe('');
  });

  it('keeps its value for a run that has started: for later jobs, retries, re-runs, and after a restart', async () => {
    const id = await fixture.define(`
      jobs:
        a: { run: x, retries: 1, env: { REGION: "\${{ vars.region }}" } }
        b: { needs: a, if: "always() && vars.region == 'eu'", run: x, env: { REGION: "\${{ vars.region }}" } }
    `);
    await set('region', 'eu');
    const { runId } = await fixture.startRun(id);
    await set('region', 'us');
    await fixture.fail(await fixture.claimed(), true);
    await fixture.restart();
    const retry = await fixture.claimed();
    await fixture.fail(retry, false);
    const second = await fixture.claimed();
    expect([retry, second].map(({ spec }) => spec.env.REGION)).toEqual(['eu', 'eu']);
    await fixture.complete(second);
    const { caller } = fixture;
    await fixture.engine.rerunRun({
      caller,
      id: runId,
      failed: true,
      jobs: [],
      dependants: true,
      force: false,
      dryRun: false,
      requestId: null,
    });
    expect((await fixture.claimed()).spec.env.REGION).toBe('eu');
  });

  it('has a value in every place of a file that accepts expressions', async () => {
    await set('region', 'eu');
    const id = await fixture.define(
      `
      run-name: to \${{ vars.region }}
      on: { schedule: [{ cron: "0 1 * * *", inputs: { where: "\${{ vars.region }} at \${{ run.scheduled_at }}" } }] }
      concurrency: deploy-\${{ vars.region }}
      env: { TOP: "\${{ vars.region }}" }
      jobs:
        a:
          if: vars.region == 'eu'
          name: in \${{ vars.region }}
          labels: ["zone-\${{ vars.region }}"]
          priority: \${{ length(vars.region) }}
          timeout: \${{ length(vars.region) }}m
          steps: [{ run: x, env: { STEP: "\${{ vars.region }}" } }]
    `,
      'w',
    );
    const { runId } = await fixture.startRun(id);
    const job = await fixture.claimed({ labels: ['zone-eu'] });
    expect(job.spec).toMatchObject({ name: 'in eu', labels: ['zone-eu'], priority: 2, timeoutSecs: 120 });
    expect(job.spec.env.TOP).toBe('eu');
    expect(job.spec.steps[0]?.env.STEP).toBe('eu');
    const { run } = await fixture.engine.workflowStatus(runId);
    expect(run).toMatchObject({ runName: 'to eu', group: 'deploy-eu' });
    await fixture.complete(job);
    await fixture.environment.advance(61 * 60_000);
    const scheduled = await fixture.claimed({ labels: ['zone-eu'] });
    expect(scheduled.inputs.get('where')).toBe('eu at 2026-01-01T01:00:00Z');
  });

  it('is among the values of a condition that "why" shows', async () => {
    await set('quiet', 'yes');
    const run = await fixture.run("jobs: { a: { run: x, if: vars.quiet != 'yes' } }");
    const { reasons } = await fixture.engine.explainJob(run, 'a');
    expect(reasons[0]?.sentence).toContain('vars.quiet is "yes"');
  });

  it('costs nothing for a run whose file uses none', async () => {
    await set('region', 'eu');
    expect(await keptWith(await fixture.run('jobs: { a: { run: x } }'))).toBeNull();
    expect(await keptWith(await fixture.run(file))).toBe('{"region":"eu"}');
    await remove('region');
    expect(await keptWith(await fixture.run(file))).toBeNull();
  });
});

describe('setting variables', () => {
  it('is recorded in the audit log, and repeating it changes nothing', async () => {
    const id = await fixture.define(file, 'w');
    await set('region', 'eu');
    await set('region', 'eu');
    await set('region', 'us', id);
    await remove('region', id);
    const { events } = await fixture.engine.listAudit({ limit: 9, pageToken: '', action: '', subject: 'region' });
    expect(events.map(({ action, data }) => `${action} ${data}`)).toEqual([
      'variable.deleted {"workflow":"w"}',
      'variable.set {"workflow":"w"}',
      'variable.set null',
    ]);
  });

  it('is refused for an unknown workflow or variable, and for an invalid name or value', async () => {
    await expect(set('region', 'eu', 'nope')).rejects.toThrow('workflow "nope" does not exist');
    await expect(remove('region')).rejects.toThrow('variable "region" of the server does not exist');
    await expect(fixture.engine.variable({ name: 'x', workflow: '' })).rejects.toThrow('does not exist');
    await expect(set('a b', 'eu')).rejects.toThrow(
      'name: the name of a variable must begin with a letter or "_", then letters, digits, "_" and "-"',
    );
    await set('n'.repeat(limits.variableNameChars), 'x'.repeat(limits.variableValueBytes));
    await expect(set('n'.repeat(limits.variableNameChars + 1), '')).rejects.toThrow('has 101 characters');
    await expect(set('a', 'x'.repeat(limits.variableValueBytes + 1))).rejects.toThrow('takes 65537 bytes');
    await expect(set('a', 'a\u0000')).rejects.toThrow('U+0000');
  });

  it("is refused beyond the server's limit of variables", async () => {
    const values = `with recursive g(i) as (select 1 union all select i + 1 from g where i < ${limits.variables})
      insert into variables (workflow, name, value, changed_at_ms) select 0, 'v' || i, '', 0 from g`;
    await fixture.store.transact(async (connection) => connection.query(values, []));
    await set('v1', 'changed');
    await expect(set('one-more', '')).rejects.toThrow('the server has 10000 variables, which is the most');
    await remove('v1');
    await set('one-more', '');
  });
});

describe('a start', () => {
  it('is refused if the variables that the run would keep are too large', async () => {
    const names = ['a', 'b', 'c', 'd', 'e'];
    const id = await fixture.define(
      `jobs: { j: { run: x, if: "${names.map((n) => `vars.${n} == ''`).join(' || ')}" } }`,
    );
    for (const name of names) await set(name, 'x'.repeat(limits.variableValueBytes - (name === 'e' ? 4 : 1)));
    await expect(fixture.startRun(id)).rejects.toThrow('vars: the variables that the workflow names take');
    await set('e', '');
    await set('d', 'x'.repeat(limits.variableValueBytes - 2));
    await fixture.startRun(id);
  });
});

describe('the list', () => {
  it("has the server's variables first, then those of each workflow, page by page", async () => {
    const id = await fixture.define(file, 'w');
    for (const name of ['b', 'a', 'c']) await set(name, name);
    await set('a', 'own', id);
    expect(await listed()).toEqual({ names: ['/a', '/b', '/c', 'w/a'], next: '' });
    expect(await listed(id)).toEqual({ names: ['w/a'], next: '' });
    const first = await listed('', 3);
    expect(first.names).toEqual(['/a', '/b', '/c']);
    expect(await listed('', 3, first.next)).toEqual({ names: ['w/a'], next: '' });
    await expect(listed('nope')).rejects.toThrow('workflow "nope" does not exist');
    await expect(listed('', 3, 'x')).rejects.toThrow('page_token');
  });

  it('has shorter pages if values are large', async () => {
    for (let at = 0; at < 20; at++) await set(`v${at}`, 'x'.repeat(limits.variableValueBytes));
    const first = await listed();
    expect(first.names.length).toBeGreaterThan(5);
    expect(first.names.length).toBeLessThan(20);
    expect([...first.names, ...(await listed('', 100, first.next)).names]).toHaveLength(20);
  });
});
