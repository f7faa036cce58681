import { stoppedChild } from '../model/rules.js';
import { endStates, type ModelJob } from '../model/states.js';
import type { Simulation } from '../simulation.js';

/** How long what is marked in a node may wait on healthy servers: its end, and the cancel of its other children. */
const patienceMs = 5_000;

/** The same of marks that trouble kept from being worked off at once: a loop finds them. */
const loopMs = 20_000;

/**
 * A node ends soon after the last of its children, and with `fail-fast` the others are cancelled soon after the first that
 * failed.
 */
export function checkNodesEnd({ world, model, servers, outage, hasMatrices, slowUntilMs }: Simulation): void {
  if (!hasMatrices || outage.isAway) return;
  const troubleAtMs = Math.max(
    slowUntilMs,
    ...servers.map(({ live, troubleAtMs: at }) =>
      live === null ? world.nowMs : Math.max(at, live.process.frozenUntilMs),
    ),
  );
  const isLate = (sinceMs: number) =>
    world.nowMs - sinceMs > patienceMs && (sinceMs > troubleAtMs || world.nowMs - troubleAtMs > loopMs);
  for (const run of model.runs.values()) {
    if (endStates.has(run.state) || !run.hasOpened || run.isHeld) continue;
    for (const node of run.jobs) {
      if (node.state !== 'open' || node.isReopening) continue;
      const name = `${run.no}/${node.def.key}`;
      if (node.emptySinceMs !== null && isLate(node.emptySinceMs)) {
        world.violated(
          'a node ends with the last of its children',
          `${name}, open for ${world.nowMs - node.emptySinceMs} ms`,
        );
      }
      const left = node.children.find(isLeft);
      if (left === undefined) continue;
      if (node.failedFastAtMs !== null && isLate(node.failedFastSinceMs)) {
        world.violated('the first child that fails cancels the others', `${name}: ${left.def.key} is ${left.state}`);
      }
      const isSpared = node.def.condition?.survivesCancel === true && !run.isForced;
      if (run.cancelRequests > 0 && !isSpared && isLate(run.cancelledSinceMs)) {
        world.violated('a cancel reaches the children', `${name}: ${left.def.key} is ${left.state}`);
      }
    }
  }
}

function isLeft(child: ModelJob): boolean {
  return !child.isMade || (!stoppedChild(child) && !endStates.has(child.state));
}
