/** Tells a person who has stopped watching how to come back to the run, or to end it. */
export function tellHowToGoOn(runId: string): void {
  process.stderr.write(
    `Stopped watching; run ${runId} goes on.
  Watch it again:  workflow-graph status ${runId} --watch
  Cancel it:       workflow-graph cancel ${runId}
`,
  );
}
