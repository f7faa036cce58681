import { hasCondition } from './settle.js';
import { type JobState, type JobStatus, jobStatus } from './states.js';
import { queuedReason } from './why.js';
import type { HeldFact, PausedFact, WhyFacts, WorkerFact } from './why-facts.js';
import type { WhyReason } from './why-reason.js';
import { sentenceOf, span } from './why-sentence.js';

/** Limits of an explanation: reasons of a run, jobs that each names, and characters of a quoted error line. */
export const whyRunLimits = { reasons: 200, named: 20, errorChars: 500 } as const;

/** Jobs of a run that are in one state. */
export interface JobGroup {
  readonly state: JobState;
  /** Required labels of claimable jobs. */
  readonly labels: readonly string[];
  /** Kind of the `if` of skipped jobs. */
  readonly conditional: number;
  readonly count: number;
  /** The first of them, in the order of the definition. */
  readonly jobKeys: readonly string[];
  /** When the oldest became claimable, or began. */
  readonly sinceMs: number | null;
  /** When the first and the last delayed job are retried. */
  readonly delays: { readonly firstMs: number; readonly lastMs: number } | null;
}

/** A job that others wait for. */
export interface Holder {
  readonly jobKey: string;
  readonly state: JobState;
  readonly holds: number;
}

export interface WhyRunFacts {
  readonly nowMs: number;
  readonly groups: readonly JobGroup[];
  /** The failed jobs with the beginnings of their errors. */
  readonly failures: readonly {
    readonly jobKey: string;
    /** Whether its failure counts as success. */
    readonly isTolerated: boolean;
    readonly error: string;
  }[];
  /** The jobs that hold up others: those that hold up most, and their total number. */
  readonly holders: { readonly first: readonly Holder[]; readonly count: number };
  readonly workers: readonly WorkerFact[];
  readonly cancel: WhyFacts['cancel'];
  /** Set while the run waits for a place in its group, or jobs of it do: then it is about the first of them. */
  readonly heldAt: HeldFact | null;
  /** The pauses of labels that its claimable jobs require. */
  readonly pausedLabels: readonly PausedFact[];
}

/** Jobs of a run that are in their state for one reason. */
export interface RunReason {
  readonly code: WhyReason['code'];
  readonly sentence: string;
  readonly status: JobStatus;
  readonly count: number;
  readonly jobKeys: readonly string[];
  readonly requiredLabels: readonly string[];
  readonly holders: readonly Holder[];
  readonly holderCount: number;
}

/**
 * The order of reasons: failures, then jobs that wait for something other than jobs, then running jobs, then the
 * consequences.
 */
const order: readonly JobState[] = [
  'failure',
  'queued',
  'held',
  'delayed',
  'running',
  'open',
  'waiting',
  'cancelled',
  'skipped',
];

/** Why a run is in its state: its jobs that have not succeeded, grouped by reason. */
export function explainRun(facts: WhyRunFacts): RunReason[] {
  const reasons = order.flatMap((state) => {
    if (state === 'failure') return failed(facts.failures.filter(({ isTolerated }) => !isTolerated));
    const groups = facts.groups.filter((group) => group.state === state);
    return groups.map((group) => ({ ...base(group), ...said(group, facts) })).sort(mostUrgentFirst);
  });
  const tolerated = failed(facts.failures.filter(({ isTolerated }) => isTolerated));
  return [...reasons, ...tolerated].slice(0, whyRunLimits.reasons);
}

function base({ state, count, jobKeys, labels }: JobGroup): Omit<RunReason, 'code' | 'sentence'> {
  return {
    status: jobStatus(state),
    count,
    jobKeys: jobKeys.slice(0, whyRunLimits.named),
    requiredLabels: state === 'queued' ? labels : [],
    holders: [],
    holderCount: 0,
  };
}

/** Jobs that no worker takes come first, and larger groups before smaller ones. */
function mostUrgentFirst(a: RunReason, b: RunReason): number {
  const isStuck = ({ code }: RunReason) => Number(code === 'no_matching_worker');
  return isStuck(b) - isStuck(a) || b.count - a.count;
}

function said(group: JobGroup, facts: WhyRunFacts): Pick<RunReason, 'code' | 'sentence'> & Partial<RunReason> {
  const { nowMs, cancel } = facts;
  const one = group.count === 1;
  switch (group.state) {
    case 'queued':
      return queued(group, facts);
    case 'held':
      return held(facts, one);
    case 'delayed':
      return { code: 'delayed', sentence: delayed(group, nowMs) };
    case 'running': {
      const since = span(nowMs - (group.sinceMs ?? nowMs));
      return { code: 'running', sentence: one ? `It has run for ${since}.` : `The longest has run for ${since}.` };
    }
    case 'open':
      return {
        code: 'children_open',
        sentence: one ? 'Its children have not ended.' : 'Their children have not ended.',
      };
    case 'waiting':
      return waiting(facts, one);
    case 'cancelled': {
      if (cancel !== null && cancel.supersededBy !== null) {
        const superseded = { code: 'superseded', atMs: cancel.atMs, byRunId: cancel.supersededBy } as const;
        return { code: superseded.code, sentence: sentenceOf(superseded, nowMs) };
      }
      const by = cancel?.by == null ? '' : ` by token ${JSON.stringify(cancel.by)}`;
      const sentence =
        cancel === null
          ? `${one ? 'It' : 'They'} made way for a re-run.`
          : `The run was cancelled${by} ${span(nowMs - cancel.atMs)} ago${cancel.isTimeout ? ', because it took longer than its timeout' : ''}.`;
      return { code: 'cancelled', sentence };
    }
    case 'skipped':
      return hasCondition(group.conditional)
        ? { code: 'condition_false', sentence: `Skipped: ${one ? 'its' : 'their'} condition is false.` }
        : {
            code: 'needs_unsuccessful',
            sentence: `Skipped, because jobs that ${one ? 'it needs' : 'they need'} did not succeed.`,
          };
    case 'success':
    case 'failure':
      return { code: 'failed', sentence: 'Failed.' };
  }
}

function queued(
  { labels, sinceMs, count }: JobGroup,
  { nowMs, workers, pausedLabels }: WhyRunFacts,
): Pick<RunReason, 'code' | 'sentence'> {
  const paused = pausedLabels.find(({ subject }) => labels.includes(subject));
  if (paused !== undefined) return { code: paused.code, sentence: sentenceOf(paused, nowMs) };
  const reason = queuedReason(nowMs, { requiredLabels: labels, enqueuedAtMs: sinceMs }, workers, null);
  if (reason.code === 'no_matching_worker') return { code: reason.code, sentence: sentenceOf(reason, nowMs) };
  return { code: reason.code, sentence: waitsForWorker(reason, nowMs, count) };
}

/** What claimable jobs that live workers take wait for. */
export function waitsForWorker(
  reason: Extract<WhyReason, { code: 'waits_for_worker' }>,
  nowMs: number,
  count: number,
): string {
  const { enqueuedAtMs, matchingWorkers, freeWorkers } = reason;
  const workers =
    freeWorkers > 0
      ? `${freeWorkers} of ${matchingWorkers === 1 ? '1 matching worker' : `${matchingWorkers} matching workers`} ${freeWorkers === 1 ? 'has' : 'have'} a free slot`
      : `${matchingWorkers === 1 ? 'the one matching worker is' : `all ${matchingWorkers} matching workers are`} busy`;
  const since = span(nowMs - enqueuedAtMs);
  return count === 1
    ? `It has been claimable for ${since}: ${workers}.`
    : `The oldest has been claimable for ${since}: ${workers}.`;
}

/** Whether it holds the run, not one of its jobs. */
function isOfRun(fact: HeldFact): boolean {
  if (fact.code === 'paused') return fact.kind === 'workflow';
  return fact.code === 'held_by_group' && !fact.ofJobs;
}

/** Jobs may wait at several gates: the sentence is about the first of them. */
function held({ nowMs, heldAt }: WhyRunFacts, one: boolean): Pick<RunReason, 'code' | 'sentence'> {
  if (heldAt === null || isOfRun(heldAt)) {
    return { code: 'held_by_group', sentence: 'It waits for a place in its group.' };
  }
  const sentence = sentenceOf(heldAt, nowMs);
  if (one || heldAt.code === 'paused') return { code: heldAt.code, sentence };
  return { code: heldAt.code, sentence: `They wait for places. Of the first: ${sentence}` };
}

function delayed({ count, delays }: JobGroup, nowMs: number): string {
  const first = span((delays?.firstMs ?? nowMs) - nowMs);
  if (count === 1) return `An attempt failed; the next begins in ${first}.`;
  return `Attempts failed; the first is repeated in ${first}, the last in ${span((delays?.lastMs ?? nowMs) - nowMs)}.`;
}

function waiting(
  { nowMs, holders, heldAt }: WhyRunFacts,
  one: boolean,
): Pick<RunReason, 'code' | 'sentence'> & Partial<RunReason> {
  if (heldAt !== null && isOfRun(heldAt)) return { code: heldAt.code, sentence: sentenceOf(heldAt, nowMs) };
  const they = one ? 'It waits' : 'They wait';
  const [first] = holders.first;
  if (first === undefined) {
    return {
      code: 'being_decided',
      sentence: `${they} until cancelled jobs have stopped, or the server is about to decide on ${one ? 'it' : 'them'}.`,
    };
  }
  const which =
    holders.count === 1
      ? `${JSON.stringify(first.jobKey)} holds ${one ? 'it' : 'them'} up`
      : `${holders.count} jobs hold ${one ? 'it' : 'them'} up, most of all ${JSON.stringify(first.jobKey)}`;
  return {
    code: 'needs_open',
    sentence: `${they} for jobs that have not ended: ${which}.`,
    holders: holders.first,
    holderCount: holders.count,
  };
}

/** The failed jobs by the beginnings of their errors, the most frequent first. */
function failed(failures: WhyRunFacts['failures']): RunReason[] {
  const groups = Map.groupBy(failures, ({ error }) => headline(error));
  return [...groups]
    .sort(([, a], [, b]) => b.length - a.length)
    .map(([line, jobs]) => ({
      code: jobs[0]?.isTolerated === true ? 'tolerated' : 'failed',
      sentence: failure(line, jobs[0]?.isTolerated === true),
      status: 'failure',
      count: jobs.length,
      jobKeys: jobs.slice(0, whyRunLimits.named).map(({ jobKey }) => jobKey),
      requiredLabels: [],
      holders: [],
      holderCount: 0,
    }));
}

function failure(line: string, isTolerated: boolean): string {
  const failed = isTolerated ? 'Failed, which counts as success (continue-on-error)' : 'Failed';
  return line === '' ? `${failed}, without an error text.` : `${failed}: ${line}`;
}

/** The first line of an error, with the second one if the first is only an exit status. */
function headline(text: string): string {
  const [first = '', second = ''] = text.trim().split(/\s*\r?\n\s*/, 2);
  const line = second !== '' && /^exit status \d+$/.test(first) ? `${first}: ${second}` : first;
  return line.length > whyRunLimits.errorChars ? `${line.slice(0, whyRunLimits.errorChars - 1)}…` : line;
}
