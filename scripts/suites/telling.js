// What is printed while suites run. One alone is shown as it goes. Of several at once each is shown as a block when it has
// ended; until then a line now and then says which are under way.

const remindEveryMs = 60_000;

/** @param isLive show what a suite prints at once, which only one at a time can */
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
    /** It is broken off: what the suites under way have printed is not lost. */
    breaksOff() {
      for (const [name, { output }] of running) line(`\n── ${name}, broken off\n${output.join('').trimEnd()}`);
    },
  };
}

function seconds(since) {
  return ((performance.now() - since) / 1000).toFixed(0);
}

function line(text) {
  process.stdout.write(`${text}\n`);
}
