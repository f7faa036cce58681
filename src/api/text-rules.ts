import { type DescField, ScalarType } from '@bufbuild/protobuf';
import type { ValueRule } from './field-rules.js';

/** What processes print may hold anything: the engine stores U+0000 there as U+FFFD. */
const anyText: ReadonlySet<string> = new Set([
  'workflowgraph.v1.LogChunk.data',
  'workflowgraph.v1.FailJobRequest.error',
  'workflowgraph.v1.Failure.error',
]);

/**
 * What holds for every text of a request beside the rules of the proto. U+0000 can be in no text of PostgreSQL and in no
 * environment variable, so it is refused for every database; here, because a statement that fails costs a whole batch.
 */
export function textRules(field: DescField): ValueRule[] {
  if (field.scalar !== ScalarType.STRING || anyText.has(`${field.parent.typeName}.${field.name}`)) return [];
  return [withoutNul];
}

const withoutNul: ValueRule = (value) =>
  (value as string).includes('\0') ? 'contains the character U+0000, which cannot be stored' : null;
