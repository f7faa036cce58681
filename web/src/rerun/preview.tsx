import type { RerunJob, RerunWorkflowResponse } from '../../gen/workflowgraph/v1/runs_pb.js';
import { formatCount, visible } from '../parts/format.js';
import { byReason } from './choice.js';
import styles from './rerun.module.css';

const namesShown = 6;
const reasonsShown = 5;

/** The jobs that would run again, stay, and be skipped, each with the server's reason. */
export function Preview({ answer }: { answer: RerunWorkflowResponse }) {
  return (
    <div className={styles.preview}>
      <Part
        title={answer.jobCount === 1 ? 'runs again' : 'run again'}
        look="again"
        jobs={answer.jobs}
        count={answer.jobCount}
      />
      <Part title="will be skipped" look="skipped" jobs={answer.skipped} count={answer.skippedCount} />
      <Part
        title={answer.keptCount === 1 ? 'stays as it is' : 'stay as they are'}
        look="kept"
        jobs={answer.kept}
        count={answer.keptCount}
      />
    </div>
  );
}

function Part({
  title,
  look,
  jobs,
  count,
}: {
  title: string;
  look: 'again' | 'skipped' | 'kept';
  jobs: readonly RerunJob[];
  count: number;
}) {
  const reasons = byReason(jobs);
  return (
    <section className={styles.part} data-look={look}>
      <h3>
        <span className="num">{formatCount(count)}</span> {title}
      </h3>
      <ul>
        {reasons.slice(0, reasonsShown).map(({ reason, jobs: names }) => (
          <li key={reason}>
            <span className={styles.names}>{namesOf(names)}</span>
            <span className={styles.reason}>{visible(reason, 300)}</span>
          </li>
        ))}
        {reasons.length > reasonsShown ? <li className={styles.reason}>and other reasons</li> : null}
      </ul>
    </section>
  );
}

function namesOf(names: readonly string[]): string {
  const shown = names.slice(0, namesShown).map((name) => visible(name, 60));
  const more = names.length - shown.length;
  return `${shown.join(', ')}${more > 0 ? ` and ${formatCount(more)} more` : ''}`;
}
