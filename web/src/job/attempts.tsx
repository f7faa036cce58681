import { AttemptOutcome, type JobAttempt } from '../../gen/workflowgraph/v1/why_pb.js';
import { Elapsed } from '../parts/duration.js';
import { visible } from '../parts/format.js';
import { StateMark } from '../parts/state-mark.js';
import type { Look } from '../run/phases.js';
import styles from './attempts.module.css';

const outcomes: Readonly<Record<AttemptOutcome, readonly [Look, string]>> = {
  [AttemptOutcome.UNSPECIFIED]: ['running', 'running'],
  [AttemptOutcome.SUCCESS]: ['success', 'succeeded'],
  [AttemptOutcome.FAILURE]: ['failure', 'failed'],
  [AttemptOutcome.LEASE_EXPIRED]: ['failure', 'its worker was lost'],
  [AttemptOutcome.TIMED_OUT]: ['failure', 'timed out'],
  [AttemptOutcome.CANCELLED]: ['cancelled', 'cancelled'],
};

/** The attempts of a job, oldest first. A single one that adds nothing to the job is left out. */
export function Attempts({
  attempts,
  shown,
  onShow,
}: {
  attempts: readonly JobAttempt[];
  shown: number | undefined;
  onShow: (attempt: number) => void;
}) {
  const current = attempts.find(({ attempt }) => attempt === shown);
  return (
    <>
      {attempts.length < 2 ? null : (
        <nav className={styles.attempts} aria-label="Attempts">
          {attempts.map(({ attempt, outcome, startedAtMs, endedAtMs, workerId }) => {
            const [look, word] = outcomes[outcome ?? AttemptOutcome.UNSPECIFIED];
            return (
              <button
                key={attempt}
                type="button"
                className={styles.attempt}
                aria-pressed={attempt === shown}
                onClick={() => onShow(attempt)}
                title={`${word}, on ${workerId}`}
              >
                <StateMark look={look} word={word} />
                <span>Attempt {attempt}</span>
                <span className={styles.quiet}>
                  <Elapsed fromMs={Number(startedAtMs)} toMs={endedAtMs === undefined ? null : Number(endedAtMs)} />
                </span>
              </button>
            );
          })}
        </nav>
      )}
      {current?.error === undefined ? null : <pre className={styles.error}>{visible(current.error, 4_000)}</pre>}
    </>
  );
}
