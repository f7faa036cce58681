import { useState } from 'react';
import { describeFailure } from '../api/errors.js';
import { can, useSession } from '../api/session.js';
import { workflows } from '../api/transport.js';
import { Dialog } from '../parts/dialog.js';
import { plural } from '../parts/format.js';
import type { Counts } from '../parts/state-bar.js';

/** Asks first, since running jobs are stopped, and shows the effect. */
export function CancelRun({ runId, counts }: { runId: string; counts: Counts }) {
  const { data: session } = useSession();
  const [isAsking, setIsAsking] = useState(false);
  const [problem, setProblem] = useState('');
  const [isBusy, setIsBusy] = useState(false);
  const mayCancel = can(session, 'submit');
  const waiting = counts.waiting + counts.delayed + counts.held + counts.blocked;

  async function cancel(): Promise<void> {
    setIsBusy(true);
    setProblem('');
    try {
      await workflows.cancelWorkflow({ id: runId });
      setIsAsking(false);
    } catch (error) {
      setProblem(describeFailure(error).sentence);
    } finally {
      setIsBusy(false);
    }
  }

  return (
    <>
      <button
        type="button"
        className="button"
        disabled={!mayCancel}
        title={mayCancel ? undefined : 'Needs a token with the scope submit'}
        onClick={() => setIsAsking(true)}
      >
        Cancel run…
      </button>
      <Dialog
        title="Cancel this run?"
        open={isAsking}
        onClose={() => setIsAsking(false)}
        problem={problem}
        actions={
          <>
            <button type="button" className="button" onClick={() => setIsAsking(false)}>
              Keep it running
            </button>
            <button type="button" className="button danger" disabled={isBusy} onClick={cancel}>
              Cancel the run
            </button>
          </>
        }
      >
        <p>
          {plural(counts.running, 'job that runs is', 'jobs that run are')} told to stop, and{' '}
          {plural(waiting, 'job that waits does', 'jobs that wait do')} not start. Jobs whose <code>if</code> asks for{' '}
          <code>always()</code> or <code>cancelled()</code> still run.
        </p>
      </Dialog>
    </>
  );
}
