import { Link } from '@tanstack/react-router';
import { WorkflowSource, type WorkflowSummary } from '../../gen/workflowgraph/v1/workflow_service_pb.js';
import { Ago } from '../parts/duration.js';
import { formatDuration, plural, visible } from '../parts/format.js';
import { StateMark } from '../parts/state-mark.js';
import { hasMadeUpId, workflowName } from '../parts/workflow-name.js';
import { lookOfState, runWords } from '../run/phases.js';
import { RecentRuns } from './recent-runs.js';
import styles from './workflow-row.module.css';

/** A workflow in the list: its facts, its last runs, and its statistics. */
export function WorkflowRow({ workflow }: { workflow: WorkflowSummary }) {
  const { newestRun, broken } = workflow;
  const look = lookOfState(newestRun?.state);
  return (
    <li className={styles.row} data-row="">
      <StateMark look={look} word={newestRun === undefined ? 'has not run' : runWords[look]} />
      <span className={styles.what}>
        <Link to="/workflows/$id" params={{ id: workflow.id }} className={styles.name}>
          {visible(workflowName(workflow.id, workflow.name), 120)}
        </Link>
        <span className={styles.quiet}>
          {[
            workflow.name === workflow.id || hasMadeUpId(workflow.id) ? '' : visible(workflow.name, 80),
            plural(workflow.jobs, 'job'),
            visible(workflow.trigger, 60),
            workflow.source === WorkflowSource.API ? 'created by API' : '',
          ]
            .filter((part) => part !== '')
            .join(' · ')}
        </span>
        {broken === undefined ? null : (
          <span className={styles.broken}>
            {visible(broken.file, 80)} could not be loaded:{' '}
            {visible(broken.problems[0]?.message ?? 'it is broken', 200)}
          </span>
        )}
      </span>
      <RecentRuns runs={workflow.recentRuns} />
      <span className={styles.number}>{successOf(workflow)}</span>
      <span className={styles.number}>
        {workflow.medianDurationMs === undefined ? '' : `median ${formatDuration(Number(workflow.medianDurationMs))}`}
      </span>
      <span className={styles.when}>
        {newestRun === undefined ? 'has not run' : <Ago ms={Number(newestRun.createdAtMs)} />}
      </span>
    </li>
  );
}

function successOf({ endedRuns, succeededRuns }: WorkflowSummary): string {
  return endedRuns === 0 ? '' : `${Math.floor((succeededRuns / endedRuns) * 100)} % ok`;
}
