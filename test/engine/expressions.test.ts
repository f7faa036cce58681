// biome-ignore-all lint/suspicious/noTemplateCurlyInString: workflow expressions use this syntax
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EngineFixture } from '../support/engine-fixture.js';

let fixture: EngineFixture;

beforeEach(async () => {
  fixture = await new EngineFixture().start();
});

afterEach(() => fixture.end());

describe('texts with expressions', () => {
  it('are evaluated for each run, on inputs, needs, the run and the job', async () => {
    const run = await fixture.run(
      `
      env: { TOP: 'top of \${{ inputs.target }}', FIXED: plain }
      jobs:
        build: { run: make }
        deploy:
          needs: build
          name: Deploy \${{ needs.build.outputs.version }} to \${{ inputs.target }}
          labels: [linux, 'zone-\${{ inputs.zone }}']
          priority: \${{ fromJSON(inputs.priority) }}
          timeout: \${{ inputs.minutes }}m
          env:
            FIXED: own
            VERSION: \${{ needs.build.outputs.version }}
            WHO: "\${{ job.key }} \${{ job.attempt }} of \${{ run.workflow }}"
            LIST: \${{ fromJSON('[1,"a"]') }}
            LITERAL: $\${{ this }}
          retries: 1
          run: ./deploy.sh
    `,
      { target: "pro'd", zone: 'eu', priority: '7', minutes: '2' },
    );
    await fixture.complete(await fixture.claimed(), { version: '1.2' });
    expect(await fixture.claim({ labels: ['linux', 'zone-us'] })).toBeNull();
    const job = await fixture.claimed({ labels: ['linux', 'zone-eu'] });
    expect(job.spec).toMatchObject({
      name: "Deploy 1.2 to pro'd",
      labels: ['linux', 'zone-eu'],
      priority: 7,
      timeoutSecs: 120,
      env: {
        FIXED: 'own',
        TOP: "top of pro'd",
        VERSION: '1.2',
        WHO: 'deploy 0 of wf-1',
        LIST: '[1,"a"]',
        LITERAL: '${{ this }}',
      },
    });
    expect(job.spec.command).toBe(
      "export TOP='top of pro'\\''d'\nexport VERSION='1.2'\nexport WHO='deploy 0 of wf-1'\nexport LIST='[1,\"a\"]'\n" +
        "export FIXED='own'\nexport LITERAL='${{ this }}'\n./deploy.sh",
    );
    const shown = (await fixture.engine.workflowStatus(run)).jobs[1];
    expect(shown?.spec).toMatchObject({ name: "Deploy 1.2 to pro'd", labels: ['linux', 'zone-eu'], priority: 7 });
  });

  it('of a retry see its number', async () => {
    await fixture.run('jobs: { a: { run: x, retries: 1, env: { N: "${{ job.attempt }}" } } }');
    const first = await fixture.claimed();
    await fixture.fail(first, true);
    const second = await fixture.claimed();
    expect([first.spec.env.N, second.spec.env.N]).toEqual(['0', '1']);
  });

  it('of steps are compiled into the script', async () => {
    await fixture.run(
      `
      jobs:
        a:
          steps:
            - { run: one, env: { A: "\${{ inputs.x }}", B: b } }
            - { run: two }
    `,
      { x: "it's" },
    );
    const { spec } = await fixture.claimed();
    expect(spec.steps.map(({ env }) => env)).toEqual([{ B: 'b', A: "it's" }, {}]);
    expect(spec.command).toContain("wg_set B 'b'\nwg_set A 'it'\\''s'\n");
  });

  it('return the same values to a repeated claim', async () => {
    await fixture.run('jobs: { a: { run: x, name: "n ${{ run.id }}", labels: ["l-${{ inputs.l }}"] } }', { l: '1' });
    const claim = { labels: ['l-1'], requestId: 'a-request-of-a-worker' };
    const first = await fixture.claimed(claim);
    expect(await fixture.claimed(claim)).toEqual(first);
    expect(first.spec.labels).toEqual(['l-1']);
  });

  it('serve a waiting claim with labels that are new to the server', async () => {
    await fixture.run('jobs: { a: { run: x }, b: { run: y, needs: a, labels: "${{ needs.a.outputs.where }}" } }');
    const a = await fixture.claimed();
    const waiting = fixture.claimMany(1, { labels: ['gpu-7'], waitMs: 60_000, workerId: 'w2' });
    await fixture.complete(a, { where: 'gpu-7' });
    expect((await waiting).map(({ jobKey }) => jobKey)).toEqual(['b']);
  });

  it('survive a restart between the end of the needs and the claim', async () => {
    await fixture.run('jobs: { a: { run: x, labels: ["z-${{ inputs.z }}"], env: { Z: "${{ inputs.z }}" } } }', {
      z: '9',
    });
    await fixture.restart();
    expect((await fixture.claimed({ labels: ['z-9'] })).spec.env.Z).toBe('9');
  });
});

describe('an expression without a value', () => {
  for (const [fields, inputs, error] of [
    ['labels: ["${{ fromJSON(inputs.x) }}"]', { x: '[1]' }, 'labels[0]: a label must be a text, not a list'],
    [
      'labels: "${{ inputs.x }}"',
      { x: 'feature:workspace' },
      'labels: a label must not begin with "feature:", which is reserved',
    ],
    ['labels: "${{ inputs.x }}"', {}, 'labels: a label must be a text, not null'],
    ['labels: ["a", "${{ inputs.x }}"]', { x: '' }, 'labels[1]: the label is empty'],
    [
      'priority: "${{ inputs.x }}"',
      { x: 'high' },
      'priority: it must be a whole number from -1000 to 1000, not the text "high"',
    ],
    [
      'timeout: "${{ inputs.x }}"',
      { x: 'soon' },
      'timeout: it must be whole seconds from 1 to 2592000, or a text such as "90s", "5m" or "1h", not the text "soon"',
    ],
    ['env: { A: "${{ fromJSON(inputs.x) }}" }', { x: '{' }, 'env.A: fromJSON(): "{" is not JSON'],
    [
      'env: { A: "${{ inputs.x }}" }',
      { x: 'x'.repeat(65_537) },
      'env: the variables take 65538 bytes; at most 65536 are allowed',
    ],
    ['env: { A: "-${{ inputs.x }}" }', { x: 'x'.repeat(65_536) }, 'env.A: the text takes more than 65536 bytes'],
  ] as const) {
    it(`fails the job without an attempt: ${error.slice(0, 60)}`, async () => {
      const run = await fixture.run(`jobs:\n  a:\n    run: x\n    ${fields}\n  b: { run: x, needs: a }\n`, inputs);
      expect(await fixture.statuses(run)).toEqual({ a: 'failure', b: 'skipped' });
      const [reason] = (await fixture.engine.explainJob(run, 'a')).reasons;
      expect(reason?.reason).toEqual({ code: 'expression_failed', error });
      expect(await fixture.runState(run)).toBe('failure');
    });
  }

  it('is not evaluated if the job is skipped', async () => {
    const run = await fixture.run(
      'jobs: { a: { run: x }, b: { run: x, needs: a, priority: "${{ fromJSON(inputs.x) }}" } }',
      { x: 'no' },
    );
    await fixture.fail(await fixture.claimed());
    expect(await fixture.statuses(run)).toEqual({ a: 'failure', b: 'skipped' });
    expect((await fixture.engine.explainJob(run, 'b')).reasons[0]?.reason.code).toBe('needs_unsuccessful');
  });
});
