import { Command } from 'commander';
import { examineLive, type Finding, isBroken } from '../store/doctor/examine.js';
import { storageSettings, withStore } from './open-store.js';
import { addSettings } from './settings-options.js';

const examples = `
Asks the database for anything that must never be: two live leases on a job, a gap in the attempts, a job that waits for
nothing, a run whose state is not that of its jobs, and so on. It only reads, and may run beside a server.

Examples:
  $ workflow-graph doctor
  $ workflow-graph doctor --json --data /var/lib/workflow-graph

Exit codes: 0 everything holds, 1 something does not, 2 the command was written wrongly.`;

/** `workflow-graph doctor`: proves on a database what must always hold. */
export function doctorCommand(): Command {
  const command = new Command('doctor')
    .description('look for damage in the database')
    .option('--json', 'print the result as JSON')
    .addHelpText('after', examples);
  addSettings(command, storageSettings);
  return command.action(async (flags: { json?: boolean }) => {
    const findings = await withStore(command, async (store) => {
      const reader = await store.openReader();
      try {
        return await examineLive(reader);
      } finally {
        await reader.close();
      }
    });
    const broken = findings.filter(isBroken);
    if (flags.json) process.stdout.write(`${JSON.stringify(findings, null, 2)}\n`);
    else for (const line of report(findings, broken)) process.stdout.write(`${line}\n`);
    process.exitCode = broken.length > 0 ? 1 : 0;
  });
}

function report(findings: readonly Finding[], broken: readonly Finding[]): string[] {
  if (broken.length === 0) return [`${findings.length} checks, all hold.`];
  const lines = broken.flatMap(({ name, promise, violations }) => [
    `${name}: ${promise} This does not hold for:`,
    ...violations.map((subject) => `  ${subject}`),
  ]);
  return [
    ...lines,
    `${findings.length} checks, ${broken.length} do not hold. Keep a copy of the database and report it.`,
  ];
}
