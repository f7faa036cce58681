import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import type { Worker } from '../../gen/workflowgraph/v1/worker_service_pb.js';
import { describeFailure } from '../api/errors.js';
import { can, useSession } from '../api/session.js';
import { workers } from '../api/transport.js';
import { Dialog } from '../parts/dialog.js';
import styles from './drain-worker.module.css';

/** Drains a worker, after a question, or undoes its drain. */
export function DrainWorker({ worker }: { worker: Worker }) {
  const { data: session } = useSession();
  const queries = useQueryClient();
  const [isAsking, setIsAsking] = useState(false);
  const [problem, setProblem] = useState('');
  const [isBusy, setIsBusy] = useState(false);
  const [stop, setStop] = useState(false);
  const [reason, setReason] = useState('');
  const mayDrain = can(session, 'admin');
  const isDraining = worker.drain !== undefined;

  async function change(act: () => Promise<unknown>): Promise<void> {
    setIsBusy(true);
    setProblem('');
    try {
      await act();
      setIsAsking(false);
      await queries.invalidateQueries({ queryKey: ['worker', worker.workerId] });
      await queries.invalidateQueries({ queryKey: ['workers'] });
    } catch (error) {
      setProblem(describeFailure(error).sentence);
    } finally {
      setIsBusy(false);
    }
  }

  const drain = () => change(() => workers.drainWorker({ workerId: worker.workerId, stop, reason }));
  const undo = () => change(() => workers.undrainWorker({ workerId: worker.workerId }));

  return (
    <>
      <button
        type="button"
        className="button"
        disabled={!mayDrain || isBusy}
        title={mayDrain ? undefined : 'Needs a token with the scope admin'}
        onClick={isDraining ? undo : () => setIsAsking(true)}
      >
        {isDraining ? 'Undo drain' : 'Drain…'}
      </button>
      {problem === '' || isAsking ? null : <span role="alert">{problem}</span>}
      <Dialog
        title="Drain this worker?"
        open={isAsking}
        onClose={() => setIsAsking(false)}
        problem={problem}
        actions={
          <>
            <button type="button" className="button" onClick={() => setIsAsking(false)}>
              Keep it working
            </button>
            <button type="button" className="button danger" disabled={isBusy} onClick={drain}>
              Drain the worker
            </button>
          </>
        }
      >
        <p>It gets no jobs until the drain is undone. Jobs that it runs continue.</p>
        <div className={styles.fields}>
          <label>
            Reason
            <input type="text" maxLength={500} value={reason} onChange={({ target }) => setReason(target.value)} />
          </label>
          <label className={styles.choice}>
            <input type="checkbox" checked={stop} onChange={({ target }) => setStop(target.checked)} />
            It exits when it runs no job
          </label>
        </div>
      </Dialog>
    </>
  );
}
