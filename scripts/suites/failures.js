// The names and messages of failed tests, printed again at the end of the run, where the last screen of a log shows them.

const linesMax = 40;
const lineMax = 400;

/** From a report of vitest: each failed test, and each file or error outside of any test, with its failure. */
export function failuresOfVitest({ testResults }) {
  return testResults.flatMap(({ name: file, message, status, assertionResults }) => {
    const failed = assertionResults.filter((test) => test.status === 'failed');
    const ofTests = failed.map(({ fullName, failureMessages }) =>
      describe(`${file}: ${fullName}`, failureMessages.join('\n')),
    );
    return status === 'failed' && failed.length === 0 ? [describe(file, message)] : ofTests;
  });
}

/** How the other programs mark failures: Go, Cargo, pytest, the conformance suite, the simulation. */
const marks = [
  /^\s*--- FAIL: /,
  /^test .* \.\.\. FAILED$/,
  /panicked at /,
  /^(FAILED|ERROR) tests?[/:]/,
  /^✗ /,
  /^(MISSED|OUT OF DATE) /,
  /^(BROKEN seed|NEVER HAPPENED) /,
  /^error(\[|:)/,
];
const shownAfterMark = 4;

/** From a program's output: the lines that name a failure, each with a few that follow; otherwise its last lines. */
export function failuresOfOutput(output) {
  const lines = plain(output).split('\n');
  const marked = new Set();
  for (const [at, line] of lines.entries()) {
    if (!marks.some((mark) => mark.test(line))) continue;
    for (let next = at; next <= at + shownAfterMark && next < lines.length; next++) marked.add(next);
  }
  const chosen =
    marked.size > 0 ? lines.filter((_, at) => marked.has(at)) : lines.filter((line) => line.trim() !== '').slice(-20);
  return [chosen.slice(0, linesMax).map(cut).join('\n')];
}

function describe(title, message) {
  const lines = plain(message ?? '')
    .split('\n')
    .filter((line) => line.trim() !== '');
  return [title, ...lines.slice(0, 12).map((line) => `    ${cut(line)}`)].join('\n');
}

function cut(line) {
  return line.length > lineMax ? `${line.slice(0, lineMax)}…` : line;
}

function plain(text) {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: colours begin with one
  return text.replaceAll(/\u001b\[[0-9;]*m/g, '');
}
