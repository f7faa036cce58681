// The states of a job as a diagram, from the table in src/domain/states.ts.

/** A section of docs/protocol.md. */
export function stateDiagram(transitions) {
  const froms = new Set(transitions.map(([from]) => from));
  const ends = [...new Set(transitions.map(([, , to]) => to))].filter((to) => !froms.has(to));
  return [
    '### States of a job',
    '',
    '`waiting` (needs are open), `delayed` (a retry waits for its time) and `queued` (claimable) are shown as `queued`. A job without needs',
    'begins as `queued`. An attempt whose lease expires or whose time runs out fails.',
    '',
    '```mermaid',
    'stateDiagram-v2',
    '  [*] --> waiting',
    '  [*] --> queued',
    ...transitions.map(([from, what, to]) => `  ${from} --> ${to}: ${what.replaceAll('_', ' ')}`),
    ...ends.map((end) => `  ${end} --> [*]`),
    '```',
    '',
  ].join('\n');
}
