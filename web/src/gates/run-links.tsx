import { Link } from '@tanstack/react-router';
import { Fragment } from 'react';
import type { RunAtGate } from '../../gen/workflowgraph/v1/types_pb.js';
import { Ago } from '../parts/duration.js';
import { shortId, visible } from '../parts/format.js';

/** Runs or jobs that hold or wait for a place in a group, each with its start time. */
export function RunLinks({ runs }: { runs: readonly RunAtGate[] }) {
  return runs.map(({ runId, workflow, jobId, sinceMs }, n) => (
    <Fragment key={`${runId} ${jobId}`}>
      {n === 0 ? '' : ', '}
      {jobId === '' ? (
        <Link to="/runs/$run" params={{ run: runId }} search={{}}>
          {visible(workflow, 60)} {shortId(runId)}
        </Link>
      ) : (
        <Link to="/runs/$run/jobs/$job" params={{ run: runId, job: jobId }} search={{}}>
          {visible(jobId, 60)} of {visible(workflow, 60)} {shortId(runId)}
        </Link>
      )}{' '}
      (since <Ago ms={Number(sinceMs)} />)
    </Fragment>
  ));
}
