import { expect, test } from 'vitest';
import { sharedServer } from '../support/shared-server.js';
import { startWorkerProcess } from '../support/worker-process.js';

const workflow = `
name: Release
on: push
env: { CI: "true", LEVEL: top, ONLY: "it's \\"quoted\\" $HOME" }
jobs:
  publish:
    env: { LEVEL: job, VERSION: 1.10 }
    steps:
      - name: Sign
        run: |
          echo "$CI $LEVEL $KEY_ID"
          kept="from the first step"
          cd /
        env: { KEY_ID: release, LEVEL: step }
      - id: upload
        run: 'echo "$LEVEL \${KEY_ID-no key} $VERSION; $kept; $PWD"'
      - run: 'echo "$ONLY"; exit 0'
      - run: 'echo "::set-output done=yes"'
  broken:
    steps:
      - run: echo one
      - { name: Stops here, run: "exit 7" }
      - run: echo never
  plain:
    needs: publish
    env: { LEVEL: plain }
    run: 'echo "$CI $LEVEL $NEEDS_PUBLISH_DONE $WORKFLOW_GRAPH_RUN_ID $WORKFLOW_GRAPH_JOB_ID $WORKFLOW_GRAPH_ATTEMPT $INPUT_WHO"'
`;

test('steps run in order in one shell, are announced, and stop at the first failure; env is merged', async () => {
  const server = await sharedServer();
  const api = server.api();
  await startWorkerProcess(server);
  const run = await api.start(workflow, { who: 'me' });
  const ended = await api.ended(run);
  expect(ended).toMatchObject({ name: 'Release', trigger: 'push', state: 'failure' });
  expect(await api.logText(run, 'publish')).toBe(
    [
      '::step 1/4 Sign',
      'true step release',
      '::step 2/4 upload',
      'job no key 1.10; from the first step; /',
      '::step 3/4 echo "$ONLY"; exit 0',
      'it\'s "quoted" $HOME',
      '::step 4/4 echo "::set-output done=yes"',
      '::set-output done=yes',
      '',
    ].join('\n'),
  );
  expect(await api.logText(run, 'broken')).toBe('::step 1/3 echo one\none\n::step 2/3 Stops here\n');
  expect(await api.job(run, 'broken')).toMatchObject({
    status: 'failure',
    output: 'step 2/3 "Stops here": exit status 7',
    exit_code: 7,
  });
  expect(await api.logText(run, 'plain')).toBe(`true plain yes ${run} plain 0 me\n`);
});

test('output arrives while the job runs, both streams in order', async () => {
  const server = await sharedServer();
  const api = server.api();
  await startWorkerProcess(server);
  const run = await api.start({
    name: 'live',
    jobs: { talk: { run: 'echo one; sleep 0.3; echo two >&2; sleep 0.3; printf three; sleep 300' } },
  });
  await api.logMatch(run, 'talk', /three/);
  expect((await api.job(run, 'talk')).status).toBe('running');
  const logs = await api.logs(run, 'talk');
  expect(logs.map(({ stream, data }) => [stream, data])).toEqual([
    ['stdout', 'one\n'],
    ['stderr', 'two\n'],
    ['stdout', 'three'],
  ]);
  expect(logs.map(({ sequence }) => sequence)).toEqual([0, 1, 2]);
  await api.cancel(run);
  await api.ended(run);
});
