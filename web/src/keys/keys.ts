/** The effect of a key. The help is generated from this table, so a key that is not here does nothing. */
export interface Key {
  /** One key, or two that follow each other: `g r`. */
  readonly keys: string;
  readonly does: string;
  readonly where: 'everywhere' | 'lists' | 'run' | 'log';
}

export const keyTable = [
  { keys: '?', does: 'show these keys', where: 'everywhere' },
  { keys: 'Ctrl K', does: 'go to a page, workflow, run or worker', where: 'everywhere' },
  { keys: 'g o', does: 'go to the overview', where: 'everywhere' },
  { keys: 'g r', does: 'go to the runs', where: 'everywhere' },
  { keys: 'g w', does: 'go to the workflows', where: 'everywhere' },
  { keys: 'g q', does: 'go to the queue', where: 'everywhere' },
  { keys: 'g k', does: 'go to the workers', where: 'everywhere' },
  { keys: '/', does: 'search on this page', where: 'everywhere' },
  { keys: 'j', does: 'next row', where: 'lists' },
  { keys: 'k', does: 'previous row', where: 'lists' },
  { keys: 'x', does: 'choose the row', where: 'lists' },
  { keys: 'Enter', does: 'open the row', where: 'lists' },
  { keys: '1', does: 'show the list', where: 'run' },
  { keys: '2', does: 'show the graph', where: 'run' },
  { keys: '3', does: 'show the timeline', where: 'run' },
  { keys: '4', does: 'show why it is as it is', where: 'run' },
  { keys: 'n', does: 'next failed job', where: 'run' },
  { keys: 'r', does: 're-run…', where: 'run' },
  { keys: 'End', does: 'follow the end', where: 'log' },
  { keys: 'Home', does: 'go to the first line', where: 'log' },
  { keys: 'w', does: 'wrap long lines', where: 'log' },
  { keys: 't', does: 'show times: none, of the clock, since the start', where: 'log' },
  { keys: '[', does: 'previous attempt', where: 'log' },
  { keys: ']', does: 'next attempt', where: 'log' },
] as const satisfies readonly Key[];

export type KeyName = (typeof keyTable)[number]['keys'];
