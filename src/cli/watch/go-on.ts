/** Tells a person who has stopped watching how to come back to the run, or to end it. */
export function tellHowToGoOn(runId: string): void {
  process.stderr.write(
    `Stopped watching; run ${runId} goes on.
To watch it again, or to cancel it:
  workflow-graph status ${runId} --watch
  workflow-graph cancel ${runId}
`,
  );
}
