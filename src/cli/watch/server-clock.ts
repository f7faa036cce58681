import type { Workflow } from '#client';

/** The server's time, as far as it is known here. */
export interface ServerClock {
  now(): number;
  note(workflow: Workflow): void;
}

/** This machine's clock, moved forward when the server reports a time that is later. */
export function serverClock(): ServerClock {
  let aheadMs = 0;
  return {
    now: () => Date.now() + aheadMs,
    note({ created_at_ms, started_at_ms, ended_at_ms, jobs }) {
      let newest = Math.max(created_at_ms ?? 0, started_at_ms ?? 0, ended_at_ms ?? 0);
      for (const job of jobs) newest = Math.max(newest, job.started_at ?? 0, job.ended_at ?? 0);
      aheadMs = Math.max(aheadMs, newest - Date.now());
    },
  };
}
