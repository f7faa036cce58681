/** Prints how to watch a run again, or to cancel it, after a user has stopped watching. */
export function printHowToResume(runId: string, serverFlag: string): void {
  process.stderr.write(
    `Stopped watching; run ${runId} continues.
To watch it again, or to cancel it:
  workflow-graph status ${runId} --watch${serverFlag}
  workflow-graph cancel ${runId}${serverFlag}
`,
  );
}
