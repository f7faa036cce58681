/** How long to wait before the n-th attempt to connect again, from 0: 0.5 s doubled up to 15 s, less up to half by chance. */
export function reconnectDelayMs(attempt: number, random: number): number {
  const full = Math.min(15_000, 500 * 2 ** Math.min(attempt, 10));
  return full * (1 - random / 2);
}
