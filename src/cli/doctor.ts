import { Command } from 'commander';
import { examineLive, type Finding, isBroken } from '../store/doctor/examine.js';
import { addHelp } from './help.js';
import { storageSettings, withStore } from './open-store.js';
import { printJson, printLines } from './print.js';
import { addSettings } from './settings-options.js';
import { summaries } from './summaries.js';

/** `workflow-graph doctor`: checks a database for damage. */
export function doctorCommand(): Command {
  const command = new Command('doctor').description(summaries.doctor).option('--json', 'print the result as JSON');
  addSettings(command, storageSettings);
  addHelp(command, {
    about: [
      'Checks the database for states that must not exist: two live leases on one job, a gap in the attempts, a job that ' +
        'waits for nothing, a run whose state does not match its jobs, and so on. It only reads, and can run beside a ' +
        'server.',
    ],
    examples: ['workflow-graph doctor', 'workflow-graph doctor --json --data /var/lib/workflow-graph'],
    exitCodes: [
      [0, 'no damage'],
      [1, 'damage found'],
      [2, 'wrong usage'],
    ],
  });
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
    if (flags.json) await printJson(findings);
    else await printLines(report(findings, broken));
    process.exitCode = broken.length > 0 ? 1 : 0;
  });
}

function report(findings: readonly Finding[], broken: readonly Finding[]): string[] {
  if (broken.length === 0) return [`${findings.length} checks passed.`];
  const lines = broken.flatMap(({ name, promise, violations }) => [
    `${name}: ${promise} Violated by:`,
    ...violations.map((subject) => `  ${subject}`),
  ]);
  return [
    ...lines,
    `${broken.length} of ${findings.length} checks failed. Keep a copy of the database and report the damage.`,
  ];
}
