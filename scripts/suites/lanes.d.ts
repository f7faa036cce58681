export interface Suite {
  readonly name: string;
  readonly group?: string;
  readonly after?: readonly string[];
}
export function inLanes<T extends Suite>(
  suites: readonly T[],
  lanes: number,
  runSuite: (suite: T) => Promise<void>,
): Promise<void>;
