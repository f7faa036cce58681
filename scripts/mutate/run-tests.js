import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const runner = fileURLToPath(new URL('./test-runner.js', import.meta.url));

/** With `CI` some tests are larger; and this avoids measuring the machine for each run. */
const { CI: _, TEST_TIME_FACTOR: timeFactor = '4', ...withoutCi } = process.env;

/** Runs tests in the copy, one after the other; a run that exceeds its time limit is killed. */
export class TestRuns {
  #folder;
  #limitMs;
  #child = null;

  constructor(folder, limitMs) {
    this.#folder = folder;
    this.#limitMs = limitMs;
  }

  /**
   * Whether the tests pass; null if they exceed the time limit.
   *
   * @param {readonly string[]} changed files that differ from the previous run
   * @param {readonly string[]} tests
   */
  async run(changed, tests) {
    const child = await this.#started();
    child.send({ changed, tests });
    const timer = setTimeout(() => this.stop(), this.#limitMs);
    const answered = new AbortController();
    const { signal } = answered;
    const answer = await Promise.race(
      ['message', 'exit'].map((event) => once(child, event, { signal }).catch(() => [])),
    );
    answered.abort();
    clearTimeout(timer);
    return answer[0]?.passed ?? null;
  }

  stop() {
    if (this.#child === null) return;
    try {
      // Including its workers.
      process.kill(-this.#child.pid, 'SIGKILL');
    } catch {
      // It has exited.
    }
    this.#child = null;
  }

  async #started() {
    if (this.#child !== null && this.#child.exitCode === null) return this.#child;
    this.#child = fork(runner, [], {
      cwd: this.#folder,
      detached: true,
      stdio: 'ignore',
      env: { ...withoutCi, TEST_TIME_FACTOR: timeFactor },
    });
    const child = this.#child;
    const [event] = await Promise.race([
      once(child, 'message').then(() => ['ready']),
      once(child, 'exit').then(([code, signal]) => [`ended with ${code ?? signal}`]),
    ]);
    if (event !== 'ready') throw new Error(`${runner} ${event} before it was ready`);
    return child;
  }
}
