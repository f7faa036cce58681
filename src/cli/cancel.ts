import { Command } from 'commander';
import type { Client } from '#client';
import { escapeLine } from '../telemetry/escape-controls.js';
import { addHelp } from './help.js';
import { printJson, printLines } from './print.js';
import { runArgument } from './run-ids.js';
import { addServerOptions, type ServerFlags, withClient } from './server-options.js';
import { summaries } from './summaries.js';

interface CancelFlags extends ServerFlags {
  readonly force?: boolean;
}

/** `workflow-graph cancel`: cancels a run. */
export function cancelCommand(): Command {
  const command = new Command('cancel')
    .description(summaries.cancel)
    .argument('<run>', runArgument)
    .option('--force', 'also end jobs that run after a cancel, such as those with always()');
  addServerOptions(command);
  addHelp(command, {
    about: [
      'Jobs that have not started end at once. Workers are asked to stop running jobs. Jobs whose "if" has ' +
        'always() or cancelled() still run; --force ends those too. Cancelling a second time changes nothing, and neither ' +
        'does cancelling a run that has ended.',
    ],
    examples: [
      'workflow-graph cancel 01a2004b-6fc8',
      'workflow-graph cancel ci            # the newest run of the workflow ci',
      'workflow-graph cancel ci --force    # its clean-up jobs too',
    ],
  });
  return command.action((id: string, flags: CancelFlags) =>
    withClient(
      command,
      flags,
      async (client) => {
        const runId = await client.cancel(id, { force: flags.force === true });
        if (flags.json) await printJson({ run_id: runId });
        else if (runId === '')
          await printLines([`Workflow ${escapeLine(id)} has not run; there is nothing to cancel.`]);
        else await printLines([`Run ${escapeLine(runId)} ${await outcome(client, runId)}.`]);
      },
      { run: id },
    ),
  );
}

/** A run that had ended does not change. A token without the scope read cannot check, and prints what was requested. */
async function outcome(client: Client, runId: string): Promise<string> {
  const state = await client.status(runId).then(
    (run) => run.state,
    () => null,
  );
  return state === 'success' || state === 'failure'
    ? `has already ended (${state}); there is nothing to cancel`
    : 'is being cancelled';
}
