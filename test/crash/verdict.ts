import type { AttemptFact, Facts } from './facts.js';
import type { Chunk, End, Followed, Journal, Report } from './journal.js';

/**
 * Every contradiction between a database and its clients' journal; empty if all is well. All runs must have ended.
 *
 * It uses no code of the server, only the contract.
 */
export function judge(facts: Facts, journal: Journal): string[] {
  return [
    ...journal.contradictions,
    ...facts.damage,
    ...checkRuns(facts, journal),
    ...checkJobs(facts, journal),
    ...checkGrants(facts, journal),
    ...checkReports(facts, journal),
    ...checkRefusals(facts, journal),
    ...checkOutputs(facts, journal),
    ...checkOutputsHandedOn(facts, journal),
    ...checkLogs(facts, journal),
    ...checkEvents(facts),
  ];
}

const ended = new Set(['success', 'failure', 'skipped', 'cancelled']);

function* checkRuns(facts: Facts, journal: Journal): Iterable<string> {
  for (const run of journal.runs.values()) if (!facts.runs.has(run)) yield `run ${run} was acknowledged and is lost`;
  for (const [run, answeredAtMs] of journal.cancelled) {
    const fact = facts.runs.get(run);
    if (fact === undefined) yield `run ${run} was cancelled and is lost`;
    // A cancel of an ended run changes nothing.
    else if (!fact.cancelRequested && (fact.endedAtMs ?? Number.POSITIVE_INFINITY) > answeredAtMs) {
      yield `the cancel of run ${run} was acknowledged and is lost`;
    }
  }
  const statesOf = new Map<string, string[]>();
  for (const { run, state } of facts.jobs.values()) statesOf.set(run, [...(statesOf.get(run) ?? []), state]);
  for (const [run, { state }] of facts.runs) {
    const states = statesOf.get(run) ?? [];
    const right = ['cancelled', 'failure'].find((one) => states.includes(one)) ?? 'success';
    if (state !== right) yield `run ${run} is ${state}, and its jobs are ${states.join(', ')}`;
  }
}

function* checkJobs(facts: Facts, journal: Journal): Iterable<string> {
  const attemptsOf = new Map<string, AttemptFact[]>();
  for (const attempt of facts.attempts.values()) {
    attemptsOf.set(attempt.job, [...(attemptsOf.get(attempt.job) ?? []), attempt]);
  }
  for (const [name, { state, attempt }] of facts.jobs) {
    if (!ended.has(state)) yield `job ${name} is ${state} at the end`;
    const attempts = attemptsOf.get(name) ?? [];
    const numbers = attempts.map(({ number }) => number).sort((a, b) => a - b);
    if (numbers.some((number, at) => number !== at)) yield `job ${name} has attempts ${numbers.join(', ')}`;
    const successes = attempts.filter(({ outcome }) => outcome === 'success');
    if (successes.length > 1) yield `job ${name} succeeded ${successes.length} times`;
    const last = facts.attempts.get(`${name}/${attempt}`)?.outcome;
    if ((state === 'success') !== (last === 'success')) yield `job ${name} is ${state}, its last attempt ${last}`;
    if (state === 'skipped' && (facts.needs.get(name) ?? []).length === 0) yield `job ${name} is skipped for nothing`;
  }
  for (const [name, { outcome }] of facts.attempts) if (outcome === null) yield `attempt ${name} has no outcome`;
  for (const [name, state] of journal.shownEnds) {
    const now = facts.jobs.get(name)?.state;
    if (now !== state) yield `job ${name} was shown as ${state} and is ${now ?? 'lost'}`;
  }
}

function* checkGrants(facts: Facts, journal: Journal): Iterable<string> {
  const leases = new Map<string, string>();
  for (const { attempt, worker, lease } of journal.grants) {
    if (facts.released.has(attempt)) continue;
    const fact = facts.attempts.get(attempt);
    if (fact === undefined) yield `attempt ${attempt} was claimed and is lost`;
    else if (fact.worker !== worker) yield `attempt ${attempt} was claimed by ${worker}, not ${fact.worker}`;
    const other = leases.get(attempt);
    if (other !== undefined && other !== lease) yield `attempt ${attempt} was handed out twice`;
    leases.set(attempt, lease);
  }
}

function* checkReports(facts: Facts, journal: Journal): Iterable<string> {
  const byLease = new Map<string, End>();
  const completed = new Map<string, string>();
  for (const { attempt, worker, lease, end, refused } of journal.reports) {
    if (refused !== null) continue;
    const fact = facts.attempts.get(attempt);
    if (!isRecorded(fact, end)) {
      yield `${attempt}: ${end.kind} was acknowledged, recorded is ${fact?.outcome} (${fact?.error})`;
    } else if (fact?.worker !== worker) {
      yield `${attempt}: an end by ${worker} was taken under the lease of ${fact?.worker}`;
    }
    const other = byLease.get(lease);
    if (other !== undefined && !isSame(other, end)) yield `${attempt}: two ends were acknowledged under one lease`;
    byLease.set(lease, end);
    if (end.kind !== 'success') continue;
    const job = jobOf(attempt);
    const before = completed.get(job);
    if (before !== undefined && before !== lease) yield `job ${job} was completed under two leases`;
    completed.set(job, lease);
  }
}

function isRecorded(fact: AttemptFact | undefined, end: End): boolean {
  return fact?.outcome === end.kind && (end.kind === 'success' || fact.error === end.error);
}

function isSame(a: End, b: End): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

/** Every 409 has a reason that the database shows. */
function* checkRefusals(facts: Facts, journal: Journal): Iterable<string> {
  const sentUnder = new Map<string, Report[]>();
  for (const report of journal.reports) sentUnder.set(report.lease, [...(sentUnder.get(report.lease) ?? []), report]);
  for (const { attempt, lease, end, refused } of journal.reports) {
    if (refused === null) continue;
    const others = (sentUnder.get(lease) ?? []).filter((other) => !isSame(other.end, end));
    const reason = unjustified(facts, attempt, refused, others.length > 0);
    if (reason !== null) yield `${attempt}: a report was refused as ${refused}, but ${reason}`;
    // The text of a failure identifies it: no other report can have written it.
    if (end.kind === 'failure' && others.length > 0 && isRecorded(facts.attempts.get(attempt), end)) {
      yield `${attempt}: a report was refused (${refused}) and recorded all the same`;
    }
  }
  for (const { attempt, lease, what, reason: refused } of journal.refusals) {
    const reason = unjustified(facts, attempt, refused, (sentUnder.get(lease) ?? []).length > 0);
    if (reason !== null) yield `${attempt}: a ${what} was refused as ${refused}, but ${reason}`;
  }
}

/** The contradiction of a refusal; null if the database shows its reason. */
function unjustified(facts: Facts, attempt: string, reason: string, reportedElse: boolean): string | null {
  const fact = facts.attempts.get(attempt);
  const cancelled = fact?.outcome === 'cancelled' && facts.runs.get(runOf(attempt))?.cancelRequested === true;
  switch (reason) {
    case 'completed':
      if (fact?.outcome !== 'success' && fact?.outcome !== 'failure')
        return `the attempt's outcome is ${fact?.outcome}`;
      return reportedElse ? null : 'nothing else was reported under its lease';
    case 'cancelled':
      return cancelled ? null : `the attempt's outcome is ${fact?.outcome}, or nobody asked to cancel its run`;
    case 'lease_expired':
      // A restart gives an expired lease its time again, and the run may be cancelled in that time. When its lease
      // expires, a pushed job whose arrival was not confirmed is released; the next attempt has the same number.
      return fact?.outcome === 'lease_expired' ||
        fact?.outcome === 'timed_out' ||
        cancelled ||
        facts.released.has(attempt)
        ? null
        : `the attempt's outcome is ${fact?.outcome}`;
    case 'superseded': {
      if (fact?.outcome !== 'lease_expired' && fact?.outcome !== 'timed_out') {
        return `the attempt's outcome is ${fact?.outcome}`;
      }
      // The later attempt may have been released, and its run cancelled before another one began.
      const later = `${fact.job}/${fact.number + 1}`;
      return facts.attempts.has(later) || facts.released.has(later) ? null : 'no later attempt is there';
    }
    case 'unknown_lease':
      return facts.released.has(attempt) ? null : 'the attempt was never given back';
    default:
      return 'that is no reason';
  }
}

function* checkOutputs(facts: Facts, journal: Journal): Iterable<string> {
  const texts = new Map(journal.texts);
  for (const { attempt, data } of journal.chunks) texts.set(attempt, (texts.get(attempt) ?? '') + data);
  for (const { attempt, end, refused } of journal.reports) {
    if (refused !== null || end.kind !== 'success') continue;
    const printed = (texts.get(attempt) ?? '').matchAll(/^::set-output (\w+)=(.*)$/gm);
    const right = { ...Object.fromEntries([...printed].map(([, key, value]) => [key, value])), ...end.outputs };
    const outputs = facts.jobs.get(jobOf(attempt))?.outputs ?? {};
    for (const [output, value] of Object.entries(right)) {
      if (outputs[output] !== value) yield `${attempt}: output ${output} is ${outputs[output]} and not ${value}`;
    }
  }
}

function* checkOutputsHandedOn(facts: Facts, journal: Journal): Iterable<string> {
  for (const { attempt, upstream } of journal.grants) {
    if (upstream === null) continue;
    const needs = (facts.needs.get(jobOf(attempt)) ?? []).filter((need) => facts.jobs.get(need)?.state === 'success');
    const right = Object.fromEntries(needs.map((need) => [need.split('/')[1] ?? '', facts.jobs.get(need)?.outputs]));
    if (sorted(upstream) !== sorted(right)) {
      yield `${attempt} was given ${JSON.stringify(upstream)} and not ${JSON.stringify(right)}`;
    }
  }
}

function sorted(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) =>
    part !== null && typeof part === 'object' && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );
}

function* checkLogs(facts: Facts, journal: Journal): Iterable<string> {
  const stored = new Map<string, string>();
  for (const [attempt, chunks] of facts.logs) {
    for (const { sequence, stream, data } of chunks) {
      const name = `${attempt}/${sequence}/${stream}`;
      if (stored.has(name)) yield `log chunk ${name} is stored twice`;
      stored.set(name, data);
    }
  }
  yield* checkChunks(facts, stored, journal.chunks, 'acknowledged');
  yield* checkChunks(facts, stored, journal.shownChunks, 'shown');
  for (const [attempt, text] of journal.texts) {
    const chunks = (facts.logs.get(attempt) ?? []).filter(({ stream }) => stream === 'stdout');
    const got = chunks.map(({ data }) => data).join('');
    if (got !== text) yield `${attempt}: the log is ${JSON.stringify(got)} and not ${JSON.stringify(text)}`;
  }
  yield* checkLateChunks(facts, journal.chunks);
  for (const followed of journal.followed) yield* checkFollowed(facts, followed);
}

/** A follower gets every chunk once and in order, up to where it stopped; to the end, if it reached it. */
function* checkFollowed(facts: Facts, { job, chunks, toTheEnd }: Followed): Iterable<string> {
  const attempts = [...facts.attempts.values()].filter((attempt) => attempt.job === job).sort(byNumber);
  const names = attempts.map(({ number }) => `${job}/${number}`);
  // The chunks of a released attempt are gone, and the log of a cancelled job continues after its end.
  if (names.some((name) => facts.released.has(name))) return;
  const isCancelled = attempts.some(({ outcome }) => outcome === 'cancelled');
  const stored = names.flatMap((name) => (facts.logs.get(name) ?? []).map((chunk) => pieceName(name, chunk)));
  const sent = chunks.map((chunk) => pieceName(chunk.attempt, chunk));
  const right = toTheEnd && !isCancelled ? stored : stored.slice(0, sent.length);
  if (sent.join() !== right.join()) yield `the log of ${job} was followed as ${sent.join()} and is ${stored.join()}`;
}

function byNumber(a: AttemptFact, b: AttemptFact): number {
  return a.number - b.number;
}

function pieceName(attempt: string, { sequence, stream }: Pick<Chunk, 'sequence' | 'stream'>): string {
  return `${attempt}/${sequence}/${stream}`;
}

function* checkChunks(
  { released }: Facts,
  stored: ReadonlyMap<string, string>,
  chunks: readonly Chunk[],
  how: string,
): Iterable<string> {
  for (const { attempt, sequence, stream, data } of chunks) {
    if (released.has(attempt)) continue;
    const got = stored.get(`${attempt}/${sequence}/${stream}`);
    if (got !== data) yield `log chunk ${attempt}/${sequence} was ${how}, stored is ${JSON.stringify(got)}`;
  }
}

/**
 * Maximum difference between the clocks of two processes: a server's clock is monotonic from its start, and is
 * truncated to milliseconds.
 */
const clocksDifferMs = 10;

/** A log that was first sent after the attempt had lost its lease must be refused. */
function* checkLateChunks({ attempts }: Facts, chunks: readonly Chunk[]): Iterable<string> {
  for (const { attempt, sequence, sentAtMs } of chunks) {
    const fact = attempts.get(attempt);
    if (fact?.endedAtMs == null || sentAtMs === null || fact.outcome === 'cancelled') continue;
    if (sentAtMs > fact.endedAtMs + clocksDifferMs) {
      yield `log chunk ${attempt}/${sequence} was taken ${sentAtMs - fact.endedAtMs} ms after the attempt's end`;
    }
  }
}

function* checkEvents({ events, endedOften }: Facts): Iterable<string> {
  if (events.count !== events.last) yield `of ${events.last} events ${events.count} are there`;
  for (const run of endedOften) yield `run ${run} ended more than once`;
}

function jobOf(attempt: string): string {
  return attempt.slice(0, attempt.lastIndexOf('/'));
}

function runOf(attempt: string): string {
  return attempt.slice(0, attempt.indexOf('/'));
}
