import type { Client, WorkerInfo } from '@workflow-graph/client';
import { Command } from 'commander';
import { printJson, printTable, stdoutPaint } from './print.js';
import { addServerOptions, type ServerFlags, withClient } from './server-options.js';
import { harmlessLine } from './terminal/harmless.js';
import { ago } from './terminal/times.js';

const examples = `
Offline workers are those that were not heard of for a while; they are left out unless --all is given.

Examples:
  $ workflow-graph workers
  $ workflow-graph workers --label gpu
  $ workflow-graph workers --all --json`;

/** How many workers one call lists. */
const pageWorkers = 1_000;

interface WorkersFlags extends ServerFlags {
  readonly all?: boolean;
  readonly label?: string;
}

/** `workflow-graph workers`: lists workers, their labels and what they run. */
export function workersCommand(): Command {
  const command = new Command('workers')
    .description('list workers, their labels and what they run')
    .option('--all', 'offline workers too')
    .option('--label <label>', 'only workers with this label')
    .addHelpText('after', examples);
  addServerOptions(command);
  return command.action((flags: WorkersFlags) =>
    withClient(command, flags, async (client) => {
      const workers = (await allWorkers(client)).filter(
        ({ labels, status }) =>
          (flags.all || status !== 'offline') && (flags.label === undefined || labels.includes(flags.label)),
      );
      if (flags.json) printJson(workers);
      else printWorkers(workers);
    }),
  );
}

async function allWorkers(client: Client): Promise<readonly WorkerInfo[]> {
  const workers: WorkerInfo[] = [];
  for (;;) {
    const page = await client.workers({ limit: pageWorkers, offset: workers.length });
    workers.push(...page);
    if (page.length < pageWorkers) return workers;
  }
}

function printWorkers(workers: readonly WorkerInfo[]): void {
  const paint = stdoutPaint();
  const nowMs = Date.now();
  const colours = { idle: 'green', busy: 'cyan', offline: 'dim' } as const;
  printTable<WorkerInfo>(
    [
      { heading: 'WORKER', text: ({ worker_id }) => harmlessLine(worker_id) },
      { heading: 'STATUS', text: ({ status }) => status, paint: ({ status }, text) => paint(colours[status], text) },
      { heading: 'SLOTS', text: ({ running = 0, slots = 0 }) => `${running}/${Math.max(1, slots)}` },
      { heading: 'HEARD OF', text: ({ last_heartbeat_ms }) => ago(last_heartbeat_ms, nowMs) },
      { heading: 'LABELS', text: ({ labels }) => labels.map(harmlessLine).join(',') || '-' },
      { heading: 'RUNS', text: whatRuns },
    ],
    workers,
    'There are no such workers. Start one with: workflow-graph worker',
  );
}

function whatRuns({ current_job, current_workflow_id, running = 0 }: WorkerInfo): string {
  if (current_job === null) return '';
  const more = running > 1 ? ` and ${running - 1} more` : '';
  return `${harmlessLine(current_job)} of ${harmlessLine(current_workflow_id ?? '')}${more}`;
}
