import { expect, test } from 'vitest';
import { conditionKind, settleByCondition, settleByDefault } from '../../src/domain/settle.js';

test.each([
  // The value of "if", whether the run is cancelled, whether the cancel is forced, the kind of the condition, the next state.
  [true, false, false, conditionKind.plain, 'queued'],
  [false, false, false, conditionKind.plain, 'skipped'],
  [true, true, false, conditionKind.plain, 'cancelled'],
  [false, true, false, conditionKind.plain, 'cancelled'],
  [true, true, false, conditionKind.survivesCancel, 'queued'],
  [false, true, false, conditionKind.survivesCancel, 'skipped'],
  [true, true, true, conditionKind.survivesCancel, 'cancelled'],
  [true, true, true, conditionKind.plain, 'cancelled'],
] as const)('if: %s, run cancelled: %s, forced: %s, kind %s: %s', (holds, cancelled, forced, kind, state) => {
  expect(settleByCondition(holds, cancelled, forced, kind)).toBe(state);
});

test('a job without a condition runs when no need went wrong', () => {
  expect([settleByDefault(0), settleByDefault(1), settleByDefault(7)]).toEqual(['queued', 'skipped', 'skipped']);
});
