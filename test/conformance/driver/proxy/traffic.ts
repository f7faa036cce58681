import { Faults } from './faults.js';
import type { Operation } from './operations.js';

/** The settings, pending faults and counters that both protocols of the proxy share. */
export class Traffic {
  readonly faults = new Faults();
  /** The server, which may be down. */
  readonly serverPort: () => number;
  /** Responses carry fields that no client knows. */
  unknownFields = false;
  /** Streams are refused, as by a server that does not support them. */
  withoutStreams = false;
  /** The call for several jobs does not exist, as on older servers. */
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
