import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ServerProcess } from '../server-process.js';
import { until } from '../until.js';

/** A workflow whose jobs end as their names say; some wait for a file that the test writes. */
export function smallWorkflow(folder: string): object {
  const waitFor = (name: string) => `while [ ! -e '${join(folder, name)}' ]; do sleep 0.05; done`;
  return {
    name: 'small',
    trigger: 'manual',
    jobs: [
      job('fetch', `echo fetched; ${waitFor('go')}`),
      job('build', `printf '\\033[32mgreen\\033[0m plain\\n'; for n in $(seq 1 400); do echo "line $n"; done`, [
        'fetch',
      ]),
      job('break', 'echo "registry said 403" >&2; exit 3', ['fetch']),
      job('after', 'echo never', ['break']),
    ],
  };
}

/** A workflow with many jobs. Some require a label that no worker has. */
export function wideWorkflow(jobs: number, name = 'wide'): object {
  const tests = Array.from({ length: jobs - 2 }, (_, n) => ({
    ...job(`test-${n}`, 'true', ['prepare']),
    required_labels: n % 25 === 7 ? ['gpu'] : [],
  }));
  return {
    name,
    trigger: 'manual',
    jobs: [job('prepare', 'true'), ...tests, job('report', 'true', ['test-0', 'test-1'])],
  };
}

/** Markup and control characters in every text that a page shows. */
export function hostileWorkflow(): object {
  const markup = '<img src=x onerror="document.title=1">';
  return {
    name: `${markup} \u202egnp`,
    trigger: 'manual',
    jobs: [
      job(
        'markup',
        `printf '%s\\n' '<script>document.title=2</script>' '\\033]8;;javascript:alert(1)\\033\\\\link' 'a\u202eb'; exit 1`,
        [],
        markup,
      ),
    ],
  };
}

function job(id: string, command: string, depends_on: string[] = [], name = id): object {
  return { id, name, command, depends_on, required_labels: [], max_retries: 0 };
}

export function letGo(folder: string): void {
  writeFileSync(join(folder, 'go'), '');
}

/** Waits until a run is in a state. */
export function runIs(
  server: ServerProcess,
  run: string,
  state: string,
  token: string | null = null,
): Promise<unknown> {
  return until(`run ${run} is ${state}`, async () => {
    const { body } = await server.api(token).get(`/api/workflows/${run}/status`);
    return (body as { state?: string }).state === state;
  });
}

/** A workflow that declares an input of each type. */
export const deployFile = `name: Deploy a service
on: manual
inputs:
  target: { type: choice, options: [staging, production], default: staging, description: Where to deploy }
  dry_run: { type: boolean, default: false }
  replicas: { type: number, integer: true, min: 1, max: 20, required: true }
  note: { max_length: 20, description: Shown with the run }
  regions: { type: json }
jobs:
  build: { run: 'true' }
  deploy:
    needs: build
    run: 'echo "$INPUT_TARGET"'
`;

/** A workflow with a job that fails until the test writes the file `mended`, and a job that needs it. */
export function mendableWorkflow(folder: string): object {
  return {
    name: 'mendable',
    trigger: 'manual',
    jobs: [
      job('fetch', 'echo fetched'),
      job('test', `test -e '${join(folder, 'mended')}' || { echo "connection refused" >&2; exit 4; }`, ['fetch']),
      job('report', 'echo fine', ['test']),
    ],
  };
}

/** A job with a matrix whose last child fails once the test releases the children, and a job that needs it. */
export function matrixFile(folder: string): string {
  return `name: matrix
on: manual
jobs:
  test:
    strategy:
      fail-fast: false
      matrix: { os: [linux, mac], n: [1, 2, 3] }
    run: |
      while [ ! -e '${join(folder, 'go')}' ]; do sleep 0.05; done
      echo "checked $MATRIX_OS"
      if [ "$MATRIX_OS$MATRIX_N" = mac3 ]; then echo "no such disk" >&2; exit 7; fi
  report: { needs: test, if: always(), run: echo fine }
`;
}

/**
 * A run with a failed job, jobs that wait for a label that no worker has, and many that the failure skips: only two of its
 * jobs run.
 */
export function brokenWideWorkflow({ jobs, waiting }: { jobs: number; waiting: number }): object {
  const wait = Array.from({ length: waiting }, (_, n) => ({
    ...job(`train-${n}`, 'true', ['fetch']),
    required_labels: ['gpu'],
  }));
  const skipped = Array.from({ length: jobs - waiting - 2 }, (_, n) => job(`publish-${n}`, 'true', ['compile']));
  return {
    name: 'release',
    trigger: 'manual',
    jobs: [
      job('fetch', 'true'),
      job('compile', 'echo "starting"; echo "registry said 403" >&2; exit 3', ['fetch']),
      ...wait,
      ...skipped,
    ],
  };
}
