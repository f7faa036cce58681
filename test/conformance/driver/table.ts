import type { Outcome } from './play.js';

/** One column of the table: a client on a transport. */
export interface Column {
  readonly title: string;
  readonly outcomes: Map<string, Outcome>;
}

const signs = { passed: '✓', failed: '✗' } as const;

/**
 * Scenarios as rows, clients and transports as columns. A dot marks a scenario that the client or the transport does
 * not support.
 */
export function tableOf(names: readonly string[], columns: readonly Column[]): string {
  const width = Math.max(...names.map((name) => name.length), 8);
  const lines = [`${' '.repeat(width)}  ${columns.map(({ title }) => title).join('  ')}`];
  for (const name of names) {
    const cells = columns.map(({ title, outcomes }) => centred(cell(outcomes.get(name)), title.length));
    lines.push(`${name.padEnd(width)}  ${cells.join('  ')}`.trimEnd());
  }
  const sums = columns.map(({ title, outcomes }) => {
    const passed = [...outcomes.values()].filter(({ result }) => result === 'passed').length;
    const failed = [...outcomes.values()].filter(({ result }) => result === 'failed').length;
    return centred(failed === 0 ? String(passed) : `${passed} ✗${failed}`, title.length);
  });
  lines.push(`${'passed'.padEnd(width)}  ${sums.join('  ')}`);
  return lines.join('\n');
}

function cell(outcome: Outcome | undefined): string {
  return outcome === undefined ? '·' : signs[outcome.result];
}

function centred(text: string, width: number): string {
  const left = Math.max(0, Math.floor((width - text.length) / 2));
  return text.padStart(text.length + left).padEnd(width);
}
