import { Link } from '@tanstack/react-router';
import type { GetJobResponse, StepState } from '../../gen/workflowgraph/v1/run_service_pb.js';
import { JobStatus } from '../../gen/workflowgraph/v1/types_pb.js';
import { Ago } from '../parts/duration.js';
import { formatDuration, visible } from '../parts/format.js';
import { Labels } from '../parts/labels.js';
import styles from './facts.module.css';

/** The facts of a job: its definition, its worker, its outputs. */
export function Facts({ details }: { details: GetJobResponse }) {
  const { job, steps, retryPolicy } = details;
  if (job === undefined) return null;
  const retries = retryPolicy?.maxRetries ?? job.maxRetries;
  const outputs = Object.entries(job.outputs);
  const worker = details.attempts.at(-1)?.workerId ?? '';
  return (
    <dl className={styles.facts}>
      {details.matrixJson === undefined ? null : (
        <Fact word="Matrix">
          <dl className={styles.outputs}>
            {valuesOf(details.matrixJson).map(([name, value]) => (
              <div key={name}>
                <dt>{visible(name, 80)}</dt>
                <dd>{visible(value, 400)}</dd>
              </div>
            ))}
          </dl>
        </Fact>
      )}
      {worker === '' ? null : <Fact word="Worker">{visible(worker, 100)}</Fact>}
      {job.startedAt === undefined || details.attempts.length === 0 ? null : (
        <Fact word="Started">
          <Ago ms={Number(details.attempts.at(-1)?.startedAtMs ?? 0)} />
        </Fact>
      )}
      <Fact word="Labels">
        <Labels labels={job.requiredLabels} none="none: any worker takes it" />
      </Fact>
      {job.dependsOn.length === 0 ? null : (
        <Fact word={`Needs ${job.dependsOn.length}`}>
          <ul className={styles.needs}>
            {job.dependsOn.slice(0, 12).map((need) => (
              <li key={need}>
                <Link to="/runs/$run/jobs/$job" params={{ run: details.runId, job: need }} search={{}}>
                  {visible(need, 80)}
                </Link>
              </li>
            ))}
            {job.dependsOn.length > 12 ? <li>and {job.dependsOn.length - 12} more</li> : null}
          </ul>
        </Fact>
      )}
      {job.if === undefined ? null : (
        <Fact word="If">
          <code>{visible(job.if, 300)}</code>
        </Fact>
      )}
      {retries === 0 ? null : (
        <Fact word="Retries">
          {job.attempt} of {retries} used
        </Fact>
      )}
      {job.timeoutSecs === undefined ? null : (
        <Fact word="Timeout">{formatDuration(Number(job.timeoutSecs) * 1_000)}</Fact>
      )}
      {outputs.length === 0 ? null : (
        <Fact word="Outputs">
          <dl className={styles.outputs}>
            {outputs.slice(0, 30).map(([name, value]) => (
              <div key={name}>
                <dt>{visible(name, 80)}</dt>
                <dd>{visible(value, 400)}</dd>
              </div>
            ))}
          </dl>
        </Fact>
      )}
      <Fact word={steps.length === 0 ? 'Command' : 'Steps'}>
        {steps.length === 0 ? (
          <pre className={styles.command}>{visible(job.command, 4_000)}</pre>
        ) : (
          steps.map((step, at) => (
            <div key={`${step.id}-${step.name}-${step.run}`}>
              <StepLine number={at + 1} state={details.stepStates[at]} />
              <pre className={styles.command}>
                {step.name === '' || step.run.startsWith(step.name.replace(/ ?…$/, ''))
                  ? ''
                  : `# ${visible(step.name, 100)}\n`}
                {visible(step.run, 4_000)}
              </pre>
            </div>
          ))
        )}
      </Fact>
    </dl>
  );
}

/** The values of a child, as text. */
function valuesOf(matrixJson: string): [name: string, value: string][] {
  const values: Record<string, unknown> = JSON.parse(matrixJson);
  return Object.entries(values).map(([name, value]) => [
    name,
    typeof value === 'string' ? value : JSON.stringify(value),
  ]);
}

const stepWords: Readonly<Partial<Record<JobStatus, string>>> = {
  [JobStatus.QUEUED]: 'not begun',
  [JobStatus.RUNNING]: 'running',
  [JobStatus.SUCCESS]: 'succeeded',
  [JobStatus.FAILURE]: 'failed',
  [JobStatus.SKIPPED]: 'did not run',
  [JobStatus.CANCELLED]: 'cancelled',
};

/** The state of a step and its duration; nothing before the first attempt. */
function StepLine({ number, state }: { number: number; state: StepState | undefined }) {
  if (state === undefined) return null;
  const { startedAtMs: begun, endedAtMs: ended, status } = state;
  const took = begun === undefined || ended === undefined ? '' : `, ${formatDuration(Number(ended - begun))}`;
  return (
    <p className={styles.step}>
      Step {number}: {stepWords[status] ?? ''}
      {took}
    </p>
  );
}

function Fact({ word, children }: { word: string; children: React.ReactNode }) {
  return (
    <div>
      <dt>{word}</dt>
      <dd>{children}</dd>
    </div>
  );
}
