import { ConditionError, type DeclaredInputs } from '../condition/expression.js';
import { checkNeedsOf, typesOfInputs } from '../condition/references.js';
import { sites } from '../condition/site.js';
import { hasExpression, parseTemplate, templateReferences } from '../condition/template.js';
import { isJsonObject, type JsonValue } from '../json.js';
import { limits } from '../limits.js';
import { expandMatrix, MatrixError } from '../matrix/expand-matrix.js';
import type { Strategy } from '../matrix/matrix-spec.js';
import { matrixTemplates, unescaped } from '../matrix/parsed-matrix.js';
import { type Checker, describe, type Subject } from './checker.js';
import type { InputTypes } from './definition.js';
import { strategyKeys } from './job-keys.js';
import { keyAt, type Place, textOffset, valueAt } from './place.js';
import { isSourceObject, type SourceValue, toJson, WrittenNumber } from './source.js';

export interface ReadStrategy {
  readonly strategy: Strategy;
  /** The names that `matrix` has; null when they are known only at run time. */
  readonly names: ReadonlySet<string> | null;
  /** The types of the declared inputs that it names. */
  readonly inputTypes: InputTypes;
}

/** Reads the `strategy` of a job. Null when there is none, or when it is wrong, which is reported. */
export function readStrategy(
  checker: Checker,
  subject: Subject,
  value: SourceValue | undefined,
  jobPlace: Place,
  needs: readonly string[],
  inputs: DeclaredInputs,
): ReadStrategy | null {
  if (value === undefined) return null;
  if (value === null) {
    checker.say(subject, '"strategy" is empty', keyAt(jobPlace, 'strategy'));
    return null;
  }
  const place = valueAt(jobPlace, 'strategy');
  const object = checker.object(subject, 'strategy', value, place, 'a map with "matrix"');
  if (object === null) return null;
  checker.unknownKeys({ ...subject, label: `${subject.label}: "strategy"` }, object, strategyKeys, place);
  const failFast = checker.boolean(
    subject,
    'strategy.fail-fast',
    object['fail-fast'] ?? null,
    valueAt(place, 'fail-fast'),
  );
  const parallelAt = valueAt(place, 'max-parallel');
  const parallel = object['max-parallel'];
  const isComputed = typeof parallel === 'string' && hasExpression(parallel);
  const maxParallel = isComputed
    ? parallel
    : checker.wholeNumber(subject, 'strategy.max-parallel', parallel, parallelAt, 1, limits.matrixChildren);
  const matrix = object.matrix ?? null;
  if (matrix === null) {
    checker.say(subject, '"strategy" has no "matrix"', keyAt(jobPlace, 'strategy'));
    return null;
  }
  const at = valueAt(place, 'matrix');
  const source = jsonOf(matrix);
  const found = checker.found.length;
  const names = { needs, inputs };
  const inputTypes = {
    ...checkTemplates(checker, subject, 'strategy.matrix', source, at, names),
    ...(isComputed ? checkTemplates(checker, subject, 'strategy.max-parallel', parallel, parallelAt, names) : {}),
  };
  checkShape(checker, subject, matrix, at);
  if (checker.found.length > found) return null;
  const isDynamic = matrixTemplates(source).length > 0;
  const combinations = isDynamic ? null : expanded(checker, subject, source, at);
  if (!isDynamic && combinations === null) return null;
  return {
    strategy: {
      source,
      failFast: failFast ?? true,
      ...(maxParallel === null ? {} : { maxParallel }),
      childrenMax: combinations?.length ?? limits.matrixChildren,
    },
    names: combinations === null ? namesOf(source) : new Set(combinations.flatMap((one) => Object.keys(one))),
    inputTypes,
  };
}

/** A number stays as it was written where turning it into a number would change it: `3.10` is a version, and not `3.1`. */
function jsonOf(value: SourceValue): JsonValue {
  if (value instanceof WrittenNumber) return value.text;
  if (Array.isArray(value)) return value.map(jsonOf);
  if (!isSourceObject(value)) return toJson(value);
  return Object.fromEntries(Object.entries(value).map(([name, of]) => [name, jsonOf(of)]));
}

/** The axes and the names of `include`, when they are written out. */
function namesOf(source: JsonValue): Set<string> | null {
  if (!isJsonObject(source)) return null;
  const { include = [], exclude: _, ...axes } = source;
  if (!Array.isArray(include) || !include.every(isJsonObject)) return null;
  return new Set([...Object.keys(axes), ...include.flatMap((entry) => Object.keys(entry))]);
}

function expanded(checker: Checker, subject: Subject, source: JsonValue, place: Place) {
  try {
    return expandMatrix(unescaped(source));
  } catch (error) {
    if (!(error instanceof MatrixError)) throw error;
    const at = error.path.reduce<Place>((parent, key) => valueAt(parent, key), place);
    checker.say(subject, `"strategy.matrix": ${error.message}`, at);
    return null;
  }
}

/** Reports what can be no matrix, whatever its expressions come to. */
function checkShape(checker: Checker, subject: Subject, matrix: SourceValue, place: Place): void {
  if (typeof matrix === 'string' && hasExpression(matrix)) return;
  if (Array.isArray(matrix)) return;
  if (!isSourceObject(matrix)) {
    checker.wrongType(subject, 'strategy.matrix', 'a map of axes or a list of maps', matrix, place);
    return;
  }
  for (const [name, values] of Object.entries(matrix)) {
    if (Array.isArray(values) || (typeof values === 'string' && hasExpression(values))) continue;
    const what = name === 'include' || name === 'exclude' ? 'a list of maps' : 'a list of values';
    const said = `"strategy.matrix.${name}" must be ${what}, not ${describe(values)}`;
    checker.say(subject, said, values === null ? keyAt(place, name) : valueAt(place, name));
  }
}

/** Parses the texts with expressions; returns the types of the inputs that they name. */
function checkTemplates(
  checker: Checker,
  subject: Subject,
  label: string,
  value: JsonValue,
  place: Place,
  { needs, inputs }: { readonly needs: readonly string[]; readonly inputs: DeclaredInputs },
): InputTypes {
  if (typeof value === 'string') {
    if (!hasExpression(value)) return {};
    const report = (error: ConditionError): void => {
      const said = `"${label}" at character ${error.column}: ${error.message}`;
      checker.say(subject, said, textOffset(place, error.offset));
    };
    try {
      const found = templateReferences(parseTemplate(value, { site: sites.matrix, inputs }));
      checkNeedsOf(found, new Set(needs), checker.hints).forEach(report);
      return inputs === null ? {} : typesOfInputs(found);
    } catch (error) {
      if (!(error instanceof ConditionError)) throw error;
      report(error);
      return {};
    }
  }
  const inner = Array.isArray(value) ? [...value.entries()] : isJsonObject(value) ? Object.entries(value) : [];
  const types = inner.map(([key, of]) =>
    checkTemplates(checker, subject, label, of, valueAt(place, key), { needs, inputs }),
  );
  return Object.assign({}, ...types) as InputTypes;
}
