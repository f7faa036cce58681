import type { AuditEvent, ListAuditOptions } from '@workflow-graph/client';
import { Command, Option } from 'commander';
import { printJson, printLines, printTable } from './print.js';
import { parseLimit } from './runs.js';
import { addServerOptions, type ServerFlags, withClient } from './server-options.js';
import { harmlessLine } from './terminal/harmless.js';

const examples = `
Tells of tokens that were made and revoked, workflows that were defined, and runs that were started and cancelled: when,
by which token, and from where. The token that asks needs the scope admin.

Examples:
  $ workflow-graph audit
  $ workflow-graph audit --action run.cancel_requested
  $ workflow-graph audit --subject ci --limit 1000 --json | jq -r '.events[].actor'`;

interface AuditFlags extends ServerFlags {
  readonly action?: string;
  readonly subject?: string;
  readonly limit: number;
  readonly page?: string;
}

/** `workflow-graph audit`: who did what, newest first. */
export function auditCommand(): Command {
  const command = new Command('audit')
    .description('list who did what, newest first')
    .option('--action <action>', 'only this, such as token.created, workflow.changed, run.started')
    .option('--subject <id>', 'only what was done to this token, workflow or run')
    .addOption(new Option('--limit <n>', 'how many, at most 1000').argParser(parseLimit).default(20))
    .option('--page <token>', 'the page that the last line of the page before names')
    .addHelpText('after', examples);
  addServerOptions(command);
  return command.action((flags: AuditFlags) =>
    withClient(command, flags, async (client) => {
      const page = await client.audit(wanted(flags));
      if (flags.json) {
        printJson(page);
        return;
      }
      printEvents(page.events);
      if (page.next_page_token !== '') printLines(['', `More: --page ${harmlessLine(page.next_page_token)}`]);
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

function printEvents(events: readonly AuditEvent[]): void {
  printTable<AuditEvent>(
    [
      { heading: 'WHEN', text: (event) => new Date(event.at_ms).toISOString() },
      { heading: 'ACTION', text: (event) => harmlessLine(event.action) },
      { heading: 'SUBJECT', text: (event) => harmlessLine(event.subject) },
      { heading: 'BY', text: (event) => harmlessLine(event.actor ?? '-') },
      { heading: 'FROM', text: (event) => harmlessLine(event.source) },
      { heading: 'MORE', text: (event) => harmlessLine(event.data_json) },
    ],
    events,
    'There is nothing to tell.',
  );
}
