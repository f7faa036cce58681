import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect, useRef, useState } from 'react';
import { describeFailure, isRefusedByRunning } from '../api/errors.js';
import { newRequestId } from '../api/request-id.js';
import { can, useSession } from '../api/session.js';
import { workflows } from '../api/transport.js';
import { useKeys } from '../keys/use-keys.js';
import { Dialog } from '../parts/dialog.js';
import { plural, visible } from '../parts/format.js';
import { Skeleton } from '../parts/states.js';
import { type Choice, wishOf } from './choice.js';
import { Preview } from './preview.js';
import styles from './rerun.module.css';

/** Runs parts of a run again. A preview shows the effect first. */
export function Rerun({ runId, choices }: { runId: string; choices: readonly Choice[] }) {
  const { data: session } = useSession();
  const [isOpen, setIsOpen] = useState(false);
  const mayRerun = can(session, 'submit');
  const isPossible = mayRerun && choices.length > 0;
  useKeys({ r: () => isPossible && setIsOpen(true) });
  if (choices.length === 0) return null;
  return (
    <>
      <button
        type="button"
        className="button"
        disabled={!mayRerun}
        title={mayRerun ? 'Key r' : 'Needs a token with the scope submit'}
        onClick={() => setIsOpen(true)}
      >
        Re-run…
      </button>
      {isOpen ? <RerunDialog runId={runId} choices={choices} onClose={() => setIsOpen(false)} /> : null}
    </>
  );
}

function RerunDialog({ runId, choices, onClose }: { runId: string; choices: readonly Choice[]; onClose: () => void }) {
  const queries = useQueryClient();
  const [at, setAt] = useState(0);
  const [problem, setProblem] = useState('');
  const [force, setForce] = useState(false);
  const [isBusy, setIsBusy] = useState(false);
  // The request is repeatable in case its response is lost.
  const requestId = useRef(newRequestId());
  const choice = choices[Math.min(at, choices.length - 1)];
  const wish = choice === undefined ? null : wishOf(choice);
  const preview = useQuery({
    queryKey: ['rerun', runId, wish],
    queryFn: ({ signal }) => workflows.rerunWorkflow({ id: runId, ...wish, dryRun: true }, { signal }),
    enabled: wish !== null,
    gcTime: 0,
    retry: false,
  });
  useEffect(() => {
    if (wish === null) onClose();
  }, [wish, onClose]);

  async function rerun(): Promise<void> {
    if (wish === null) return;
    setIsBusy(true);
    setProblem('');
    try {
      await workflows.rerunWorkflow({ id: runId, ...wish, force: forced, requestId: requestId.current });
      // The page of an ended job was no longer watched.
      void queries.invalidateQueries({ queryKey: ['job', runId] });
      onClose();
    } catch (error) {
      requestId.current = newRequestId();
      setProblem(describeFailure(error).sentence);
    } finally {
      setIsBusy(false);
    }
  }

  const count = preview.data?.jobCount ?? 0;
  const canForce = preview.isError && isRefusedByRunning(preview.error);
  const forced = canForce && force;
  return (
    <Dialog
      title="Re-run"
      open
      onClose={onClose}
      wide
      problem={problem}
      actions={
        <>
          <button type="button" className="button" onClick={onClose}>
            Leave it as it is
          </button>
          <button
            type="button"
            className="button primary"
            disabled={isBusy || (count === 0 && !forced)}
            onClick={rerun}
          >
            {isBusy
              ? 'Starting…'
              : forced
                ? 'Cancel those that run, and run again'
                : count === 0
                  ? 'Run again'
                  : `Run ${plural(count, 'job')} again`}
          </button>
        </>
      }
    >
      <p className={styles.what}>
        In the same run, with the same inputs. Jobs that stay keep their outputs, and what runs again gets them.
      </p>
      {choices.length < 2 ? null : (
        <fieldset className={styles.choices}>
          <legend className="hidden-text">What runs again</legend>
          {choices.map((one, n) => (
            <label key={one.kind}>
              <input type="radio" name="choice" checked={n === at} onChange={() => setAt(n)} />
              {words(one)}
            </label>
          ))}
        </fieldset>
      )}
      {canForce ? (
        <label className={styles.force}>
          <input type="checkbox" checked={force} onChange={({ target }) => setForce(target.checked)} />
          First cancel those that run, and wait until they have stopped
        </label>
      ) : null}
      {preview.isError ? (
        <p className={styles.refused} role="alert">
          {visible(describeFailure(preview.error).sentence, 1_000)}
        </p>
      ) : preview.data === undefined ? (
        <Skeleton rows={4} label="Asking what would happen" />
      ) : (
        <Preview answer={preview.data} />
      )}
    </Dialog>
  );
}

function words(choice: Choice): string {
  switch (choice.kind) {
    case 'failed':
      return 'What failed or was cancelled, and the jobs that need it';
    case 'all':
      return 'Every job';
    case 'job':
      return `${visible(choice.job, 80)}, and the jobs that need it`;
    case 'only':
      return `Only ${visible(choice.job, 80)}`;
  }
}
