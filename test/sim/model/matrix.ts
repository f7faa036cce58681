import { isDeepStrictEqual } from 'node:util';
import type { Random } from '../../crash/random.js';
import type { JobGroupDef } from './job-groups.js';
import type { ModelJob, ModelRun } from './states.js';

type Value = string | number | boolean;
export type Combination = Readonly<Record<string, Value>>;

/** The matrix of a job, as the simulation wrote it. */
export interface MatrixDef {
  readonly failFast: boolean;
  /** Whether its combinations are known only when its needs have ended. */
  readonly isDynamic: boolean;
  /** The row ids of its children begin there. */
  readonly childrenFrom: number;
  /** The combinations in this run; null when the matrix is wrong then, so that the job fails. */
  readonly combinations: (run: ModelRun) => readonly Combination[] | null;
  /** The labels of a child. */
  readonly labels: (combination: Combination) => readonly string[];
  /** Of the children: the job with a matrix itself passes no gate and has no such expressions. */
  readonly group: JobGroupDef | null;
  readonly expressions: 'none' | 'computed' | 'broken';
  /** How many children may be claimable or running at once; absent or null for any number. */
  readonly maxParallel?: number | null;
}

/** A matrix before its place among those of its definition is known. */
export interface DrawnMatrix extends Pick<MatrixDef, 'failFast' | 'isDynamic' | 'combinations' | 'labels'> {
  /** What stands below `strategy`. */
  readonly written: object;
  /** How many children it can have, which is how many row ids it reserves. */
  readonly childrenMax: number;
  /** Whether one label of the job is written as the value of its axis `os`. */
  readonly isLabelled: boolean;
}

/** What a job with a matrix that is known only at run time reserves, and has at most. */
const childrenMax = 10_000;

/** Row ids of children begin there in each run. */
export const firstChild = 2 ** 18;

interface Axes {
  readonly axes: Readonly<Record<string, readonly Value[]>>;
  readonly exclude: readonly Combination[];
  readonly include: readonly Combination[];
}

/**
 * The product of the axes in written order, the last one fastest; without what agrees in all keys of an exclusion; and each
 * inclusion extends what it does not contradict, or is one more.
 */
function expanded({ axes, exclude, include }: Axes): Combination[] {
  const names = Object.keys(axes);
  let product: Record<string, Value>[] = names.length === 0 ? [] : [{}];
  for (const name of names) {
    product = product.flatMap((one) => (axes[name] ?? []).map((value) => ({ ...one, [name]: value })));
  }
  const original = product
    .filter((one) => !exclude.some((entry) => Object.entries(entry).every(([name, value]) => one[name] === value)))
    .map((of) => ({ of, all: { ...of } }));
  const more: Combination[] = [];
  for (const entry of include) {
    const fits = original.filter(({ of }) => names.every((name) => !(name in entry) || entry[name] === of[name]));
    for (const { all } of fits) Object.assign(all, entry);
    if (fits.length === 0) more.push(entry);
  }
  return [...original.map(({ all }) => all), ...more];
}

/**
 * A random matrix.
 *
 * @param lists jobs that it needs and that print a list of numbers as their output `list`
 */
export function drawMatrix(
  random: Random,
  lists: readonly { ord: number; key: string }[],
  listShare = 0.85,
): DrawnMatrix {
  const failFast = random.chance(0.5);
  const list = lists.length > 0 && random.chance(listShare) ? random.pick(lists) : null;
  const extra = { failFast, isDynamic: true, labels: () => [], isLabelled: false };
  const strategy = (matrix: unknown) => ({
    matrix,
    ...(failFast && random.chance(0.5) ? {} : { 'fail-fast': failFast }),
  });
  if (list !== null) {
    const axis = `\${{ fromJSON(needs.${list.key}.outputs.list) }}`;
    const other: readonly Value[] = random.chance(0.3) ? ['x', 'y'] : [];
    const axes = (numbers: readonly Value[]) => (other.length === 0 ? { n: numbers } : { n: numbers, z: other });
    return {
      ...extra,
      written: strategy(other.length === 0 ? { n: axis } : { n: axis, z: other }),
      childrenMax,
      combinations(run) {
        const numbers = listOf(run.jobs[list.ord]);
        return numbers === null ? null : expanded({ axes: axes(numbers), exclude: [], include: [] });
      },
    };
  }
  const isLabelled = random.chance(0.4);
  const axes: Record<string, readonly Value[]> = {
    os: isLabelled
      ? random.pick([
          ['linux', 'arm'],
          ['gpu', 'linux', 'big'],
        ])
      : ['a', 'b', 'c'].slice(0, random.within(1, 3)),
    ...(random.chance(0.6) ? { n: numbersTo(random.pick([1, 2, 2, 3, 5])) } : {}),
  };
  const first = axes.os?.[0] ?? '';
  const exclude: Combination[] = random.chance(0.3) ? [{ os: first, ...('n' in axes ? { n: 1 } : {}) }] : [];
  const include: Combination[] = [];
  if (random.chance(0.3)) include.push({ os: first, extra: true });
  if (random.chance(0.3)) include.push({ os: isLabelled ? 'linux' : 'd', n: 9 });
  const combinations = expanded({ axes, exclude, include });
  return {
    failFast,
    isDynamic: false,
    labels: ({ os }) => (isLabelled ? [String(os)] : []),
    isLabelled,
    written: strategy({
      ...axes,
      ...(exclude.length === 0 ? {} : { exclude }),
      ...(include.length === 0 ? {} : { include }),
    }),
    childrenMax: combinations.length,
    combinations: () => combinations,
  };
}

/** How long the lists are that jobs print: mostly short, a few with more than one transaction makes children of. */
export function drawList(random: Random, isHuge: boolean): string {
  if (random.chance(0.06)) return random.pick(['"none"', '{}', '7', 'no JSON']);
  const length = random.pick([0, 0, 1, 2, 2, 3, 3, 4, 5, 7, 12, 12, 30]);
  const isLong = random.chance(0.06);
  return JSON.stringify(numbersTo(isHuge ? random.within(2_001, 3_000) : isLong ? random.within(40, 300) : length));
}

function numbersTo(count: number): number[] {
  return Array.from({ length: count }, (_, at) => at + 1);
}

/** The list that a need printed; null when there is none. */
function listOf(need: ModelJob | undefined): readonly number[] | null {
  const text = need?.state === 'success' ? need.outputs.get('list') : undefined;
  try {
    const value: unknown = JSON.parse(text ?? 'null');
    return Array.isArray(value) ? (value as number[]) : null;
  } catch {
    return null;
  }
}

/** The outputs of a job with a matrix: of each key a list by the children's indexes, with null for a child without it. */
export function joined(children: readonly ModelJob[]): ReadonlyMap<string, string> {
  const keys = new Set(children.flatMap(({ outputs }) => [...outputs.keys()]));
  return new Map(
    [...keys].map((key) => [key, JSON.stringify(children.map(({ outputs }) => outputs.get(key) ?? null))]),
  );
}

export function isSameOutputs(a: ReadonlyMap<string, string>, b: ReadonlyMap<string, string>): boolean {
  return isDeepStrictEqual(new Map([...a].sort(byKey)), new Map([...b].sort(byKey)));
}

function byKey([a]: readonly [string, string], [b]: readonly [string, string]): number {
  return a < b ? -1 : 1;
}
