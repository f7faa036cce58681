import { Command } from 'commander';
import type { Pause } from '#client';
import { escapeLine } from '../telemetry/escape-controls.js';
import { addHelp } from './help.js';
import { printJson, printTable } from './print.js';
import { addServerOptions, type ServerFlags, withClient } from './server-options.js';
import { summaries } from './summaries.js';
import { ago } from './terminal/times.js';

/** `workflow-graph pauses`: what is paused. */
export function pausesCommand(): Command {
  const command = new Command('pauses').description(summaries.pauses);
  addServerOptions(command);
  addHelp(command, {
    about: [
      'Lists the workflows, runs and labels that are paused. "schedules" lists schedules, which have pauses of their own.',
    ],
    examples: ['workflow-graph pauses', "workflow-graph pauses --json | jq -r '.[].subject'"],
  });
  return command.action((flags: ServerFlags) =>
    withClient(command, flags, async (client) => {
      const pauses = await client.pauses();
      if (flags.json) return printJson(pauses);
      const nowMs = Date.now();
      await printTable<Pause>(
        [
          { heading: 'WHAT', text: ({ kind }) => kind },
          { heading: 'NAME', text: ({ subject }) => escapeLine(subject) },
          { heading: 'SINCE', text: ({ paused_at_ms }) => ago(paused_at_ms, nowMs) },
          { heading: 'BY', text: ({ paused_by }) => escapeLine(paused_by ?? '') },
          { heading: 'REASON', text: ({ reason }) => escapeLine(reason), wraps: true },
        ],
        pauses,
        'Nothing is paused. Pause a run: workflow-graph pause RUN --reason "why"',
      );
    }),
  );
}
