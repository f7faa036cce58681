import { Command } from 'commander';
import type { Client, WorkerInfo } from '#client';
import { escapeLine } from '../telemetry/escape-controls.js';
import { addHelp } from './help.js';
import { printJson, printTable, stdoutPaint } from './print.js';
import { fullIdsOption, runIds } from './run-ids.js';
import { addServerOptions, type ServerFlags, withClient } from './server-options.js';
import { summaries } from './summaries.js';
import { ago } from './terminal/times.js';

/** Workers of one call. */
const pageWorkers = 1_000;

interface WorkersFlags extends ServerFlags {
  readonly all?: boolean;
  readonly label?: string;
  readonly fullIds?: boolean;
}

/** `workflow-graph workers`: lists workers, their labels and what they run. */
export function workersCommand(): Command {
  const command = new Command('workers')
    .description(summaries.workers)
    .option('--all', 'include offline workers')
    .option('--label <label>', 'only workers with this label')
    .addOption(fullIdsOption());
  addServerOptions(command);
  addHelp(command, {
    about: ['A worker without a recent heartbeat is offline; --all lists those too.'],
    examples: ['workflow-graph workers', 'workflow-graph workers --label gpu', 'workflow-graph workers --all --json'],
  });
  return command.action((flags: WorkersFlags) =>
    withClient(command, flags, async (client) => {
      const workers = (await allWorkers(client)).filter(
        ({ labels, status }) =>
          (flags.all || status !== 'offline') && (flags.label === undefined || labels.includes(flags.label)),
      );
      if (flags.json) await printJson(workers);
      else await printWorkers(workers, flags);
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

function printWorkers(workers: readonly WorkerInfo[], { fullIds }: WorkersFlags): Promise<void> {
  const paint = stdoutPaint();
  const nowMs = Date.now();
  const colours = { idle: 'green', busy: 'cyan', offline: 'dim' } as const;
  const shown = runIds(
    workers.flatMap(({ current_workflow_id }) => current_workflow_id ?? []),
    fullIds,
  );
  return printTable<WorkerInfo>(
    [
      { heading: 'WORKER', text: ({ worker_id }) => escapeLine(worker_id) },
      {
        heading: 'STATUS',
        text: ({ status, drain }) => (drain == null ? status : `${status}, draining`),
        paint: ({ status }, text) => paint(colours[status], text),
      },
      { heading: 'SLOTS', text: ({ running = 0, slots = 0 }) => `${running}/${Math.max(1, slots)}` },
      { heading: 'LAST SEEN', text: ({ last_heartbeat_ms }) => ago(last_heartbeat_ms, nowMs) },
      { heading: 'LABELS', text: ({ labels }) => labelsText(labels), wraps: true },
      { heading: 'RUNNING', text: (worker) => running(worker, shown), wraps: true },
      ...(workers.some(({ drain }) => drain != null)
        ? [{ heading: 'DRAINING', text: ({ drain }: WorkerInfo) => draining(drain, nowMs), wraps: true }]
        : []),
    ],
    workers,
    'No workers match. Start one with: workflow-graph worker',
  );
}

function running({ current_job, current_workflow_id, running = 0 }: WorkerInfo, shown: (id: string) => string): string {
  if (current_job === null) return '';
  const more = running > 1 ? ` and ${running - 1} more` : '';
  return `${escapeLine(current_job)} of ${escapeLine(shown(current_workflow_id ?? ''))}${more}`;
}

function draining(drain: WorkerInfo['drain'], nowMs: number): string {
  if (drain == null) return '';
  const by = drain.by === null ? '' : ` by ${escapeLine(drain.by)}`;
  return `${ago(drain.since_ms, nowMs)}${by}${drain.reason === '' ? '' : `: ${escapeLine(drain.reason)}`}`;
}

/** Labels that are abilities of a worker are omitted; `--json` has them. */
function labelsText(labels: readonly string[]): string {
  const given = labels.filter((label) => !label.startsWith('feature:'));
  return given.map(escapeLine).join(', ') || '-';
}
