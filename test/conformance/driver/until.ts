const lookEveryMs = 20;

/** Waits until `look` gives something, and returns that. Throws an error that says what was waited for and last seen. */
export async function until<T>(
  what: string,
  look: () => T | Promise<T>,
  { withinMs, seen = () => '' }: { readonly withinMs: number; readonly seen?: () => string },
): Promise<Exclude<T, false | null | undefined>> {
  const deadline = performance.now() + withinMs;
  for (;;) {
    const found = await look();
    if (found !== false && found !== null && found !== undefined) {
      return found as Exclude<T, false | null | undefined>;
    }
    if (performance.now() > deadline) {
      const last = seen();
      throw new Error(`waited ${withinMs / 1000} s in vain until ${what}${last === '' ? '' : `; seen: ${last}`}`);
    }
    await new Promise((resolve) => setTimeout(resolve, lookEveryMs));
  }
}
