const good = [
  'echo "::set-output from_log=$WORKFLOW_GRAPH_JOB_ID.$WORKFLOW_GRAPH_ATTEMPT"',
  'echo "run $WORKFLOW_GRAPH_RUN_ID"',
].join('\n');

/** Fails at its first attempt if a shell runs it. */
const bad = `${good}\n[ "$WORKFLOW_GRAPH_ATTEMPT" != 0 ] || exit 3`;

const slow = `${good}\nsleep 0.2`;

/** The output of each of these jobs when a shell runs it. */
export function printed(run: string, job: string, attempt: number): string {
  return `::set-output from_log=${job}.${attempt}\nrun ${run}\n`;
}

const retry = (retries: number, run = good) => ({ run, retries });

/** Small graphs of many shapes. Most jobs may go to any worker, some only to one kind. */
export const definitions: Readonly<Record<string, object>> = {
  chain: {
    a: retry(2),
    b: { ...retry(1), needs: 'a' },
    c: { ...retry(1, bad), needs: 'b' },
    d: { ...retry(0), needs: 'c' },
  },
  diamond: {
    top: retry(3),
    left: { ...retry(1), needs: 'top', backoff: { fixed: 1 } },
    middle: { ...retry(2, slow), needs: 'top' },
    right: { ...retry(0), needs: 'top', priority: 3 },
    bottom: { ...retry(2), needs: ['left', 'middle', 'right'] },
  },
  conditions: {
    work: retry(1),
    report: { ...retry(0), needs: 'work', if: 'failure()' },
    tidy: { ...retry(1), needs: ['work', 'report'], if: 'always()' },
  },
  single: { only: retry(5) },
  processes: {
    first: { ...retry(2, bad), labels: 'shell' },
    second: { ...retry(2), needs: 'first', labels: 'stream' },
    third: { ...retry(2, slow), needs: 'second', labels: 'shell' },
  },
  streamed: { one: { ...retry(3), labels: 'stream' }, two: { ...retry(3), needs: 'one', labels: 'stream' } },
};
