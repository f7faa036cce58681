import type { EngineFixture } from './engine-fixture.js';

/** A workflow file with one schedule. */
export const scheduled = (schedule: string, more = ''): string =>
  `on: {schedule: [{${schedule}}]}\n${more}jobs: {a: {run: x}}`;

interface StartedRun {
  readonly scheduled_at_ms: number;
  readonly created_at_ms: number;
  readonly state: string;
  readonly inputs: string;
}

/** The runs started by schedules, in the order of their slots. */
export async function startedRuns(fixture: EngineFixture): Promise<StartedRun[]> {
  const text = `select scheduled_at_ms, created_at_ms, state, inputs from runs where schedule is not null order by scheduled_at_ms`;
  return (await fixture.store.read.query(text, [])) as unknown as StartedRun[];
}

/** The time of day of each slot that started a run. */
export async function slotsOf(fixture: EngineFixture): Promise<string[]> {
  return (await startedRuns(fixture)).map(({ scheduled_at_ms }) => timeOfDay(scheduled_at_ms));
}

export function timeOfDay(ms: number): string {
  return new Date(ms).toISOString().slice(11, 19);
}

/** What the audit log says of each skipped slot, the oldest first. */
export async function skippedSlots(fixture: EngineFixture): Promise<unknown[]> {
  const { events } = await fixture.engine.listAudit({
    limit: 100,
    pageToken: '',
    action: 'schedule.skipped',
    subject: '',
  });
  return events.map(({ data }) => JSON.parse(data ?? '{}')).reverse();
}
