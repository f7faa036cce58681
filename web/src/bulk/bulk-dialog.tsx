import { useRef, useState } from 'react';
import type { Run } from '../../gen/workflowgraph/v1/runs_pb.js';
import { describeFailure } from '../api/errors.js';
import { newRequestId } from '../api/request-id.js';
import { workflows } from '../api/transport.js';
import { Dialog } from '../parts/dialog.js';
import { plural, shortId, visible } from '../parts/format.js';
import { workflowName } from '../parts/workflow-name.js';
import styles from './bulk.module.css';
import { type BulkAction, eligibleFor } from './eligible.js';

/** The number of concurrent calls; a browser opens at most six connections to a server. */
const callsAtOnce = 3;

const words = {
  cancel: { title: 'Cancel the chosen runs?', verb: 'Cancel', done: 'cancelled', keep: 'Keep them running' },
  'rerun-failed': {
    title: 'Re-run what failed?',
    verb: 'Re-run what failed in',
    done: 'runs again',
    keep: 'Leave them as they are',
  },
} as const;

/** Asks first, then acts run by run, and shows the result of each. */
export function BulkDialog({
  action,
  runs,
  onClose,
}: {
  action: BulkAction;
  runs: readonly Run[];
  onClose: () => void;
}) {
  // The confirmed runs stay fixed, whatever changes in the meantime.
  const [{ eligible, others }] = useState(() => eligibleFor(action, runs));
  const [results, setResults] = useState<ReadonlyMap<string, string>>(new Map());
  const [isBusy, setIsBusy] = useState(false);
  const requestIds = useRef(new Map<string, string>());
  const isDone = results.size > 0 && !isBusy;
  const { title, verb, done, keep } = words[action];

  async function act(): Promise<void> {
    setIsBusy(true);
    const left = [...eligible];
    const next = async (): Promise<void> => {
      for (let run = left.shift(); run !== undefined; run = left.shift()) {
        const { runId } = run;
        const result = await actOn(action, runId, requestIds.current).then(
          () => done,
          (error: unknown) => describeFailure(error).sentence,
        );
        setResults((before) => new Map(before).set(runId, result));
      }
    };
    await Promise.all(Array.from({ length: callsAtOnce }, next));
    setIsBusy(false);
  }

  return (
    <Dialog
      title={title}
      open
      onClose={onClose}
      wide
      actions={
        isDone ? (
          <button type="button" className="button primary" onClick={onClose}>
            Close
          </button>
        ) : (
          <>
            <button type="button" className="button" onClick={onClose}>
              {keep}
            </button>
            <button
              type="button"
              className={action === 'cancel' ? 'button danger' : 'button primary'}
              disabled={isBusy || eligible.length === 0}
              onClick={act}
            >
              {isBusy ? `${results.size} of ${eligible.length}…` : `${verb} ${plural(eligible.length, 'run')}`}
            </button>
          </>
        )
      }
    >
      {others.map(({ why, count }) => (
        <p key={why} className={styles.others}>
          {plural(count, 'run')} left out: {count === 1 ? 'it' : 'each'} {why}.
        </p>
      ))}
      {action === 'cancel' && eligible.length > 0 ? (
        <p>
          Jobs that run are told to stop, and those that wait do not start. Jobs whose <code>if</code> asks for{' '}
          <code>always()</code> or <code>cancelled()</code> still run.
        </p>
      ) : null}
      <ul className={styles.results} aria-label="Runs">
        {eligible.map(({ runId, workflow, name }) => (
          <li key={runId}>
            <span>
              {visible(workflowName(workflow, name), 80)} <code>{shortId(runId)}</code>
            </span>
            <span data-result={results.get(runId) === done ? 'done' : 'refused'}>
              {visible(results.get(runId) ?? '', 300)}
            </span>
          </li>
        ))}
      </ul>
    </Dialog>
  );
}

async function actOn(action: BulkAction, runId: string, requestIds: Map<string, string>): Promise<void> {
  if (action === 'cancel') {
    await workflows.cancelWorkflow({ id: runId });
    return;
  }
  const requestId = requestIds.get(runId) ?? newRequestId();
  requestIds.set(runId, requestId);
  await workflows.rerunWorkflow({ id: runId, failed: true, requestId });
}
