import type { EngineFixture } from '../support/engine-fixture.js';

/** The objects that the calls of a test refer to. */
export interface ServedWorld {
  /** A run in progress with jobs in many states. */
  readonly run: string;
  /** The lease of its job `build`. */
  readonly lease: string;
  /** A lease that has expired. */
  readonly expired: string;
  /** A run whose job `stopped` was cancelled while it ran. */
  readonly cancelled: string;
  /** A workflow that was created over the API. */
  readonly created: string;
  /** The number of the label set of the job that waits for a worker. */
  readonly labelSet: number;
  readonly backfill: string;
  /** Page tokens, by list. */
  readonly next: Readonly<
    Record<'audit' | 'gates' | 'runs' | 'history' | 'schedules' | 'summaries' | 'variables' | 'versions', string>
  >;
}

const ci = `
name: CI
on: { schedule: [{ id: nightly, cron: '30 2 * * *', inputs: { who: night } }, { id: weekly, cron: '@weekly' }] }
run-name: Build for \${{ inputs.who }}
inputs:
  who: { description: Who wants it, default: me }
  target: { type: choice, options: [staging, production], default: staging }
env: { CI: true }
jobs:
  prepare: { run: make prepare }
  check: { run: make check }
  build:
    name: Build
    needs: prepare
    steps: [{ id: compile, run: make, env: { KEY: a } }, { run: make install }]
    retries: 2
    backoff: { exponential: { base: 1, max: 8, jitter: false } }
    timeout: 10m
    priority: -3
    metadata: { team: a, deep: [1, { b: null }] }
  test: { needs: build, run: make test, strategy: { matrix: { node: [22, 24] } } }
  lint: { run: make lint, labels: linux }
  docs: { run: make docs, labels: linux }
  train: { run: make train, labels: gpu, priority: 2 }
`;

const allRuns = {
  workflows: [],
  states: [],
  createdAfterMs: null,
  createdBeforeMs: null,
  startedBy: '',
  query: '',
  limit: 1,
  pageToken: '',
  withDetails: false,
};

const line = (sequence: number, data: string, stream: 'stdout' | 'stderr') =>
  ({ runId: '', jobKey: '', sequence, data, timestampMs: 1_700_000_000_123, stream }) as const;

export async function makeWorld(fixture: EngineFixture): Promise<ServedWorld> {
  const { engine, environment, caller } = fixture;
  await fixture.define(
    'name: Other\njobs: { expired: { run: x }, stopped: { run: x, needs: expired, if: always() } }\n',
    'other',
  );
  const { runId: cancelled } = await fixture.startRun('other');
  const expired = await fixture.claimed();
  await environment.advance(40_000);
  await fixture.claimed();
  await fixture.cancel(cancelled);

  await fixture.define('name: Deploy\nconcurrency: deploy\njobs: { deploy: { run: x, labels: prod } }\n', 'deploy');
  await fixture.define('name: Dry\nconcurrency: depots\njobs: { dry: { run: x, labels: prod } }\n', 'depots');
  for (const id of ['deploy', 'deploy', 'depots']) await fixture.startRun(id);
  const { id: created } = await engine.createWorkflow({
    caller,
    text: Buffer.from('name: Created\njobs: { a: { run: x } }\n'),
    format: 'yaml',
    requestId: null,
  });

  await fixture.define('name: Earlier\njobs: { a: { run: x } }\n', 'ci');
  await fixture.define(ci, 'ci');
  for (const name of ['area', 'region'])
    await engine.setVariable({ caller, name, workflow: 'ci', value: `the ${name}` });
  for (let i = 0; i < 3; i++) await fixture.cancel((await fixture.startRun('ci', { who: 'an earlier one' })).runId);
  const inputs = new Map([['who', 'them']]);
  const bot = { credential: 'id-of-bot' };
  const { runId: run } = await engine.startRun({ caller: bot, id: 'ci', inputs, requestId: null });
  await engine.registerWorker({
    caller,
    workerId: 'w1',
    labels: ['linux'],
    onlyLabelled: false,
    slots: 2,
    version: '1.2',
  });
  const [prepare, check] = await fixture.claimMany(2);
  if (prepare === undefined || check === undefined) throw new Error('two jobs are claimable');
  await environment.advance(1_500);
  await fixture.complete(prepare, { version: '1.2.3', ['__proto__']: 'kept' });
  await fixture.fail(check, false, 'exit 1', 1);
  const build = await fixture.claimed({ leaseTtlSecs: 60 });
  await engine.pushLogs(caller, build.leaseId, [line(1, 'an Error\nx', 'stdout'), line(2, 'y\nError\n', 'stderr')]);

  const backfill = await engine.createBackfill({
    caller,
    workflow: 'ci',
    schedule: 'nightly',
    fromMs: 1,
    toMs: 2,
    maxLive: 1,
    order: 'oldest',
    again: false,
    dryRun: false,
  });
  const { labelSets } = await engine.queue();
  return {
    run,
    lease: build.leaseId,
    expired: expired.leaseId,
    cancelled,
    created,
    backfill: backfill.id,
    labelSet: labelSets.find(({ labels }) => labels.includes('gpu'))?.labelSet ?? 0,
    next: {
      audit: (await engine.listAudit({ limit: 1, action: 'run.started', subject: '', pageToken: '' })).nextPageToken,
      gates: (await engine.listGates({ prefix: 'dep', limit: 1, pageToken: '' })).nextPageToken,
      runs: (await engine.listRuns({ ...allRuns, workflows: ['ci'] })).nextPageToken,
      history: (await engine.jobHistory({ workflow: 'ci', limit: 1, pageToken: '' })).nextPageToken,
      schedules: (await engine.listSchedules({ workflow: '', limit: 1, pageToken: '' })).nextPageToken,
      summaries: (await engine.listWorkflowSummaries({ limit: 1, pageToken: '', query: 'c' })).nextPageToken,
      versions: (await engine.listVersions({ workflow: 'ci', limit: 1, pageToken: '' })).nextPageToken,
      variables: (await engine.listVariables({ workflow: 'ci', limit: 1, pageToken: '' })).nextPageToken,
    },
  };
}
