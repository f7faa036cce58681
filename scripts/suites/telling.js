// The output while suites run. A single suite is shown live. Of several concurrent ones each is shown as a block when
// it has ended; until then a periodic line names those in progress.

const remindEveryMs = 60_000;

/** @param isLive show a suite's output immediately, which only one at a time can */
export function tellerOf(isLive) {
  const begunAt = performance.now();
  const running = new Map();
  const reminder = isLive ? undefined : setInterval(remind, remindEveryMs);

  function remind() {
    const names = [...running].map(([name, { since }]) => `${name} (${seconds(since)} s)`);
    line(`   ${seconds(begunAt)} s: ${names.join(', ')}`);
  }

  return {
    begins(name) {
      running.set(name, { since: performance.now(), output: [] });
      if (isLive) line(`\n── ${name}`);
      else line(`── ${name} begins, at ${seconds(begunAt)} s`);
    },
    shows(name, text) {
      if (isLive) process.stdout.write(text);
      else running.get(name)?.output.push(text);
    },
    ends(name, { passed, failed }) {
      const { since, output } = running.get(name);
      running.delete(name);
      if (!isLive) line(`\n── ${name}\n${output.join('').trimEnd()}`);
      line(`── ${name}: ${passed} passed, ${failed} failed, ${seconds(since)} s${isLive ? '' : '\n'}`);
    },
    /** All have ended. */
    closes() {
      clearInterval(reminder);
      return seconds(begunAt);
    },
    /** The run is interrupted: the output of the suites in progress is printed. */
    breaksOff() {
      for (const [name, { output }] of running) line(`\n── ${name}, interrupted\n${output.join('').trimEnd()}`);
    },
  };
}

function seconds(since) {
  return ((performance.now() - since) / 1000).toFixed(0);
}

function line(text) {
  process.stdout.write(`${text}\n`);
}
