import { sql } from 'kysely';
import { jobId, ordOf, runOf, versionOrdOf } from '../job-id-sql.js';

const run = sql`cast(${runOf('j.id')} as text)`;
export const job = sql`'run ' || ${run} || ', job ' || cast(${ordOf('j.id')} as text)`;
export const ended = sql`('success', 'failure', 'skipped', 'cancelled')`;
export const endedRun = sql`('success', 'failure', 'cancelled')`;
/**
 * Excludes runs that are being created, activated or cancelled in ranges, or wait at a gate: they are checked
 * afterwards.
 */
export const wholeRun = sql`n.state <> 'creating' and n.activate_from is null and n.cancel_from is null and n.held = 0`;

/** Jobs with the run and the version that they belong to. */
export const jobsOfRuns = sql`jobs as j join runs as n on n.no = ${runOf('j.id')}`;
export const jobsOfVersions = sql`${jobsOfRuns}
  join version_jobs as v on v.version = n.version and v.ord = ${versionOrdOf('j')}`;
/** Each job with each job that it needs. */
export const needsOfJobs = sql`${jobsOfRuns}
  join version_edges as e on e.version = n.version and e.to_ord = ${versionOrdOf('j')}
  join jobs as need on need.id = ${jobId('n.no', 'e.from_ord')}`;
