import { Command } from 'commander';
import { escapeLine } from '../telemetry/escape-controls.js';
import { exitCodes } from './exit-codes.js';
import { addHelp } from './help.js';
import { printJson, printLines } from './print.js';
import { addServerOptions, type ServerFlags, withClient } from './server-options.js';
import { summaries } from './summaries.js';

interface DrainFlags extends ServerFlags {
  readonly stop?: boolean;
  readonly reason?: string;
  readonly undo?: boolean;
}

/** `workflow-graph drain`: drains a worker, or undoes it. */
export function drainCommand(): Command {
  const command = new Command('drain')
    .description(summaries.drain)
    .argument('<worker>', 'id of the worker')
    .option('--stop', 'the worker exits when it runs no job')
    .option('--reason <text>', 'why, for people; at most 500 characters')
    .option('--undo', 'end the drain: the worker gets jobs again');
  addServerOptions(command);
  addHelp(command, {
    about: [
      'A draining worker gets no jobs; those that it runs continue. It stays so until the drain is undone, also when it ' +
        'registers again or the server restarts. With --stop, workers of this project exit with code 0 when they run no job. ' +
        'Needs a token with the scope admin.',
    ],
    examples: [
      'workflow-graph drain build-3 --reason "new disk"',
      'workflow-graph drain build-3 --stop',
      'workflow-graph drain build-3 --undo',
    ],
  });
  return command.action((worker: string, flags: DrainFlags) => {
    if (flags.undo && (flags.stop || flags.reason !== undefined)) {
      command.error('error: --undo goes with neither --stop nor --reason', { exitCode: exitCodes.usage });
    }
    return withClient(command, flags, async (client) => {
      if (flags.undo) {
        await client.undrainWorker(worker);
        return flags.json ? printJson({}) : printLines([`Worker ${escapeLine(worker)} is not draining.`]);
      }
      const drain = await client.drainWorker(worker, { stop: flags.stop ?? false, reason: flags.reason ?? '' });
      if (flags.json) return printJson(drain);
      return printLines([
        `Worker ${escapeLine(worker)} is draining${drain.stop ? ', and exits when it runs no job' : ''}.`,
      ]);
    });
  });
}
