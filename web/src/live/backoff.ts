/** The delay before the n-th reconnection, from 0: 0.5 s doubled up to 15 s, reduced at random by up to half. */
export function reconnectDelayMs(attempt: number, random: number): number {
  const full = Math.min(15_000, 500 * 2 ** Math.min(attempt, 10));
  return full * (1 - random / 2);
}
