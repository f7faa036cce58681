/** Wrong tokens that an address may try within a minute. */
const wrongMax = 5;
const windowMs = 60_000;

/** Addresses that are remembered; a further one replaces the one first seen. */
const addressesMax = 10_000;

/** One attempt to sign in. It counts as a wrong token until it has succeeded. */
export interface SignInAttempt {
  /** Seconds until the address may try again; null when it may now. */
  readonly waitSecs: number | null;
  succeeded(): void;
}

/** Limits guessing of tokens to five wrong ones a minute from one address. Times come from any monotonic clock. */
export class SignInLimit {
  readonly #triedAtMs = new Map<string, number[]>();

  begin(address: string, nowMs: number): SignInAttempt {
    const recent = (this.#triedAtMs.get(address) ?? []).filter((atMs) => nowMs - atMs < windowMs);
    const [oldest] = recent;
    if (oldest !== undefined && recent.length >= wrongMax) {
      return { waitSecs: Math.max(1, Math.ceil((oldest + windowMs - nowMs) / 1000)), succeeded: () => {} };
    }
    recent.push(nowMs);
    this.#triedAtMs.set(address, recent);
    if (this.#triedAtMs.size > addressesMax) this.#forgetFirst();
    return {
      waitSecs: null,
      succeeded: () => {
        const tried = this.#triedAtMs.get(address) ?? [];
        const at = tried.indexOf(nowMs);
        if (at >= 0) tried.splice(at, 1);
        if (tried.length === 0) this.#triedAtMs.delete(address);
      },
    };
  }

  #forgetFirst(): void {
    for (const address of this.#triedAtMs.keys()) {
      this.#triedAtMs.delete(address);
      return;
    }
  }
}
