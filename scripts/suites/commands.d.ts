export interface Result {
  readonly passed: number;
  readonly failed: number;
  readonly failures: readonly string[];
}
type Run = (show: (text: string) => void) => Promise<Result>;
export function counted(
  count: (output: string) => { passed: number; failed: number },
  command: string,
  ...args: string[]
): Run;
export function check(command: string, ...args: string[]): Run;
