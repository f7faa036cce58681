import type { Engine } from '../../src/engine/engine.js';

/** A call of an engine verb by the edge. */
export interface Call {
  readonly verb: string;
  readonly args: readonly unknown[];
}

/**
 * A real engine that records the called verbs and their arguments. A test may replace a verb, for instance to make it
 * throw; the others stay real.
 */
export type RecordedEngine = { -readonly [Verb in keyof Engine]: Engine[Verb] } & {
  readonly calls: Call[];
  /** The ids of leases that the edge released. */
  readonly released: readonly string[];
  /** The number of waiting claims. */
  readonly parked: number;
  /** The number of followed logs. */
  readonly followers: number;
};

export function recordCalls(engine: Engine): RecordedEngine {
  const calls: Call[] = [];
  const waiting = { parked: 0, followers: 0 };
  const recorded = Object.fromEntries(
    Object.entries(engine).map(([verb, call]) => [
      verb,
      // Health checks run at unpredictable times.
      typeof call !== 'function' || verb === 'ready'
        ? call
        : (...args: unknown[]) => {
            calls.push({ verb, args });
            return call(...args);
          },
    ]),
  ) as unknown as Engine;
  const { claimJobs, followJobLogs } = recorded;
  return Object.defineProperties(
    {
      ...recorded,
      claimJobs: (input, patience) =>
        claimJobs(
          input,
          patience === null
            ? null
            : (giveUp) => {
                waiting.parked += 1;
                const waited = patience(giveUp);
                return () => {
                  waiting.parked -= 1;
                  waited();
                };
              },
        ),
      async *followJobLogs(query, signal) {
        waiting.followers += 1;
        try {
          yield* followJobLogs(query, signal);
        } finally {
          waiting.followers -= 1;
        }
      },
      calls,
    } satisfies Engine & { calls: Call[] },
    {
      released: { get: () => calls.flatMap(({ verb, args }) => (verb === 'releaseJob' ? [String(args[1])] : [])) },
      parked: { get: () => waiting.parked },
      followers: { get: () => waiting.followers },
    },
  ) as unknown as RecordedEngine;
}
