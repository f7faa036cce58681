import {
  clone,
  create,
  createFileRegistry,
  type DescFile,
  type DescMessage,
  type Message,
  setExtension,
} from '@bufbuild/protobuf';
import { pathToString, reflect } from '@bufbuild/protobuf/reflect';
import { FieldOptionsSchema, FileDescriptorProtoSchema, FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import { createValidator } from '@bufbuild/protovalidate';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type FieldRules, FieldRulesSchema, field as fieldOption } from '../../gen/buf/validate/validate_pb.js';
import { AuditService } from '../../gen/workflowgraph/v1/audit_service_pb.js';
import { DefinitionService } from '../../gen/workflowgraph/v1/definition_service_pb.js';
import { GateService } from '../../gen/workflowgraph/v1/gate_service_pb.js';
import {
  ClaimJobRequestSchema,
  file_workflowgraph_v1_job_service,
  JobService,
} from '../../gen/workflowgraph/v1/job_service_pb.js';
import { LogService } from '../../gen/workflowgraph/v1/log_service_pb.js';
import { PauseService } from '../../gen/workflowgraph/v1/pause_service_pb.js';
import { RunService } from '../../gen/workflowgraph/v1/run_service_pb.js';
import { SessionService } from '../../gen/workflowgraph/v1/session_service_pb.js';
import { TokenService } from '../../gen/workflowgraph/v1/token_service_pb.js';
import { VariableService } from '../../gen/workflowgraph/v1/variable_service_pb.js';
import { WorkerService } from '../../gen/workflowgraph/v1/worker_service_pb.js';
import { WorkflowService } from '../../gen/workflowgraph/v1/workflow_service_pb.js';
import { compileRules, messageCheck } from '../../src/api/validate.js';

const requests = [
  AuditService,
  DefinitionService,
  GateService,
  JobService,
  LogService,
  RunService,
  SessionService,
  PauseService,
  TokenService,
  VariableService,
  WorkerService,
  WorkflowService,
]
  .flatMap((service) => service.methods.map(({ input }) => input as DescMessage))
  .map((schema) => [schema.name, schema] as const);

const reference = createValidator();

function ofLibrary(schema: DescMessage, message: Message): string[] {
  const result = reference.validate(schema, message);
  if (result.kind === 'error') throw result.error;
  return (result.violations ?? []).map((one) => `${pathToString(one.field)}: ${one.message}`).sort();
}

function ofOurs(schema: DescMessage, message: Message): string[] {
  return (messageCheck(schema)(message) ?? []).map(({ path, message: text }) => `${path}: ${text}`).sort();
}

describe('requests are validated as by the protovalidate library', () => {
  test.each(requests)('%s', (_name, schema) => {
    fc.assert(
      fc.property(anyMessage(schema, 3), (message) => {
        expect(ofOurs(schema, message)).toEqual(ofLibrary(schema, message));
      }),
      { numRuns: 150 },
    );
  });

  test('at every limit and one past it', () => {
    const claims = [
      {},
      { workerId: 'x'.repeat(200) },
      { workerId: 'x'.repeat(201) },
      { workerId: '😀'.repeat(200) },
      { workerId: '😀'.repeat(201) },
      { workerId: '😀', requestId: '😀'.repeat(15) },
      { workerId: 'w', requestId: '😀'.repeat(16) },
      { workerId: 'w', labels: Array.from({ length: 64 }, () => 'a') },
      { workerId: 'w', labels: Array.from({ length: 65 }, () => 'a') },
      { workerId: 'w', labels: ['', 'x'.repeat(100), 'x'.repeat(101)] },
      ...[0, -0, -0.1, 1e308, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY].map((waitSecs) => ({
        workerId: 'w',
        waitSecs,
      })),
    ];
    for (const init of claims) {
      const message = create(ClaimJobRequestSchema, init);
      expect(ofOurs(ClaimJobRequestSchema, message)).toEqual(ofLibrary(ClaimJobRequestSchema, message));
    }
  });
});

test('U+0000 is refused in every text, list and map of a request, except in job output', () => {
  const said = (schema: DescMessage, init: object) => ofOurs(schema, create(schema, init as never));
  const why = 'contains the character U+0000, which cannot be stored';
  expect(said(JobService.method.claimJob.input, { workerId: 'w\0', labels: ['a', '\0'] })).toEqual([
    `labels[1]: ${why}`,
    `worker_id: ${why}`,
  ]);
  expect(said(JobService.method.completeJob.input, { outputs: { a: '\0', 'b\0': 'x' } })).toEqual([
    `outputs["a"]: ${why}`,
    `outputs["b\\u0000"]: ${why}`,
  ]);
  const chunks = [{ data: 'a\0b', jobId: 'j\0' }];
  expect(said(JobService.method.pushLogs.input, { chunks })).toEqual([`chunks[0].job_id: ${why}`]);
  expect(said(JobService.method.failJob.input, { error: 'a\0b', leaseId: '\0' })).toEqual([`lease_id: ${why}`]);
});

test.each<[string, Partial<Pick<FieldRules, 'type'>>, string]>([
  ['a pattern', { type: { case: 'string', value: { pattern: '^a$' } } as never }, 'pattern'],
  ['an exact value', { type: { case: 'string', value: { const: 'a' } } as never }, 'const'],
  ['a rule for another type', { type: { case: 'bytes', value: { minLen: 1n } } as never }, 'bytes'],
])('%s is a rule that prevents the start of the server', (_name, rules, named) => {
  const schema = claimWithRules(rules);
  expect(() => compileRules(schema)).toThrow(new RegExp(`worker_id has .*\\b${named}\\b.* not supported`));
});

/** Random messages, biased toward values around the limits. */
function anyMessage(schema: DescMessage, depth: number): fc.Arbitrary<Message> {
  const text = fc.oneof(
    fc.string({ maxLength: 20 }),
    fc.constantFrom(15, 16, 99, 100, 101, 199, 200, 201).map((length) => 'x'.repeat(length)),
  );
  const number = fc.constantFrom(0, 1, 7, 999, 1000, 1001, 10_000, 10_001);
  const fields = schema.fields.map((field) => {
    const single = (): fc.Arbitrary<unknown> => {
      if (field.message !== undefined) return depth > 0 ? anyMessage(field.message, depth - 1) : fc.constant(undefined);
      if (field.enum !== undefined) return fc.constantFrom(...field.enum.values.map((value) => value.number));
      switch (field.scalar) {
        case 9:
          return text;
        case 12:
          return fc.uint8Array({ maxLength: 4 });
        case 8:
          return fc.boolean();
        case 1:
          return fc.oneof(fc.double(), fc.constantFrom(0, -1, 60));
        case 3:
        case 4:
          return number.map(BigInt);
        default:
          return number;
      }
    };
    const value: fc.Arbitrary<unknown> =
      field.fieldKind === 'list'
        ? fc.oneof(
            fc.array(single(), { maxLength: 3 }),
            fc.constantFrom(64, 65).chain((n) => fc.array(single(), { minLength: n, maxLength: n })),
          )
        : field.fieldKind === 'map'
          ? fc.dictionary(fc.string({ maxLength: 5 }), text, { maxKeys: 2 })
          : single();
    return fc.option(value, { nil: undefined, freq: 3 }).map((inner) => [field, inner] as const);
  });
  return fc.tuple(...fields).map((values) => {
    const message = create(schema);
    for (const [field, value] of values) {
      if (value === undefined || (Array.isArray(value) && value.includes(undefined))) continue;
      const target: Record<string, unknown> = message as never;
      if (field.oneof === undefined) target[field.localName] = value;
      else target[field.oneof.localName] = { case: field.localName, value };
    }
    return reflect(schema, message).message;
  });
}

/** `ClaimJobRequest` with changed rules for its `worker_id`. */
function claimWithRules(rules: object): DescMessage {
  const files = new Map<string, DescFile>();
  const visit = (file: DescFile) => {
    for (const dependency of file.dependencies) visit(dependency);
    files.set(file.name, file);
  };
  visit(file_workflowgraph_v1_job_service);
  const file = [...files.values()].map(({ proto }) => clone(FileDescriptorProtoSchema, proto));
  const message = file.flatMap(({ messageType }) => messageType).find(({ name }) => name === 'ClaimJobRequest');
  const field = message?.field.find(({ name }) => name === 'worker_id');
  if (field === undefined) throw new Error('ClaimJobRequest lost its worker_id');
  field.options = create(FieldOptionsSchema);
  setExtension(field.options, fieldOption, create(FieldRulesSchema, rules));
  const found = createFileRegistry(create(FileDescriptorSetSchema, { file })).getMessage(
    ClaimJobRequestSchema.typeName,
  );
  if (found === undefined) throw new Error('the registry lost ClaimJobRequest');
  return found;
}
