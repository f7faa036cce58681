/**
 * One line about each command, in the order of the help. The program's help and the completion of commands need only
 * these, so they start without loading the commands.
 */
export const summaries = {
  run: 'start a workflow on the server, or run a workflow file on this machine',
  status: 'show a run and the state of its jobs',
  logs: 'print the logs of a run or of one job',
  why: 'explain why jobs wait, were retried, were skipped or failed',
  cancel: 'cancel a run',
  rerun: 'run failed or chosen jobs of a run again',
  runs: 'list runs, newest first',
  workflows: 'list workflows, show their definitions, or remove one',
  gates: 'list concurrency groups: who has a place and who waits',
  pause: 'pause a run, a workflow or a label',
  resume: 'end a pause',
  pauses: 'list what is paused, by whom and why',
  drain: 'give a worker no more jobs, or undo that',
  schedules: 'list schedules, or pause and resume one',
  backfill: 'start runs for past times of a schedule',
  variable: 'set, list and delete variables that workflow files read',
  queue: 'list what waits for a worker, by labels, and why',
  workers: 'list workers, their labels and their current jobs',
  serve: 'run the server',
  scheduler: 'run timeouts, retries and pruning for servers with API_ONLY (PostgreSQL)',
  worker: 'run jobs from a server on this machine',
  validate: 'check workflow files without a server',
  token: 'create, list and revoke access tokens',
  migrate: 'upgrade the database, or copy it to another one',
  doctor: 'check the database for damage',
  backup: 'back up the database while the server runs',
  restore: 'restore a backup (stop the server first)',
  audit: 'list who did what, newest first',
  prune: 'delete old runs and logs now',
  completion: 'print the completion script for a shell',
} as const;

export type CommandName = keyof typeof summaries;

export function isCommandName(word: string | undefined): word is CommandName {
  return word !== undefined && Object.hasOwn(summaries, word);
}
