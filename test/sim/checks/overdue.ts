import type { Simulation } from '../simulation.js';

/** How long what has run out may be left alone on a healthy server. */
const patienceMs = 5_000;

/**
 * A lease or timeout that has run out is ended soon. Where several servers share the database one may have to hear of it
 * by its own look, which may be a minute away; so this is asked of a server that is alone.
 */
export function checkOverdue({ world, servers, isShared, leases, clock }: Simulation): void {
  const [server] = servers;
  if (isShared || server?.live == null || server.live.isStopping) return;
  const healthySinceMs = Math.max(server.troubleAtMs, server.live.process.frozenUntilMs);
  if (world.nowMs - healthySinceMs < patienceMs) return;
  const beforeMs = clock.databaseNow() - patienceMs;
  for (const lease of leases.live()) {
    const { stop } = lease.attempt;
    const timeOverMs = stop?.perhapsByMs ?? lease.timeoutAtMs?.perhaps ?? Number.POSITIVE_INFINITY;
    const isOver = lease.perhapsUntilMs < beforeMs || timeOverMs < beforeMs;
    if (!isOver || lease.renewing.size > 0) continue;
    world.violated(
      'what has run out is ended soon',
      `${lease.id}: ${beforeMs + patienceMs - lease.perhapsUntilMs} ms ago`,
    );
    return;
  }
}
