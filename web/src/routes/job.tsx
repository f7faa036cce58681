import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import { Attempts } from '../job/attempts.js';
import { Children } from '../job/children.js';
import { Facts } from '../job/facts.js';
import { useJob } from '../job/use-job.js';
import { useKeys } from '../keys/use-keys.js';
import { LogView } from '../log/log-view.js';
import { Crumbs } from '../parts/crumbs.js';
import { Elapsed } from '../parts/duration.js';
import { shortId, visible } from '../parts/format.js';
import { StateMark } from '../parts/state-mark.js';
import { Failed, Skeleton } from '../parts/states.js';
import { useTitle } from '../parts/use-title.js';
import { workflowName } from '../parts/workflow-name.js';
import { choicesOfJob } from '../rerun/choice.js';
import { Rerun } from '../rerun/rerun.js';
import { isOver, lookOfPhase, wordOfJob } from '../run/phases.js';
import { useRunInfo } from '../run/run-info.js';
import styles from './job.module.css';

const signs: Partial<Record<string, string>> = { success: '✓ ', failure: '✗ ', running: '◐ ' };

/** A job in full: the reasons of its state, its facts, and its log. */
export function JobPage() {
  const { run, job } = useParams({ from: '/runs/$run/jobs/$job' });
  const { attempt } = useSearch({ from: '/runs/$run/jobs/$job' });
  const navigate = useNavigate({ from: '/runs/$run/jobs/$job' });
  const query = useJob(run, job);
  const details = query.data?.details;
  const { data: info } = useRunInfo(details?.runId);
  const look = lookOfPhase(details?.phase ?? 0);
  useTitle(`${details === undefined ? '' : (signs[look] ?? '')}${job}`);
  const numbers = details?.attempts.map(({ attempt: number }) => number) ?? [];
  const newest = numbers.at(-1);
  // The reader stays at the attempt that was the newest when the page was opened; a later one is announced.
  const [opened, setOpened] = useState<number | undefined>(undefined);
  if (opened === undefined && newest !== undefined) setOpened(newest);
  const shown = attempt ?? opened ?? newest;
  const step = (by: number) => {
    const to = numbers[numbers.indexOf(shown ?? -1) + by];
    if (to !== undefined) navigate({ search: { attempt: to }, replace: true });
  };
  useKeys({ '[': () => step(-1), ']': () => step(1) });
  if (query.isError) return <Failed error={query.error} retry={() => query.refetch()} />;
  if (details === undefined || query.data === undefined) return <Skeleton rows={10} label="Loading the job" />;
  const { why } = query.data;
  const of = details.attempts.find(({ attempt: number }) => number === shown);
  const started = details.job?.startedAt;
  return (
    <div className={styles.page}>
      <Crumbs>
        <Link to="/runs" search={{}}>
          Runs
        </Link>
        <Link to="/workflows/$id" params={{ id: details.workflow }}>
          {visible(workflowName(details.workflow, info?.name), 80)}
        </Link>
        <Link to="/runs/$run" params={{ run: details.runId }} search={{}}>
          {shortId(details.runId)}
        </Link>
        {details.group === undefined ? null : (
          <Link to="/runs/$run/jobs/$job" params={{ run: details.runId, job: details.group }} search={{}}>
            {visible(details.group, 80)}
          </Link>
        )}
      </Crumbs>
      <header className={styles.head}>
        <StateMark look={look} size={22} />
        <h1>{visible(details.job?.id ?? job, 300)}</h1>
        <span className={styles.state} data-look={look}>
          {wordOfJob({ look, isTolerated: details.job?.tolerated ?? false })}
          {started === undefined || of === undefined ? null : (
            <>
              {' · '}
              <Elapsed
                fromMs={Number(of.startedAtMs)}
                toMs={of.endedAtMs === undefined ? null : Number(of.endedAtMs)}
              />
            </>
          )}
        </span>
        <span className={styles.actions}>
          <Rerun runId={details.runId} choices={isOver(look) ? choicesOfJob(details.job?.id ?? job) : []} />
        </span>
      </header>
      <ul className={styles.reasons} aria-label="Why">
        {why.reasons.map(({ code, message }) => (
          <li key={code}>{visible(message, 1_000)}</li>
        ))}
      </ul>
      <div className={styles.body}>
        <div className={styles.main}>
          <Attempts
            attempts={details.attempts}
            shown={shown}
            onShow={(number) => navigate({ search: { attempt: number }, replace: true })}
          />
          {shown === undefined || newest === undefined || shown >= newest || attempt !== undefined ? null : (
            <p className={styles.announced} role="status">
              Attempt {newest} has begun.{' '}
              <button type="button" className="button" onClick={() => setOpened(newest)}>
                Show it
              </button>
            </p>
          )}
          {details.job?.children !== undefined ? (
            <Children runId={details.runId} node={details.job.id} />
          ) : shown === undefined || of === undefined ? (
            <p className={styles.none}>No attempt has begun, so there is no log.</p>
          ) : (
            <LogView
              key={shown}
              runId={details.runId}
              jobId={details.job?.id ?? job}
              attempt={shown}
              attemptStartedMs={Number(of.startedAtMs)}
              isLive={of.outcome === undefined}
              startsAtEnd={of.outcome === undefined || of.error !== undefined}
            />
          )}
        </div>
        <Facts details={details} />
      </div>
    </div>
  );
}
