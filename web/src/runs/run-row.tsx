import { Link } from '@tanstack/react-router';
import { memo } from 'react';
import type { Run } from '../../gen/workflowgraph/v1/runs_pb.js';
import { Ago, Elapsed } from '../parts/duration.js';
import { shortId, visible } from '../parts/format.js';
import { StateBar } from '../parts/state-bar.js';
import { StateMark } from '../parts/state-mark.js';
import { workflowName } from '../parts/workflow-name.js';
import { lookOfState, runWords } from '../run/phases.js';
import { countsOf, sentenceOf, timesOf } from '../run/sentence.js';
import styles from './run-row.module.css';

/** Present if runs can be selected. */
interface ChosenRow {
  readonly isChosen: boolean;
  readonly toggle: (runId: string, upTo: boolean) => void;
}

/** A run in a list: its state, its name, its most important fact, and its times. */
export const RunRow = memo(function RunRow({ run, chosen }: { run: Run; chosen?: ChosenRow }) {
  const look = lookOfState(run.state);
  const sentence = visible(sentenceOf(run), 300);
  const isBad = look === 'failure' || (run.details?.noMatchingWorker ?? 0) > 0;
  return (
    <li
      className={chosen === undefined ? styles.row : `${styles.row} ${styles.choosable}`}
      data-row=""
      data-run={run.runId}
    >
      {chosen === undefined ? null : (
        <label className={styles.choose}>
          <input
            type="checkbox"
            checked={chosen.isChosen}
            onChange={({ nativeEvent }) =>
              chosen.toggle(run.runId, nativeEvent instanceof MouseEvent && nativeEvent.shiftKey)
            }
          />
          <span className="hidden-text">Choose {shortId(run.runId)}</span>
        </label>
      )}
      <StateMark look={look} word={runWords[look]} />
      <span className={styles.what}>
        <Link to="/runs/$run" params={{ run: run.runId }} className={styles.name}>
          {visible(workflowName(run.workflow, run.name), 120)}
        </Link>
        <span className={styles.id}>{shortId(run.runId)}</span>
      </span>
      <span className={styles.bar}>
        <StateBar counts={countsOf(run)} />
      </span>
      <span className={isBad ? styles.bad : styles.sentence} title={sentence}>
        {sentence}
      </span>
      <span className={styles.when}>
        <Ago ms={Number(run.createdAtMs)} />
        {run.startedBy === undefined ? null : <span className={styles.by}> by {visible(run.startedBy, 60)}</span>}
      </span>
      <span className={styles.took}>
        <Elapsed {...timesOf(run)} />
      </span>
    </li>
  );
});
