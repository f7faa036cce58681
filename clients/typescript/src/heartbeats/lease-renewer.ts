import { HttpRenewals } from './http-renewals.js';
import { LeaseBook, type Renewals } from './lease-book.js';
import type { FromHeartbeatThread, HeartbeatSettings, ToHeartbeatThread } from './messages.js';

/** Renews leases in the thread that creates it. Its timers do not keep the process alive. */
export class LeaseRenewer {
  readonly #settings: HeartbeatSettings;
  readonly #book: LeaseBook;
  /** Null while the code of the stream is loaded. */
  #renewals: Renewals | null = null;
  #isStopped = false;

  constructor(settings: HeartbeatSettings, send: (message: FromHeartbeatThread) => void) {
    this.#settings = settings;
    this.#book = new LeaseBook(settings.intervalMs, send);
    if (settings.transport === 'http') this.#useHttp();
    else void this.#useStream();
  }

  receive(message: ToHeartbeatThread): void {
    switch (message.kind) {
      case 'watch': {
        const lease = { ...message, isStopping: false };
        this.#book.add(lease);
        this.#renewals?.add(lease);
        break;
      }
      case 'forget':
        this.#book.forget(message.leaseId);
        break;
      case 'use-http':
        this.#useHttp();
    }
  }

  stop(): void {
    this.#isStopped = true;
    this.#renewals?.stop();
  }

  async #useStream(): Promise<void> {
    const { StreamRenewals } = await import('./stream-renewals.js');
    if (this.#renewals !== null || this.#isStopped) return;
    this.#use(new StreamRenewals(this.#book, this.#settings, () => this.#useHttp()));
  }

  #useHttp(): void {
    if (this.#renewals instanceof HttpRenewals) return;
    this.#renewals?.stop();
    this.#use(new HttpRenewals(this.#book, this.#settings));
  }

  #use(renewals: Renewals): void {
    this.#renewals = renewals;
    for (const lease of this.#book.leases) renewals.add(lease);
  }
}
