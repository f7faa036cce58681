import type { Job } from '@workflow-graph/client';
import { expect, test } from 'vitest';
import { groupCauses } from '../../src/cli/why-run/causes.js';

function job(id: string, status: Job['status'], depends_on: readonly string[] = [], more: Partial<Job> = {}): Job {
  return {
    id,
    name: id,
    status,
    command: 'x',
    duration_secs: null,
    started_at: null,
    depends_on,
    output: null,
    required_labels: [],
    max_retries: 0,
    attempt: 0,
    metadata: {},
    ...more,
  };
}

const described = (jobs: readonly Job[]) =>
  groupCauses(jobs).map((group) => [group.kind, group.jobs.map(({ id }) => id).join(), group.roots.join()]);

test('root causes come before their consequences, and equal reasons form one group', () => {
  const jobs = [
    job('deploy', 'skipped', ['image']),
    job('image', 'skipped', ['unit', 'lint']),
    job('unit', 'failure', [], { output: 'exit status 1\nmore' }),
    job('lint', 'failure', [], { output: 'exit status 1' }),
    job('types', 'failure', [], { output: 'exit status 2' }),
    job('docs', 'success'),
    job('notify', 'skipped', ['unit'], { if: "inputs.to == 'all'" }),
  ];
  expect(described(jobs)).toEqual([
    ['failed', 'unit,lint', ''],
    ['failed', 'types', ''],
    ['condition', 'notify', 'unit'],
    ['skipped', 'deploy,image', 'unit,lint'],
  ]);
});

test('waiting jobs are grouped by the jobs that block all of them', () => {
  const jobs = [
    job('build', 'running'),
    job('gpu-1', 'queued', [], { required_labels: ['gpu', 'linux'] }),
    job('gpu-2', 'queued', [], { required_labels: ['linux', 'gpu'] }),
    job('retry', 'queued', [], { delayed_until_ms: 5, output: 'boom' }),
    job('test', 'queued', ['build', 'done']),
    job('pack', 'queued', ['test']),
    job('done', 'success'),
  ];
  expect(described(jobs)).toEqual([
    ['claimable', 'gpu-1,gpu-2', ''],
    ['delayed', 'retry', ''],
    ['running', 'build', ''],
    ['blocked', 'test,pack', 'build'],
  ]);
});

test('a run with very many jobs takes time linear in its edges', () => {
  const roots = Array.from({ length: 1_000 }, (_, at) => job(`root-${at}`, 'queued'));
  const names = roots.map(({ id }) => id);
  const all = [...roots, ...Array.from({ length: 200 }, (_, at) => job(`leaf-${at}`, 'queued', names))];
  const chain = Array.from({ length: 20_000 }, (_, at) => job(`c-${at}`, 'queued', at === 0 ? names : [`c-${at - 1}`]));
  const [claimable, blocked] = groupCauses([...all, ...chain]);
  expect(claimable?.jobs).toHaveLength(1_000);
  expect(blocked?.jobs).toHaveLength(20_200);
  expect(blocked?.roots).toEqual(['root-0', 'root-1', 'root-2', 'root-3']);
  expect(blocked?.moreRoots).toBe(true);
});
