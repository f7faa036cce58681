import { type DescField, ScalarType } from '@bufbuild/protobuf';
import type { ValueRule } from './field-rules.js';

/** Output of processes may hold anything: the engine stores U+0000 there as U+FFFD. */
const anyText: ReadonlySet<string> = new Set([
  'workflowgraph.v1.LogChunk.data',
  'workflowgraph.v1.FailJobRequest.error',
  'workflowgraph.v1.Failure.error',
]);

/**
 * Rules for every text of a request besides those of the proto. PostgreSQL stores no U+0000 in a text, and an
 * environment variable cannot hold one, so it is refused for every database. The check is here, because a failed
 * statement costs a whole batch.
 */
export function textRules(field: DescField): ValueRule[] {
  if (field.scalar !== ScalarType.STRING || anyText.has(`${field.parent.typeName}.${field.name}`)) return [];
  return [withoutNul];
}

const withoutNul: ValueRule = (value) =>
  (value as string).includes('\0') ? 'contains the character U+0000, which cannot be stored' : null;
