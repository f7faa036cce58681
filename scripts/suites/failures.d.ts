/** The part of vitest's JSON report that is used. */
export interface Report {
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly message: string;
    readonly assertionResults: readonly {
      readonly fullName: string;
      readonly status: string;
      readonly failureMessages: readonly string[];
    }[];
  }[];
}
export function failuresOfVitest(report: Report): string[];
export function failuresOfOutput(output: string): string[];
