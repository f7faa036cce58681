import { DomainError } from '../../domain/errors.js';
import { jobGroupPrefix } from '../../domain/gates/job-gates.js';
import { nameOfRunGroup, runGroupPrefix, scheduleGroupPrefix } from '../../domain/gates/run-group.js';
import { namedHolders } from '../../domain/why-facts.js';
import { countWaitingRuns, gatesInUse, holdersOfGate, waitingAtGate } from '../../store/statements/gates.js';
import { jobsHeldAt, jobsWithPlace, orderOfHeldJobs } from '../../store/statements/job-gates.js';
import type { EngineContext } from '../context.js';
import { type AtGate, toJobAtGate, toRunAtGate } from '../gates/held-at-gate.js';
import { viewLimits } from './limits.js';

export interface GateQuery {
  /** The beginning of the names of groups; empty for all. */
  readonly prefix: string;
  readonly limit: number;
  /** The `nextPageToken` of the page before; empty for the first. */
  readonly pageToken: string;
}

export interface GateView {
  readonly ofJobs: boolean;
  readonly group: string;
  readonly inUse: number;
  readonly holders: readonly AtGate[];
  readonly waiting: readonly AtGate[];
  readonly waitingTotal: number;
}

export interface GatePage {
  readonly gates: readonly GateView[];
  /** Empty on the last page. */
  readonly nextPageToken: string;
}

interface GateInUse {
  readonly no: number;
  readonly key: string;
  readonly in_use: number;
}

/** In the order of the list. */
const kinds = [runGroupPrefix, scheduleGroupPrefix, jobGroupPrefix];

/** How the keys of the groups of a kind begin whose names begin so; null when there are none. */
function beginOf(kind: string, prefix: string): string | null {
  if (kind !== scheduleGroupPrefix) return `${kind}${prefix}`;
  // Its names begin with the kind itself.
  if (prefix.startsWith(kind)) return prefix;
  return kind.startsWith(prefix) ? kind : null;
}

/**
 * Lists the groups in use: those of runs by name, then those of schedules and of jobs. Errors: `malformed` for an invalid page token.
 */
export function listGatesVerb({ store }: EngineContext) {
  async function find({ prefix, limit, pageToken }: GateQuery): Promise<GateInUse[]> {
    const last = pageToken === '' ? null : keyOf(pageToken);
    const first = last === null ? 0 : kinds.findIndex((kind) => last.startsWith(kind));
    const found: GateInUse[] = [];
    for (const kind of kinds.slice(first)) {
      const begin = beginOf(kind, prefix);
      if (begin === null) continue;
      // Keys are compared by their bytes: the first after the last one of the page before has one more.
      const keyFrom = last?.startsWith(kind) === true ? `${last}\u0001` : begin;
      const range = { keyFrom, keyTo: `${begin}\u{10ffff}`, limit: limit - found.length };
      if (range.limit > 0) found.push(...(await gatesInUse.run(store.longRead, range)));
    }
    return found;
  }

  return async (query: GateQuery): Promise<GatePage> => {
    const found = await find({ ...query, limit: query.limit + 1 });
    const page = found.slice(0, query.limit);
    const gates: GateView[] = [];
    for (const gate of page) gates.push(await view(gate));
    const last = found.length > query.limit ? page.at(-1) : undefined;
    return { gates, nextPageToken: last === undefined ? '' : tokenOf(last.key) };
  };

  async function view({ no, key, in_use }: GateInUse): Promise<GateView> {
    const named = { gate: no, limit: namedHolders };
    if (key.startsWith(jobGroupPrefix)) {
      const holders = await jobsWithPlace.run(store.longRead, named);
      const waiting = await jobsHeldAt.run(store.longRead, named);
      const held = await orderOfHeldJobs.run(store.longRead, { gate: no, limit: viewLimits.waitingJobs });
      return {
        ofJobs: true,
        group: key.slice(jobGroupPrefix.length),
        inUse: in_use,
        holders: holders.map(toJobAtGate),
        waiting: waiting.map(toJobAtGate),
        waitingTotal: held.length,
      };
    }
    const holders = await holdersOfGate.run(store.longRead, named);
    const waiting = await waitingAtGate.run(store.longRead, named);
    const [total] = await countWaitingRuns.run(store.longRead, { gate: no });
    return {
      ofJobs: false,
      group: nameOfRunGroup(key),
      inUse: in_use,
      holders: holders.map(toRunAtGate),
      waiting: waiting.map(toRunAtGate),
      waitingTotal: total?.count ?? 0,
    };
  }
}

function tokenOf(key: string): string {
  return Buffer.from(key).toString('base64url');
}

function keyOf(token: string): string {
  const key = Buffer.from(token, 'base64url').toString();
  if (kinds.some((kind) => key.startsWith(kind)) && tokenOf(key) === token) return key;
  throw new DomainError('malformed', 'page_token: it is not the next_page_token of a page; leave it out for the first');
}
