import { Command, Option } from 'commander';
import type { Gate, RunAtGate } from '#client';
import { escapeLine } from '../telemetry/escape-controls.js';
import { addHelp } from './help.js';
import { printJson, printLines, printTable } from './print.js';
import { fullIdsOption, runIds } from './run-ids.js';
import { parseLimit } from './runs.js';
import { addServerOptions, type ServerFlags, withClient } from './server-options.js';
import { summaries } from './summaries.js';
import { duration } from './terminal/times.js';

interface GatesFlags extends ServerFlags {
  readonly limit: number;
  readonly page?: string;
  readonly fullIds?: boolean;
}

/** `workflow-graph gates`: concurrency groups in use. */
export function gatesCommand(): Command {
  const command = new Command('gates')
    .description(summaries.gates)
    .argument('[prefix]', 'only groups whose names start with this')
    .addOption(new Option('--limit <n>', 'how many, at most 200').argParser(parseLimit).default(20))
    .option('--page <token>', 'the next page; the last line of a page has its token')
    .addOption(fullIdsOption());
  addServerOptions(command);
  addHelp(command, {
    about: [
      'Lists the concurrency groups that runs and jobs are in: which of them have the places, and which wait for one, with ' +
        'how long each has had its place or has waited.',
    ],
    examples: [
      'workflow-graph gates',
      'workflow-graph gates deploy-',
      "workflow-graph gates --json | jq -r '.gates[].group'",
    ],
  });
  return command.action((prefix: string | undefined, flags: GatesFlags) =>
    withClient(command, flags, async (client) => {
      const page = await client.gates({
        limit: flags.limit,
        ...(prefix === undefined ? {} : { prefix }),
        ...(flags.page === undefined ? {} : { pageToken: flags.page }),
      });
      if (flags.json) return printJson(page);
      await printGates(page.gates, flags);
      if (page.next_page_token !== '') await printLines(['', `More: --page ${escapeLine(page.next_page_token)}`]);
    }),
  );
}

function printGates(gates: readonly Gate[], { fullIds }: GatesFlags): Promise<void> {
  const nowMs = Date.now();
  const shown = runIds(
    gates.flatMap(({ holders, waiting }) => [...holders, ...waiting].map(({ run_id }) => run_id)),
    fullIds,
  );
  const named = (runs: readonly RunAtGate[], total: number): string => {
    const names = runs.map(
      ({ run_id, workflow, job_id, since_ms }) =>
        `${job_id === '' ? '' : `${escapeLine(job_id)} of `}${escapeLine(shown(run_id))} of ${escapeLine(workflow)} for ${duration(nowMs - since_ms)}`,
    );
    const more = total - runs.length;
    return [...names, ...(more > 0 ? [`${more} more`] : [])].join(', ');
  };
  return printTable<Gate>(
    [
      { heading: 'OF', text: ({ kind }) => kind },
      { heading: 'GROUP', text: ({ group }) => escapeLine(group), wraps: true },
      { heading: 'IN USE', text: ({ in_use }) => String(in_use) },
      { heading: 'WAITING', text: ({ waiting_total }) => String(waiting_total) },
      { heading: 'HAS A PLACE', text: ({ holders, in_use }) => named(holders, in_use), wraps: true },
      { heading: 'WAITS', text: ({ waiting, waiting_total }) => named(waiting, waiting_total), wraps: true },
    ],
    gates,
    'No group is in use.',
  );
}
