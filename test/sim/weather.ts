import type { Random } from '../crash/random.js';

/**
 * How bad a world is: how often each thing goes wrong. Rates are shares of the occasions; a world has some of the faults
 * and not others, because a fault that is always there hides what only happens without it.
 */
export interface Weather {
  /** Messages between clients and servers. */
  readonly delayMsMax: number;
  readonly requestLost: number;
  readonly requestDoubled: number;
  /** Of requests: how many come much later, when their sender has long given up. */
  readonly requestLate: number;
  readonly answerLost: number;
  /** Servers. Rates are of transactions and reads; the others are means in milliseconds, 0 for never. */
  readonly crashBetweenStatements: number;
  readonly crashBeforeAnswer: number;
  readonly crashInRead: number;
  readonly crashEveryMs: number;
  readonly freezeEveryMs: number;
  readonly stopEveryMs: number;
  /** The disk, or the way to a shared database. */
  readonly diskFull: number;
  readonly diskFails: number;
  readonly readFails: number;
  readonly slowCommit: number;
  readonly slowStatement: number;
  /** Only where servers share a database. */
  readonly collides: number;
  readonly outcomeUnknown: number;
  readonly rowTaken: number;
  readonly tellLost: number;
  readonly tellDoubled: number;
  readonly awayEveryMs: number;
  readonly outageEveryMs: number;
  readonly clockErrorMsMax: number;
}

/** The most that a server errs about the time of a shared database. */
const clockErrorMsMost = 50;

export const calm: Weather = {
  delayMsMax: 20,
  requestLost: 0,
  requestDoubled: 0,
  requestLate: 0,
  answerLost: 0,
  crashBetweenStatements: 0,
  crashBeforeAnswer: 0,
  crashInRead: 0,
  crashEveryMs: 0,
  freezeEveryMs: 0,
  stopEveryMs: 0,
  diskFull: 0,
  diskFails: 0,
  readFails: 0,
  slowCommit: 0,
  slowStatement: 0,
  collides: 0,
  outcomeUnknown: 0,
  rowTaken: 0,
  tellLost: 0,
  tellDoubled: 0,
  awayEveryMs: 0,
  outageEveryMs: 0,
  clockErrorMsMax: 5,
};

export function drawWeather(random: Random): Weather {
  const rate = (max: number) => (random.chance(0.55) ? random.next() * max : 0);
  const every = (least: number, most: number) => (random.chance(0.4) ? random.within(least, most) : 0);
  return {
    delayMsMax: random.pick([2, 20, 200, 2_000]),
    requestLost: rate(0.08),
    requestDoubled: rate(0.12),
    requestLate: rate(0.04),
    answerLost: rate(0.1),
    crashBetweenStatements: rate(0.02),
    crashBeforeAnswer: rate(0.015),
    crashInRead: rate(0.002),
    crashEveryMs: every(8_000, 60_000),
    freezeEveryMs: every(10_000, 60_000),
    stopEveryMs: every(15_000, 60_000),
    diskFull: rate(0.03),
    diskFails: rate(0.004),
    readFails: rate(0.005),
    slowCommit: rate(0.03),
    slowStatement: rate(0.02),
    collides: rate(0.1),
    outcomeUnknown: rate(0.02),
    rowTaken: rate(0.2),
    tellLost: rate(0.3),
    tellDoubled: rate(0.2),
    awayEveryMs: every(5_000, 30_000),
    outageEveryMs: every(8_000, 40_000),
    clockErrorMsMax: random.pick([0, 5, clockErrorMsMost]),
  };
}
