import type { RerunAnswer, RerunRun } from '../../src/engine/engine.js';
import type { EngineFixture } from './engine-fixture.js';

/** Requests a re-run of the failed jobs, or of the named ones. */
export function rerun(fixture: EngineFixture, id: string, more: Partial<RerunRun> = {}): Promise<RerunAnswer> {
  return fixture.engine.rerunRun({
    caller: fixture.caller,
    id,
    failed: more.jobs === undefined,
    jobs: [],
    dependants: true,
    force: false,
    requestId: null,
    dryRun: false,
    ...more,
  });
}

/** The keys of the jobs that run again. */
export const keysOf = ({ again }: RerunAnswer): string[] => again.jobs.map(({ jobKey }) => jobKey);
