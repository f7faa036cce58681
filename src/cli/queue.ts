import { Command } from 'commander';
import type { QueuedLabelSet } from '#client';
import { escapeLine } from '../telemetry/escape-controls.js';
import { addHelp } from './help.js';
import { printJson, printTable, stdoutPaint } from './print.js';
import { addServerOptions, type ServerFlags, withClient } from './server-options.js';
import { summaries } from './summaries.js';
import { duration } from './terminal/times.js';

/** `workflow-graph queue`: the jobs that wait for a worker. */
export function queueCommand(): Command {
  const command = new Command('queue').description(summaries.queue);
  addServerOptions(command);
  addHelp(command, {
    about: [
      'Lists the jobs that wait for a worker, by the labels that they require, and why they wait. Labels that no live worker ' +
        'has come first.',
    ],
    examples: ['workflow-graph queue', "workflow-graph queue --json | jq -r '.label_sets[].message'"],
  });
  return command.action((flags: ServerFlags) =>
    withClient(command, flags, async (client) => {
      const queue = await client.queue();
      if (flags.json) await printJson(queue);
      else await printQueue(queue.label_sets, queue.at_ms);
    }),
  );
}

function printQueue(sets: readonly QueuedLabelSet[], nowMs: number): Promise<void> {
  const paint = stdoutPaint();
  return printTable<QueuedLabelSet>(
    [
      { heading: 'LABELS', text: ({ labels }) => labels.map(escapeLine).join(', ') || '-', wraps: true },
      { heading: 'JOBS', text: ({ waiting }) => String(waiting) },
      { heading: 'OLDEST', text: ({ oldest_at_ms }) => duration(nowMs - oldest_at_ms) },
      { heading: 'WORKERS', text: ({ matching_workers }) => String(matching_workers) },
      { heading: 'FREE SLOTS', text: ({ free_slots }) => String(free_slots) },
      {
        heading: 'WHY',
        text: ({ message }) => escapeLine(message),
        paint: ({ no_matching_worker }, text) => (no_matching_worker ? paint('red', text) : text),
        wraps: true,
      },
    ],
    sets,
    'No job waits for a worker.',
  );
}
