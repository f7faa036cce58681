/** One mistake in a definition or a request. */
export interface Problem {
  /** A sentence without its place, naming the thing: `job "build" needs "tests", which does not exist`. */
  readonly message: string;
  /** The path of the field, such as `jobs.build.needs[0]`; empty for the whole text. */
  readonly field: string;
  /** The key of the job it belongs to. */
  readonly job: string | null;
  /** The file's name as given; null for a text without a name. */
  readonly file: string | null;
  /** From 1; null when the place is unknown. */
  readonly line: number | null;
  /** From 1, in UTF-16 units as editors count; null when the place is unknown. */
  readonly column: number | null;
}

/** One line for people: `ci.yml:14:12: job "build" needs "tests", which does not exist`. */
export function formatProblem(problem: Problem): string {
  const place = [problem.file, problem.line, problem.line === null ? null : problem.column]
    .filter((part) => part !== null)
    .join(':');
  return place === '' ? problem.message : `${place}: ${problem.message}`;
}

/** All problems, one a line, in the order given. */
export function formatProblems(problems: readonly Problem[]): string {
  return problems.map(formatProblem).join('\n');
}
