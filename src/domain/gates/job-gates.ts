import type { ConditionContext } from '../condition/evaluate.js';
import type { DeclaredInputs } from '../condition/expression.js';
import { asText, EvaluationBudget, EvaluationError } from '../condition/functions.js';
import { sites } from '../condition/site.js';
import { hasExpression, parseTemplate, renderTemplate, type Template } from '../condition/template.js';
import { lineFault } from '../definition/checker.js';
import { limits } from '../limits.js';

/** The group of a job in a definition. */
export interface JobGroupSpec {
  /** The name of the group; it may have expressions in it. */
  readonly group: string;
  /** Jobs of the group that may be claimable or running at once, according to this one. */
  readonly max: number;
}

/** Separates the names of job groups from those of other gates. */
export const jobGroupPrefix = 'job:';

/** Separates the gates of nodes, whose places `max-parallel` counts, from others; the row id of the node follows. */
const nodeGatePrefix = 'node:';

/** A gate that a job passes. A job passes its gates in order, and keeps the places that it has. */
export interface JobGate {
  readonly key: string;
  /** Places of the gate according to this job. */
  readonly max: number;
}

/** The group of a job, with its parsed name. */
export interface ParsedJobGroup {
  /** The name, if it has no expression. */
  readonly name: string | Template;
  readonly max: number;
}

export function parseJobGroup({ group, max }: JobGroupSpec, inputs: DeclaredInputs): ParsedJobGroup {
  return { name: hasExpression(group) ? parseTemplate(group, { site: sites.job, inputs }) : group, max };
}

/** The limit that a node sets to its children, when it has one. */
export interface ParallelLimit {
  /** The row id of the node. */
  readonly node: number;
  readonly max: number | undefined;
}

/**
 * The gates of a job that will run, in the order in which it passes them: the nearest first, so that no job holds a
 * shared place while it waits for a limit of its own.
 *
 * @param ofNode of a child; null for any other job
 * @throws EvaluationError naming the key: `concurrency.group: …`
 */
export function gatesOfJob(
  group: ParsedJobGroup | null,
  ofNode: ParallelLimit | null,
  context: ConditionContext,
): JobGate[] {
  return [
    ...(ofNode?.max === undefined ? [] : [{ key: `${nodeGatePrefix}${ofNode.node}`, max: ofNode.max }]),
    ...(group === null ? [] : [{ key: `${jobGroupPrefix}${nameOf(group.name, context)}`, max: group.max }]),
  ];
}

/** The row id of the node to which a gate belongs; null for any other gate. */
export function nodeOfGate(key: string): number | null {
  return key.startsWith(nodeGatePrefix) ? Number(key.slice(nodeGatePrefix.length)) : null;
}

function nameOf(name: string | Template, context: ConditionContext): string {
  if (typeof name === 'string') return name;
  const key = 'concurrency.group';
  try {
    const text = asText(renderTemplate(name, context, new EvaluationBudget()));
    const fault = lineFault(text, limits.groupChars);
    if (fault === null) return text;
    throw new EvaluationError(`the name of the group ${fault}`);
  } catch (error) {
    throw error instanceof EvaluationError ? new EvaluationError(`${key}: ${error.message}`) : error;
  }
}
