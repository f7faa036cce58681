import { Link } from '@tanstack/react-router';
import { JobReasonCode, type RunReason } from '../../../gen/workflowgraph/v1/why_pb.js';
import { formatCount, visible } from '../../parts/format.js';
import { StateMark } from '../../parts/state-mark.js';
import type { Look } from '../phases.js';
import styles from '../reasons.module.css';

const looks: Partial<Record<JobReasonCode, Look>> = {
  [JobReasonCode.FAILED]: 'failure',
  [JobReasonCode.TOLERATED]: 'failure',
  [JobReasonCode.EXPRESSION_FAILED]: 'failure',
  [JobReasonCode.QUEUE_TIMED_OUT]: 'failure',
  [JobReasonCode.NO_MATCHING_WORKER]: 'waiting',
  [JobReasonCode.WAITS_FOR_WORKER]: 'waiting',
  [JobReasonCode.DELAYED]: 'delayed',
  [JobReasonCode.HELD_BY_GROUP]: 'held',
  [JobReasonCode.HELD_BY_MAX_PARALLEL]: 'held',
  [JobReasonCode.PAUSED]: 'held',
  [JobReasonCode.RUNNING]: 'running',
  [JobReasonCode.CANCELLED]: 'cancelled',
  [JobReasonCode.SUPERSEDED]: 'cancelled',
  [JobReasonCode.CONDITION_FALSE]: 'skipped',
  [JobReasonCode.NEEDS_UNSUCCESSFUL]: 'skipped',
};

function lookOfReason({ code }: RunReason): Look {
  return looks[code] ?? 'blocked';
}

const urgent: ReadonlySet<JobReasonCode> = new Set([
  JobReasonCode.FAILED,
  JobReasonCode.EXPRESSION_FAILED,
  JobReasonCode.QUEUE_TIMED_OUT,
  JobReasonCode.NO_MATCHING_WORKER,
]);

/** Whether it needs attention: it failed, or no worker will take it. */
export function isUrgent({ code }: Pick<RunReason, 'code'>): boolean {
  return urgent.has(code);
}

const causes: ReadonlySet<JobReasonCode> = new Set([
  JobReasonCode.WAITS_FOR_WORKER,
  JobReasonCode.DELAYED,
  JobReasonCode.HELD_BY_GROUP,
  JobReasonCode.HELD_BY_MAX_PARALLEL,
  JobReasonCode.PAUSED,
]);

/** Whether it is shown above the jobs: problems that do not follow from others. */
export function isCause({ code }: Pick<RunReason, 'code'>): boolean {
  return isUrgent({ code }) || causes.has(code);
}

const namesShort = 3;

/** Jobs that share the reason of their state: how many, which, and the server's sentence. */
export function ReasonRow({ runId, reason, isFull = false }: { runId: string; reason: RunReason; isFull?: boolean }) {
  const look = lookOfReason(reason);
  const names = reason.jobIds.slice(0, isFull ? reason.jobIds.length : namesShort);
  const more = reason.count - names.length;
  const labels = reason.requiredLabels.join(', ');
  return (
    <li className={styles.reason} data-urgent={isUrgent(reason)}>
      <StateMark look={look} />
      <div>
        {reason.count === 1 ? null : (
          <strong className={styles.who}>
            {formatCount(reason.count)} jobs{labels === '' ? '' : ` need ${visible(labels, 200)}`}:{' '}
          </strong>
        )}
        <span className={styles.names}>
          {names.map((job, n) => (
            <span key={job}>
              {n > 0 ? ', ' : ''}
              <Link to="/runs/$run/jobs/$job" params={{ run: runId, job }} search={{}} className={styles.job}>
                {visible(job, 120)}
              </Link>
            </span>
          ))}
          {more > 0 ? (
            <>
              {' and '}
              <Link to="/runs/$run" params={{ run: runId }} search={{ state: look }}>
                {formatCount(more)} more
              </Link>
            </>
          ) : null}
        </span>
        <p className={styles.why}>{visible(reason.message, 900)}</p>
        {isFull && reason.holders.length > 0 ? (
          <ul className={styles.holders} aria-label="What holds them up">
            {reason.holders.map(({ jobId, holds }) => (
              <li key={jobId}>
                <Link to="/runs/$run/jobs/$job" params={{ run: runId, job: jobId }} search={{}}>
                  {visible(jobId, 120)}
                </Link>
                <span>
                  {formatCount(holds)} {holds === 1 ? 'job needs' : 'jobs need'} it
                </span>
              </li>
            ))}
          </ul>
        ) : null}
      </div>
    </li>
  );
}
