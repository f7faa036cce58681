// Parses how many tests passed and failed from the output of programs that run their own tests.

/** `npm run sim`: its last line about seeds. */
export function countSeeds(output) {
  const [, seeds = 0, broken = 0] = [...output.matchAll(/^(\d+) seeds, .* (\d+) broken/gm)].at(-1) ?? [];
  return { passed: Number(seeds) - Number(broken), failed: Number(broken) };
}

export function countGo(output) {
  const lines = output.split('\n');
  return {
    passed: lines.filter((line) => line.startsWith('--- PASS')).length,
    failed: lines.filter((line) => line.startsWith('--- FAIL')).length,
  };
}

/** pytest's summary. */
export function countPython(output) {
  const summary = output.match(/^=*.*\d+ (passed|failed).* in .*$/gm)?.at(-1) ?? '';
  const number = (word) => Number(summary.match(new RegExp(`(\\d+) ${word}`))?.[1] ?? 0);
  return { passed: number('passed'), failed: number('failed') + number('error') };
}

/** The sum over all its test programs. */
export function countCargo(output) {
  const results = [...output.matchAll(/^test result: \w+\. (\d+) passed; (\d+) failed/gm)];
  const sum = (at) => results.reduce((total, result) => total + Number(result[at]), 0);
  return { passed: sum(1), failed: sum(2) };
}

/** `12 passed, 0 failed`, the last of such lines. */
export function countClosingLine(output) {
  const [, passed = 0, failed = 0] = [...output.matchAll(/^(\d+) passed, (\d+) failed/gm)].at(-1) ?? [];
  return { passed: Number(passed), failed: Number(failed) };
}
