import { limits } from '../limits.js';
import { catchUps, overlaps } from '../schedule/schedule.js';
import type { KeyRow } from './key-row.js';
import { jobKey, seconds, text, wholeNumber } from './value-schemas.js';

/** One entry of `on.schedule`. */
export const scheduleKeys: ReadonlyMap<string, KeyRow> = new Map<string, KeyRow>([
  ['id', { meaning: 'Names the schedule within its workflow; `cron-N` when absent.', schema: jobKey }],
  [
    'cron',
    {
      meaning: 'When: minute, hour, day of the month, month, day of the week, or `@hourly` to `@yearly`.',
      schema: text(limits.cronChars),
      needsValue: true,
    },
  ],
  ['timezone', { meaning: 'Whose clocks `cron` means, such as `Europe/Berlin`; UTC when absent.', schema: text(100) }],
  [
    'inputs',
    {
      meaning: `The inputs of its runs; a text may have \`\${{ run.scheduled_at }}\` in it.`,
      schema: { type: 'object', maxProperties: limits.inputsPerWorkflow },
    },
  ],
  [
    'jitter',
    {
      meaning:
        'Up to how much later than the scheduled time a run starts, before the next scheduled time; 0 when absent.',
      schema: { anyOf: [wholeNumber(0, limits.jitterSecsMax), { type: 'string', pattern: '^[0-9]+[smhd]$' }] },
    },
  ],
  [
    'catch-up',
    {
      meaning:
        'What starts for times that were missed while no server ran: one run for the `latest`, `all` of them, or `none`; `latest` when absent.',
      schema: { enum: [...catchUps] },
    },
  ],
  [
    'within',
    {
      meaning: 'How late a run may still start; what is later gets none. 10 minutes when absent.',
      schema: seconds,
    },
  ],
  [
    'overlap',
    {
      meaning:
        'What happens while an earlier run of the schedule has not ended: `allow` starts another one, `skip` leaves the time out, `queue` lets the new run wait, `cancel` cancels the earlier one; `allow` when absent.',
      schema: { enum: [...overlaps] },
    },
  ],
]);
