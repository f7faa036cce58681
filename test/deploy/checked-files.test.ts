import { spawnSync } from 'node:child_process';
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { scaled } from '../support/machine.js';
import { temporaryFolder } from '../support/temporary-folder.js';

/**
 * The files of deploy/ as Docker Compose, Helm and Kubernetes themselves read them: deploy/check is a program over the
 * libraries of these, so that none of them has to be installed, only Go. It is built once, which takes about a minute of
 * processor time the first time.
 */
const deploy = join(import.meta.dirname, '../../deploy');
const chart = join(deploy, 'helm/workflow-graph');
const program = join(deploy, 'check/bin/check');

const hasGo = spawnSync('go', ['version'], { stdio: 'ignore' }).status === 0;
const isCi = process.env.CI === 'true';
if (!hasGo && !isCi) {
  console.warn('NOT RUN, for want of Go: whether Docker Compose, Helm and Kubernetes take the files of deploy/');
}

interface Answer {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function check(...args: readonly string[]): Answer {
  const env = { ...process.env, POSTGRES_PASSWORD: 'x' };
  return spawnSync(program, args, { encoding: 'utf8', env });
}

/** A copy of the chart in which one file says something else. */
function changedChart(file: string, from: string, to: string): string {
  const folder = join(temporaryFolder(), 'workflow-graph');
  cpSync(chart, folder, { recursive: true });
  const path = join(folder, file);
  const text = readFileSync(path, 'utf8');
  expect(text).toContain(from);
  writeFileSync(path, text.replace(from, to));
  return folder;
}

describe.runIf(hasGo || isCi)('the files of deploy/', () => {
  beforeAll(() => {
    const built = spawnSync('go', ['build', '-o', program, '.'], { cwd: join(deploy, 'check'), encoding: 'utf8' });
    expect(built.status, built.error?.message ?? built.stderr).toBe(0);
  }, scaled(600_000));

  it('are checked by a program whose source is formatted', () => {
    const { stdout, stderr } = spawnSync('gofmt', ['-l', join(deploy, 'check')], { encoding: 'utf8' });
    expect(stdout + stderr).toBe('');
  });

  describe('for Compose', () => {
    it('are loaded by it', () => {
      const { status, stdout, stderr } = check('compose', join(deploy, 'compose/compose.yaml'));
      expect(status, stderr).toBe(0);
      expect(stdout.trim()).toBe('[balancer database server]');
    });

    it('would not be with a field that there is not', () => {
      const file = join(temporaryFolder(), 'compose.yaml');
      writeFileSync(file, 'services: { server: { image: x, restarts: always } }');
      const { status, stderr } = check('compose', file);
      expect(status).toBe(1);
      expect(stderr).toContain('restarts');
    });
  });

  describe('for Helm', () => {
    it('are a chart without a warning, of objects that Kubernetes has', () => {
      const { status, stdout, stderr } = check('chart', chart);
      expect(status, stderr).toBe(0);
      expect(kinds(stdout)).toEqual(['ConfigMap', 'Deployment', 'Service']);
    });

    it('stay so with every value changed, and set what the values say', () => {
      const changes = ['scheduler.enabled=true', 'allowedHosts={a.example,b.example}', 'database.listenKey=listen'];
      const { status, stdout, stderr } = check(
        'chart',
        chart,
        ...changes,
        'env.LOG_LEVEL=debug',
        'workers.pools[0].name=gpu',
        'workers.pools[0].slots=4',
        'workers.pools[0].labels={gpu,linux}',
        'workers.pools[0].onlyLabelled=true',
        'workflows.ci\\.yml=x',
      );
      expect(status, stderr).toBe(0);
      expect(kinds(stdout)).toEqual(['ConfigMap', 'Deployment', 'Deployment', 'Deployment', 'Service']);
      const envOf = (name: string) => {
        const found = objects(stdout).find(({ kind, metadata }) => kind === 'Deployment' && metadata.name === name);
        const env = found?.spec.template.spec.containers[0]?.env ?? [];
        return (variable: string) => env.find((each) => each.name === variable)?.value;
      };
      const worker = objects(stdout).find(({ metadata }) => metadata.name === 'flow-worker-gpu')?.spec.template.spec;
      expect(worker?.containers[0]).toMatchObject({
        readinessProbe: { exec: { command: ['sh', '-c', expect.stringContaining('/tmp/workflow-graph-worker ')] } },
        livenessProbe: {
          exec: { command: ['sh', '-c', expect.stringContaining('/tmp/workflow-graph-worker-alive ')] },
        },
      });
      const value = envOf('flow');
      const ofWorker = envOf('flow-worker-gpu');
      expect(['SERVER_URL', 'WORKER_SLOTS', 'WORKER_LABELS', 'WORKER_ONLY_LABELLED'].map(ofWorker)).toEqual([
        'http://flow:3000',
        '4',
        'gpu,linux',
        'true',
      ]);
      expect(value('ALLOWED_HOSTS')).toBe('flow,flow.default.svc,a.example,b.example');
      expect([value('API_ONLY'), value('LOG_LEVEL')]).toEqual(['true', 'debug']);
    });

    it('let KEDA scale a pool by the jobs that wait and that it may run', () => {
      const pool = ['name=gpu', 'slots=4', 'labels={gpu,node18.x}', 'autoscale.max=20'];
      const values = pool.map((value) => `workers.pools[0].${value}`);
      const waiting = (...more: string[]) => {
        const { status, stdout, stderr } = check(
          'chart',
          chart,
          ...values,
          'workers.prometheus=http://prometheus',
          ...more,
        );
        expect(status, stderr).toBe(0);
        const scaled = objects(stdout).find(({ kind }) => kind === 'ScaledObject');
        expect(scaled?.spec).toMatchObject({
          minReplicaCount: 0,
          maxReplicaCount: 20,
          scaleTargetRef: { name: 'flow-worker-gpu' },
        });
        expect(stdout).not.toMatch(/name: flow-worker-gpu\n(?:.*\n){4}spec:\n {2}replicas/);
        const { query = '', threshold } = scaled?.spec.triggers?.[0]?.metadata ?? {};
        expect(threshold).toBe('4');
        return new RegExp(`^(?:${/=~`(.*)`/.exec(query)?.[1]})$`);
      };
      const each = ['', 'gpu', 'node18.x', 'gpu,node18.x', 'linux', 'gpu,linux', 'node18-x'];
      expect(each.filter((labels) => waiting().test(labels))).toEqual(['', 'gpu', 'node18.x', 'gpu,node18.x']);
      const labelled = waiting('workers.pools[0].onlyLabelled=true');
      expect(each.filter((labels) => labelled.test(labels))).toEqual(['gpu', 'node18.x', 'gpu,node18.x']);

      const { status, stderr } = check('chart', chart, ...values);
      expect([status, stderr]).toEqual([1, expect.stringContaining('workers.prometheus is the address')]);
    });

    it.each<[string, string, string, string, string, string[]?]>([
      [
        'a field that KEDA does not have',
        'templates/workers.yaml',
        'cooldownPeriod:',
        'coolPeriod:',
        'coolPeriod',
        ['workers.pools[0].name=x', 'workers.pools[0].autoscale.max=2', 'workers.prometheus=x'],
      ],
      [
        'a field that Kubernetes does not have',
        'templates/server.yaml',
        'periodSeconds: 2',
        'periodSecs: 2',
        'periodSecs',
      ],
      ['a value that has no default', 'templates/server.yaml', '.Values.replicas', '.Values.copies', 'copies'],
      ['a chart without a version', 'Chart.yaml', 'version: 0.1.0', '', 'version is required'],
    ])('would not be with %s', (_, file, from, to, said, changes = []) => {
      const { status, stderr } = check('chart', changedChart(file, from, to), ...changes);
      expect(status).toBe(1);
      expect(stderr).toContain(said);
    });
  });
});

function objects(text: string): KubernetesObject[] {
  return parseAllDocuments(text).map((document) => document.toJS() as KubernetesObject);
}

function kinds(text: string): string[] {
  return objects(text)
    .map(({ kind }) => kind)
    .sort();
}

/** As much of an object as is looked at. */
interface KubernetesObject {
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly spec: {
    readonly triggers?: readonly { readonly metadata: Readonly<Record<string, string>> }[];
    readonly template: {
      readonly spec: { readonly containers: readonly { env: readonly { name: string; value?: string }[] }[] };
    };
  };
}
