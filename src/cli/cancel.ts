import type { Client } from '@workflow-graph/client';
import { Command } from 'commander';
import { printJson, printLines } from './print.js';
import { addServerOptions, type ServerFlags, withClient } from './server-options.js';
import { harmlessLine } from './terminal/harmless.js';

const examples = `
What has not started ends, and the workers of what runs are told to stop it. Jobs whose "if" asks for always() or
cancelled() still run; cancelling again ends them too. A run that has ended stays as it is.

Examples:
  $ workflow-graph cancel 0198f2c4-77aa-7c31-9d52-6f1be0a1f8d4
  $ workflow-graph cancel ci          # the newest run of the workflow ci`;

/** `workflow-graph cancel`: cancels a run. */
export function cancelCommand(): Command {
  const command = new Command('cancel')
    .description('cancel a run')
    .argument('<run>', "a run's id, or a workflow's, which means its newest run")
    .addHelpText('after', examples);
  addServerOptions(command);
  return command.action((id: string, flags: ServerFlags) =>
    withClient(command, flags, async (client) => {
      const runId = await client.cancel(id);
      if (flags.json) printJson({ run_id: runId });
      else printLines([`Run ${harmlessLine(runId)} ${await whatHappens(client, runId)}.`]);
    }),
  );
}

/** A run that had ended before stays as it is; whose token may not look is told what was asked. */
async function whatHappens(client: Client, runId: string): Promise<string> {
  const state = await client.status(runId).then(
    (run) => run.state,
    () => null,
  );
  return state === 'success' || state === 'failure'
    ? `has ended already (${state}); there is nothing to cancel`
    : 'is being cancelled';
}
