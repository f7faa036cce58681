import { type ExplainRunResponse, JobReasonCode, type RunReason } from '../../../gen/workflowgraph/v1/why_pb.js';
import { formatCount } from '../../parts/format.js';
import { Empty } from '../../parts/states.js';
import { StartCommand } from '../../workers/start-command.js';
import styles from '../reasons.module.css';
import { isUrgent, ReasonRow } from './reason-row.js';

const consequences: ReadonlySet<JobReasonCode> = new Set([
  JobReasonCode.NEEDS_OPEN,
  JobReasonCode.NEEDS_UNSUCCESSFUL,
  JobReasonCode.CONDITION_FALSE,
  JobReasonCode.BEING_DECIDED,
  JobReasonCode.CANCELLED,
  JobReasonCode.SUPERSEDED,
]);

/** All reasons of a run's state: what failed or is stuck, what waits and runs, and the consequences. */
export function WhyView({ runId, answer }: { runId: string; answer: ExplainRunResponse }) {
  const { reasons, jobs, succeeded } = answer;
  if (reasons.length === 0) {
    return <Empty title={jobs === 0 ? 'This version has no jobs' : `All ${formatCount(jobs)} jobs succeeded`} />;
  }
  const follows = reasons.filter(({ code }) => consequences.has(code));
  const urgent = reasons.filter(isUrgent);
  const tolerated = reasons.filter(({ code }) => code === JobReasonCode.TOLERATED);
  const others = [...follows, ...urgent, ...tolerated];
  const rest = reasons.filter((reason) => !others.includes(reason));
  return (
    <div className={styles.view}>
      <Part title="Needs you" reasons={urgent} runId={runId} />
      <Part title="Under way" reasons={rest} runId={runId} />
      <Part title={urgent.length + rest.length > 0 ? 'Follows from these' : 'Why'} reasons={follows} runId={runId} />
      <Part title="Counts as success" reasons={tolerated} runId={runId} />
      {succeeded === 0 ? null : (
        <p className={styles.rest}>
          {formatCount(succeeded)} of {formatCount(jobs)} jobs succeeded.
        </p>
      )}
    </div>
  );
}

function Part({ title, reasons, runId }: { title: string; reasons: readonly RunReason[]; runId: string }) {
  if (reasons.length === 0) return null;
  const missing = reasons.find(({ code }) => code === JobReasonCode.NO_MATCHING_WORKER);
  return (
    <section>
      <h2>{title}</h2>
      <ul className={styles.reasons} aria-label={title}>
        {reasons.map((reason) => (
          <ReasonRow
            key={`${reason.code}-${reason.message}-${reason.jobIds[0]}`}
            runId={runId}
            reason={reason}
            isFull
          />
        ))}
      </ul>
      {missing === undefined ? null : (
        <div className={styles.start}>
          <p>A machine that reaches this server becomes a worker that takes them by:</p>
          <StartCommand labels={missing.requiredLabels} />
        </div>
      )}
    </section>
  );
}
