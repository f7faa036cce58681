import { ConditionError, type DeclaredInputs, type Reference } from '../condition/expression.js';
import { checkNeedsOf, typesOfInputs } from '../condition/references.js';
import { type ParseFor, type Site, sites } from '../condition/site.js';
import { hasExpression, parseTemplate, templateReferences, unescapeText } from '../condition/template.js';
import { bareObject } from '../json.js';
import type { Checker, Subject } from './checker.js';
import type { Env, InputTypes } from './definition.js';
import { type Place, textOffset, valueAt } from './place.js';
import { emptyEnv } from './read-env.js';
import type { SourceValue } from './source.js';

/** Whether a value of a file is a text with an expression. */
export function isTemplate(value: SourceValue | undefined): value is string {
  return typeof value === 'string' && hasExpression(value);
}

/** An `env` with its fixed variables and its expressions separated. */
export interface SplitEnv {
  readonly fixed: Env;
  readonly templates: Env;
}

/** Reads the texts of one job that have expressions, and collects what they read. */
export class ExpressionReader {
  readonly #checker: Checker;
  readonly #subject: Subject;
  readonly #inputs: DeclaredInputs;
  readonly #needs: ReadonlySet<string>;
  readonly #matrix: ReadonlySet<string> | null | undefined;
  readonly #found: Reference[] = [];

  /** @param matrix the names that `matrix` has, null when they are known only at run time; absent for a job without one */
  constructor(
    checker: Checker,
    subject: Subject,
    inputs: DeclaredInputs,
    needs: readonly string[],
    matrix?: ReadonlySet<string> | null,
  ) {
    this.#checker = checker;
    this.#subject = subject;
    this.#inputs = inputs;
    this.#needs = new Set(needs);
    this.#matrix = matrix;
  }

  /** Parses a text and reports its mistakes. */
  read(what: string, source: string, place: Place, site: Site = sites.job): string {
    this.#read(what, source, place, site, true);
    return source;
  }

  /**
   * Splits a merged `env`.
   *
   * @param own the names that the job itself sets; mistakes of the others are reported where the file sets them
   */
  split(env: Env, own: ReadonlySet<string>, place: Place, outerPlace: Place): SplitEnv {
    const names = Object.keys(env);
    if (!names.some((name) => (env[name] ?? '').includes('${{'))) return { fixed: env, templates: emptyEnv };
    const fixed = bareObject<string>();
    const templates = bareObject<string>();
    for (const name of names) {
      const text = env[name] ?? '';
      if (!hasExpression(text)) {
        fixed[name] = unescapeText(text);
        continue;
      }
      templates[name] = text;
      const at = valueAt(own.has(name) ? place : outerPlace, name);
      this.#read(`variable "${name}"`, text, at, sites.env, own.has(name));
    }
    return { fixed, templates };
  }

  /** The types of the declared inputs that are read; null when none are declared. */
  get inputTypes(): InputTypes | null {
    return this.#inputs === null ? null : typesOfInputs(this.#found);
  }

  #read(what: string, source: string, place: Place, of: Site, reportsMistakes: boolean): void {
    const site = this.#matrix === undefined ? withoutMatrix(of) : of;
    const parseFor = { site, inputs: this.#inputs, ...(this.#matrix === undefined ? {} : { matrix: this.#matrix }) };
    const report = (error: ConditionError): void => {
      const said = `${what} at character ${error.column}: ${error.message}`;
      this.#checker.say(this.#subject, said, textOffset(place, error.offset));
    };
    try {
      const found = templateReferences(parseTemplate(source, parseFor));
      this.#found.push(...found);
      this.#checker.noteVariables(found);
      checkNeedsOf(found, this.#needs, this.#checker.hints).forEach(report);
    } catch (error) {
      if (!(error instanceof ConditionError)) throw error;
      if (reportsMistakes) report(error);
    }
  }
}

/** The same place in a job without a matrix. */
function withoutMatrix(site: Site): Site {
  return { ...site, contexts: site.contexts.filter((context) => context !== 'matrix') };
}

/** Reports mistakes of the top-level `env`, which is merged into each job's own; what it needs is checked there. */
export function checkOuterEnv(
  checker: Checker,
  subject: Subject,
  env: Env,
  place: Place,
  inputs: DeclaredInputs,
): void {
  for (const [name, text] of Object.entries(env)) {
    if (!hasExpression(text)) continue;
    checkTemplate(checker, subject, `variable "${name}"`, text, valueAt(place, name), { site: sites.env, inputs });
  }
}

/** Reports mistakes of a text with expressions that belongs to no job. */
export function checkTemplate(
  checker: Checker,
  subject: Subject,
  what: string,
  text: string,
  place: Place,
  parseFor: ParseFor,
): void {
  try {
    checker.noteVariables(templateReferences(parseTemplate(text, parseFor)));
  } catch (error) {
    if (!(error instanceof ConditionError)) throw error;
    checker.say(subject, `${what} at character ${error.column}: ${error.message}`, textOffset(place, error.offset));
  }
}

/** A script gets values as variables: a value spliced into it could be executed. */
export function refuseInScript(checker: Checker, subject: Subject, key: string, script: string, place: Place): void {
  if (!hasExpression(script)) return;
  const at = script.search(/(?<!\$)\$\{\{/);
  const said = `"${key}" has "\${{" in it; put it under "env" and write "$NAME" in the script`;
  checker.say(subject, said, textOffset(place, at));
}
