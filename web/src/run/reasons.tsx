import { Link } from '@tanstack/react-router';
import type { ExplainRunResponse } from '../../gen/workflowgraph/v1/why_pb.js';
import styles from './reasons.module.css';
import { isCause, ReasonRow } from './why/reason-row.js';

/** More causes are in the view Why. */
const shownCauses = 5;

/**
 * What prevents a run from succeeding, in the server's sentences: failures, and jobs that wait for a worker or a retry.
 */
export function Reasons({ runId, answer }: { runId: string; answer: ExplainRunResponse }) {
  const causes = answer.reasons.filter(isCause);
  if (causes.length === 0) return null;
  const more = causes.length - shownCauses;
  return (
    <ul className={styles.reasons} aria-label="Why">
      {causes.slice(0, shownCauses).map((reason) => (
        <ReasonRow key={`${reason.code}-${reason.message}-${reason.jobIds[0]}`} runId={runId} reason={reason} />
      ))}
      {more > 0 ? (
        <li className={styles.more}>
          <Link to="/runs/$run" params={{ run: runId }} search={{ view: 'why' }}>
            {more === 1 ? 'One more reason' : `${more} more reasons`}
          </Link>
        </li>
      ) : null}
    </ul>
  );
}
