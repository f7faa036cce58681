import { Faults } from './faults.js';
import type { Operation } from './operations.js';

/** What passes, what is to go wrong with it, and what was seen. Both protocols of the proxy share it. */
export class Traffic {
  readonly faults = new Faults();
  /** The server, which may be away. */
  readonly serverPort: () => number;
  /** Answers carry fields that no client knows. */
  unknownFields = false;
  /** Streams are refused as by a server that has none. */
  withoutStreams = false;
  /** There is no call for several jobs, as in the servers of old. */
  withoutClaimMany = false;
  readonly #seen = new Map<Operation, number>();

  constructor(serverPort: () => number) {
    this.serverPort = serverPort;
  }

  saw(operation: Operation): void {
    this.#seen.set(operation, this.seen(operation) + 1);
  }

  seen(operation: Operation): number {
    return this.#seen.get(operation) ?? 0;
  }
}
