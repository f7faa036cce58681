import { spawnSync } from 'node:child_process';
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
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
  }, 600_000);

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
        'workflows.ci\\.yml=x',
      );
      expect(status, stderr).toBe(0);
      expect(kinds(stdout)).toEqual(['ConfigMap', 'Deployment', 'Deployment', 'Service']);
      const server = objects(stdout).find(({ kind, metadata }) => kind === 'Deployment' && metadata.name === 'flow');
      const env = server?.spec.template.spec.containers[0]?.env ?? [];
      const value = (name: string) => env.find((each) => each.name === name)?.value;
      expect(value('ALLOWED_HOSTS')).toBe('flow,flow.default.svc,a.example,b.example');
      expect([value('API_ONLY'), value('LOG_LEVEL')]).toEqual(['true', 'debug']);
    });

    it.each([
      [
        'a field that Kubernetes does not have',
        'templates/server.yaml',
        'periodSeconds: 2',
        'periodSecs: 2',
        'periodSecs',
      ],
      ['a value that has no default', 'templates/server.yaml', '.Values.replicas', '.Values.copies', 'copies'],
      ['a chart without a version', 'Chart.yaml', 'version: 0.1.0', '', 'version is required'],
    ])('would not be with %s', (_, file, from, to, said) => {
      const { status, stderr } = check('chart', changedChart(file, from, to));
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
    readonly template: {
      readonly spec: { readonly containers: readonly { env: readonly { name: string; value?: string }[] }[] };
    };
  };
}
