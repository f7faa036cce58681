import { Command, Option } from 'commander';
import type { AuditEvent, ListAuditOptions } from '#client';
import { escapeLine } from '../telemetry/escape-controls.js';
import { addHelp } from './help.js';
import { printJson, printLines, printTable } from './print.js';
import { fullIdsOption, runIds } from './run-ids.js';
import { parseLimit } from './runs.js';
import { addServerOptions, type ServerFlags, withClient } from './server-options.js';
import { summaries } from './summaries.js';

interface AuditFlags extends ServerFlags {
  readonly action?: string;
  readonly subject?: string;
  readonly limit: number;
  readonly page?: string;
  readonly fullIds?: boolean;
}

/** `workflow-graph audit`: audit entries, newest first. */
export function auditCommand(): Command {
  const command = new Command('audit')
    .description(summaries.audit)
    .option('--action <action>', 'only this action, such as token.created, workflow.changed or run.started')
    .option(
      '--subject <id>',
      "only what was done to the token, workflow or run with this id; the beginning of a run's id is enough",
    )
    .addOption(new Option('--limit <n>', 'how many, at most 1000').argParser(parseLimit).default(20))
    .option('--page <token>', 'the next page; the last line of a page has its token')
    .addOption(fullIdsOption());
  addServerOptions(command);
  addHelp(command, {
    about: [
      'Lists tokens that were created and revoked, workflows that were created, changed and removed, and runs that were ' +
        'started and cancelled: when, with which token, and from where. It needs a token with the scope admin.',
    ],
    examples: [
      'workflow-graph audit',
      'workflow-graph audit --action run.cancel_requested',
      "workflow-graph audit --subject ci --json | jq -r '.events[].actor'",
    ],
  });
  return command.action((flags: AuditFlags) =>
    withClient(command, flags, async (client) => {
      const page = await client.audit(wanted(flags));
      if (flags.json) return printJson(page);
      await printEvents(page.events, flags);
      if (page.next_page_token !== '') await printLines(['', `More: --page ${escapeLine(page.next_page_token)}`]);
    }),
  );
}

function wanted({ action, subject, limit, page }: AuditFlags): ListAuditOptions {
  return {
    limit,
    ...(action === undefined ? {} : { action }),
    ...(subject === undefined ? {} : { subject }),
    ...(page === undefined ? {} : { pageToken: page }),
  };
}

function printEvents(events: readonly AuditEvent[], { fullIds }: AuditFlags): Promise<void> {
  const shown = runIds(
    events.flatMap(({ action, subject }) => (action.startsWith('run.') ? [subject] : [])),
    fullIds,
  );
  return printTable<AuditEvent>(
    [
      { heading: 'WHEN', text: (event) => new Date(event.at_ms).toISOString() },
      { heading: 'ACTION', text: (event) => escapeLine(event.action), wraps: true },
      {
        heading: 'SUBJECT',
        text: ({ action, subject }) => escapeLine(action.startsWith('run.') ? shown(subject) : subject),
      },
      { heading: 'BY', text: (event) => escapeLine(event.actor ?? '-') },
      { heading: 'FROM', text: (event) => escapeLine(event.source) },
      { heading: 'DETAILS', text: (event) => escapeLine(event.data_json), wraps: true },
    ],
    events,
    'No entries match.',
  );
}
