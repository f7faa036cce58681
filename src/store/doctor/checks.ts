import type { Check } from './check.js';
import { eventChecks } from './event-checks.js';
import { gateChecks } from './gate-checks.js';
import { jobChecks } from './job-checks.js';
import { logChecks } from './log-checks.js';
import { matrixChecks } from './matrix-checks.js';
import { pauseChecks } from './pause-checks.js';
import { rerunChecks } from './rerun-checks.js';
import { runChecks } from './run-checks.js';
import { scheduleChecks } from './schedule-checks.js';
import { variableChecks } from './variable-checks.js';

/**
 * All checks, in the order in which they run and are reported.
 *
 * Each table is scanned whole, and rows are counted by group before they are joined. So the cost follows the tables'
 * sizes, whatever the planner assumes about them. See `readWholeTables` in store/postgres/session.ts.
 */
export const checks: readonly Check[] = [
  ...jobChecks,
  ...runChecks,
  ...matrixChecks,
  ...logChecks,
  ...rerunChecks,
  ...gateChecks,
  ...eventChecks,
  ...scheduleChecks,
  ...variableChecks,
  ...pauseChecks,
];
