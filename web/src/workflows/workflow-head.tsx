import { WorkflowSource, type WorkflowSummary } from '../../gen/workflowgraph/v1/workflow_service_pb.js';
import { formatDuration, plural, visible } from '../parts/format.js';
import { hasMadeUpId } from '../parts/workflow-name.js';
import styles from './workflow-head.module.css';

/** The facts of a workflow. The summary is null for one that is no longer in the list. */
export function WorkflowHead({ name, summary }: { name: string; summary: WorkflowSummary | null }) {
  return (
    <div className={styles.head}>
      <h1>{visible(name, 200)}</h1>
      {summary === null ? null : <p className={styles.facts}>{factsOf(summary).join(' · ')}</p>}
    </div>
  );
}

function factsOf(summary: WorkflowSummary): string[] {
  const { id, name, jobs, trigger, source, version, endedRuns, succeededRuns, medianDurationMs } = summary;
  return [
    name === id || hasMadeUpId(id) ? '' : visible(name, 80),
    plural(jobs, 'job'),
    visible(trigger, 60),
    source === WorkflowSource.API ? 'created by API' : '',
    version === 0 ? '' : `version ${version}`,
    endedRuns === 0 ? '' : `${Math.floor((succeededRuns / endedRuns) * 100)} % ok`,
    medianDurationMs === undefined ? '' : `median ${formatDuration(Number(medianDurationMs))}`,
  ].filter((part) => part !== '');
}
