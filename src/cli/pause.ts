import { Command } from 'commander';
import type { Client, PauseKind } from '#client';
import { escapeLine } from '../telemetry/escape-controls.js';
import { exitCodes } from './exit-codes.js';
import { addHelp } from './help.js';
import { printJson, printLines } from './print.js';
import { runArgument } from './run-ids.js';
import { addServerOptions, type ServerFlags, withClient } from './server-options.js';
import { summaries } from './summaries.js';

interface SubjectFlags extends ServerFlags {
  readonly workflow?: string;
  readonly label?: string;
}

interface PauseFlags extends SubjectFlags {
  readonly reason?: string;
}

/** `workflow-graph pause`: pauses a run, a workflow or a label. */
export function pauseCommand(): Command {
  const command = new Command('pause').description(summaries.pause);
  addSubject(command).option('--reason <text>', 'why, for people; at most 500 characters');
  addServerOptions(command);
  addHelp(command, {
    about: [
      'Jobs of a paused run are not given to workers; those that run continue. New runs of a paused workflow wait, its schedules ' +
        'skip their times, and its live runs continue. No worker gets a job that requires a paused label. What is paused ' +
        'stays so until it is resumed, also when the server restarts. A label needs a token with the scope admin.',
    ],
    examples: [
      'workflow-graph pause ci --reason "waits for the fix of the registry"',
      'workflow-graph pause --workflow deploy --reason "freeze until Monday"',
      'workflow-graph pause --label gpu --reason "driver update"',
    ],
  });
  return command.action((run: string | undefined, flags: PauseFlags) =>
    change(command, run, flags, async (client, kind, subject) => {
      const pause = await client.pause(kind, subject, flags.reason ?? '');
      if (flags.json) return printJson(pause);
      await printLines([`${nameOf(pause.kind, pause.subject)} is paused.`]);
    }),
  );
}

/** `workflow-graph resume`: ends a pause. */
export function resumeCommand(): Command {
  const command = new Command('resume').description(summaries.resume);
  addSubject(command);
  addServerOptions(command);
  addHelp(command, {
    about: ['Ends a pause. What it held goes on, and requests its places in groups anew.'],
    examples: [
      'workflow-graph resume ci',
      'workflow-graph resume --workflow deploy',
      'workflow-graph resume --label gpu',
    ],
  });
  return command.action((run: string | undefined, flags: SubjectFlags) =>
    change(command, run, flags, async (client, kind, subject) => {
      await client.resume(kind, subject);
      if (flags.json) return printJson({});
      await printLines([`${nameOf(kind, subject)} is resumed.`]);
    }),
  );
}

function addSubject(command: Command): Command {
  return command
    .argument('[run]', runArgument)
    .option('--workflow <workflow>', 'the workflow with this id: its new runs')
    .option('--label <label>', 'jobs that require this label');
}

function change(
  command: Command,
  run: string | undefined,
  flags: SubjectFlags,
  act: (client: Client, kind: PauseKind, subject: string) => Promise<void>,
): Promise<void> {
  const named = Object.entries({ run, workflow: flags.workflow, label: flags.label }).flatMap(([kind, subject]) =>
    subject === undefined ? [] : [{ kind: kind as PauseKind, subject }],
  );
  const [only] = named;
  if (only === undefined || named.length > 1) {
    command.error('error: name one run, or --workflow, or --label', { exitCode: exitCodes.usage });
  }
  const { kind, subject } = only;
  const hint = kind === 'run' ? { run: subject } : kind === 'workflow' ? { workflow: subject } : {};
  return withClient(command, flags, (client) => act(client, kind, subject), hint);
}

function nameOf(kind: PauseKind, subject: string): string {
  return `${{ run: 'Run', workflow: 'Workflow', label: 'Label' }[kind]} ${escapeLine(subject)}`;
}
