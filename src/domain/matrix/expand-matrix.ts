import { EvaluationError, kindOf } from '../condition/functions.js';
import { fieldOf } from '../definition/place.js';
import { inputNamePattern } from '../definition/value-schemas.js';
import { bareObject, isJsonObject, type JsonObject, type JsonValue, ownField } from '../json.js';
import { exceedsBytes, limits } from '../limits.js';
import type { Combination } from './matrix-spec.js';
import { matrixVariable } from './matrix-variables.js';

/** A fault of a matrix, with its place inside it. */
export class MatrixError extends EvaluationError {
  readonly path: readonly (string | number)[];

  constructor(path: readonly (string | number)[], message: string) {
    super(path.length === 0 ? message : `${fieldOf(path)}: ${message}`);
    this.path = path;
  }
}

interface Axis {
  readonly name: string;
  readonly values: readonly JsonValue[];
  /** The values as JSON, by which they are compared. */
  readonly texts: readonly string[];
}

interface Draft {
  /** Of each axis, the place of its value. */
  readonly at: readonly number[];
  readonly values: Record<string, JsonValue>;
}

/**
 * The combinations of a matrix whose expressions have their values: the product of the axes in written order, the last one
 * fastest, without what `exclude` names; each entry of `include` extends every combination of the product whose axes it does
 * not contradict, or is one more. A list of maps is the combinations themselves.
 *
 * @throws MatrixError naming the key: `exclude[0]: …`
 */
export function expandMatrix(matrix: JsonValue): Combination[] {
  const combinations = Array.isArray(matrix) ? listed(matrix) : fromAxes(matrix);
  checkCount(combinations.length);
  checkNames(combinations);
  if (exceedsBytes(JSON.stringify(combinations), limits.matrixBytes)) {
    throw new MatrixError([], `the combinations take more than ${limits.matrixBytes} bytes as JSON`);
  }
  return combinations;
}

function listed(list: readonly JsonValue[]): Combination[] {
  checkCount(list.length);
  return list.map((entry, at) => mapOf(entry, [at]));
}

function fromAxes(matrix: JsonValue): Combination[] {
  if (!isJsonObject(matrix)) {
    throw new MatrixError([], `it must be a map of axes or a list of maps, not ${kindOf(matrix)}`);
  }
  const axes = Object.keys(matrix)
    .filter((name) => name !== 'include' && name !== 'exclude')
    .map((name) => toAxis(name, ownField(matrix, name) ?? null));
  if (axes.length > limits.matrixAxes) {
    throw new MatrixError([], `it has ${axes.length} axes; at most ${limits.matrixAxes} are allowed`);
  }
  const exclude = rulesOf(matrix, 'exclude', axes.length);
  const include = rulesOf(matrix, 'include', axes.length);
  checkCount(axes.length === 0 ? 0 : axes.reduce((count, { values }) => count * values.length, 1));
  const kept = withoutExcluded(productOf(axes), axes, exclude);
  const added = include.flatMap((entry) => extend(kept, axes, entry));
  return [...kept.map(({ values }) => values), ...added];
}

function toAxis(name: string, values: JsonValue): Axis {
  if (!Array.isArray(values)) throw new MatrixError([name], `an axis must be a list, not ${kindOf(values)}`);
  return { name, values, texts: values.map((value) => JSON.stringify(value)) };
}

function rulesOf(matrix: JsonObject, key: 'include' | 'exclude', axes: number): JsonObject[] {
  const rules = ownField(matrix, key) ?? [];
  if (!Array.isArray(rules)) throw new MatrixError([key], `it must be a list of maps, not ${kindOf(rules)}`);
  const max = axes === 0 ? limits.matrixChildren : limits.matrixRules;
  if (rules.length > max) {
    throw new MatrixError([key], `it has ${rules.length} entries; at most ${max} are allowed`);
  }
  return rules.map((rule, at) => mapOf(rule, [key, at]));
}

function mapOf(value: JsonValue, path: readonly (string | number)[]): JsonObject {
  if (isJsonObject(value)) return Object.assign(bareObject<JsonValue>(), value);
  throw new MatrixError(path, `it must be a map, not ${kindOf(value)}`);
}

function productOf(axes: readonly Axis[]): Draft[] {
  let drafts: Draft[] = axes.length === 0 ? [] : [{ at: [], values: bareObject<JsonValue>() }];
  for (const { name, values } of axes) {
    drafts = drafts.flatMap((draft) =>
      values.map((value, at) => {
        const all = Object.assign(bareObject<JsonValue>(), draft.values);
        all[name] = value;
        return { at: [...draft.at, at], values: all };
      }),
    );
  }
  return drafts;
}

/** Of each axis that an entry names, which of its values agree; null for an axis that it does not name. */
function agreeing(axes: readonly Axis[], entry: JsonObject): (ReadonlySet<number> | null)[] {
  return axes.map(({ name, texts }) => {
    const wanted = ownField(entry, name);
    if (wanted === undefined) return null;
    const text = JSON.stringify(wanted);
    return new Set(texts.flatMap((known, at) => (known === text ? [at] : [])));
  });
}

function agrees({ at }: Draft, wanted: readonly (ReadonlySet<number> | null)[]): boolean {
  return wanted.every((values, axis) => values === null || values.has(at[axis] ?? -1));
}

function withoutExcluded(drafts: readonly Draft[], axes: readonly Axis[], exclude: readonly JsonObject[]): Draft[] {
  let kept = [...drafts];
  for (const [index, entry] of exclude.entries()) {
    const unknown = Object.keys(entry).find((name) => axes.every((axis) => axis.name !== name));
    if (unknown !== undefined) {
      throw new MatrixError(['exclude', index], `there is no axis ${JSON.stringify(unknown)}`);
    }
    const wanted = agreeing(axes, entry);
    kept = kept.filter((draft) => !agrees(draft, wanted));
  }
  return kept;
}

/** Extends the combinations that an entry does not contradict; returns it by itself when there is none. */
function extend(kept: readonly Draft[], axes: readonly Axis[], entry: JsonObject): Combination[] {
  const wanted = agreeing(axes, entry);
  const extended = kept.filter((draft) => agrees(draft, wanted));
  for (const { values } of extended) Object.assign(values, entry);
  return extended.length === 0 ? [entry] : [];
}

function checkCount(count: number): void {
  if (count <= limits.matrixChildren) return;
  throw new MatrixError([], `it gives ${count} combinations; at most ${limits.matrixChildren} are allowed`);
}

/** Workers get each value as a variable, so two names must not give the same one. */
function checkNames(combinations: readonly Combination[]): void {
  const names = new Set(combinations.flatMap((combination) => Object.keys(combination)));
  const variables = new Map<string, string>();
  for (const name of names) {
    if (!inputNamePattern.test(name) || name.length > limits.inputNameChars) {
      const rule = `must begin with a letter or "_", then letters, digits, "_" and "-", at most ${limits.inputNameChars}`;
      throw new MatrixError([], `the name ${JSON.stringify(name.slice(0, 60))} ${rule}`);
    }
    const variable = matrixVariable(name);
    const other = variables.get(variable);
    if (other !== undefined) {
      const both = `${JSON.stringify(other)} and ${JSON.stringify(name)}`;
      throw new MatrixError([], `${both} give the same variable ${variable}`);
    }
    variables.set(variable, name);
  }
}
