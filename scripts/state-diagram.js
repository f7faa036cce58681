// The states of a job as a diagram, from the table in src/domain/states.ts.

/** A section of docs/protocol.md. */
export function stateDiagram(transitions) {
  // A job that has ended changes only by a re-run.
  const froms = new Set(transitions.filter(([, what]) => what !== 'rerun').map(([from]) => from));
  const ends = [...new Set(transitions.map(([, , to]) => to))].filter((to) => !froms.has(to));
  return [
    '### States of a job',
    '',
    '`waiting` (needs are open), `delayed` (a retry waits for its time) and `queued` (claimable) are shown as `queued`. A job without needs',
    'begins as `queued`. An attempt whose lease expires fails, and one that timed out, when it has stopped; until then the job is `running`.',
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
