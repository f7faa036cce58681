import {
  create,
  createFileRegistry,
  type DescService,
  fromBinary,
  type MessageInitShape,
  toBinary,
} from '@bufbuild/protobuf';
import { type FileDescriptorProto, FileDescriptorProtoSchema, FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import { Client, credentials } from '@grpc/grpc-js';
import { describe, expect, onTestFinished, test } from 'vitest';
import {
  ServerReflection,
  type ServerReflectionRequest,
  ServerReflectionRequestSchema,
  type ServerReflectionResponse,
  ServerReflectionResponseSchema,
} from '../../gen/grpc/reflection/v1/reflection_pb.js';
import { ServerReflection as ServerReflectionAlpha } from '../../gen/grpc/reflection/v1alpha/reflection_pb.js';
import { startServer, tokensOf } from '../http/start-server.js';

type Question = NonNullable<MessageInitShape<typeof ServerReflectionRequestSchema>['messageRequest']>;

/** Sends a request on a stream with another gRPC client library; the two versions are the same on the wire. */
async function ask(service: DescService, ...questions: Question[]): Promise<ServerReflectionResponse[]> {
  const { port } = await startServer({ tokens: tokensOf({}) });
  const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure());
  onTestFinished(() => client.close());
  const stream = client.makeBidiStreamRequest<ServerReflectionRequest, ServerReflectionResponse>(
    `/${service.typeName}/ServerReflectionInfo`,
    (request) => Buffer.from(toBinary(ServerReflectionRequestSchema, request)),
    (bytes) => fromBinary(ServerReflectionResponseSchema, bytes),
  );
  for (const messageRequest of questions) {
    stream.write(create(ServerReflectionRequestSchema, { host: 'here', messageRequest }));
  }
  stream.end();
  const answers: ServerReflectionResponse[] = [];
  for await (const answer of stream) answers.push(answer as ServerReflectionResponse);
  return answers;
}

function filesOf(answer: ServerReflectionResponse | undefined): FileDescriptorProto[] {
  if (answer?.messageResponse.case !== 'fileDescriptorResponse')
    throw new Error(`no files: ${answer?.messageResponse.case}`);
  return answer.messageResponse.value.fileDescriptorProto.map((bytes) => fromBinary(FileDescriptorProtoSchema, bytes));
}

const everyService = [
  'grpc.health.v1.Health',
  'grpc.reflection.v1.ServerReflection',
  'grpc.reflection.v1alpha.ServerReflection',
  'workflowgraph.v1.AuditService',
  'workflowgraph.v1.DefinitionService',
  'workflowgraph.v1.GateService',
  'workflowgraph.v1.JobService',
  'workflowgraph.v1.LogService',
  'workflowgraph.v1.PauseService',
  'workflowgraph.v1.RunService',
  'workflowgraph.v1.SessionService',
  'workflowgraph.v1.TokenService',
  'workflowgraph.v1.VariableService',
  'workflowgraph.v1.WorkerService',
  'workflowgraph.v1.WorkflowService',
];

describe.each([ServerReflection, ServerReflectionAlpha] as const)('$typeName, without a token', (service) => {
  test('lists every service, and echoes the request', async () => {
    const [answer] = await ask(service, { case: 'listServices', value: '*' });
    expect(answer).toMatchObject({
      validHost: 'here',
      originalRequest: { messageRequest: { case: 'listServices', value: '*' } },
      messageResponse: { case: 'listServicesResponse', value: { service: everyService.map((name) => ({ name })) } },
    });
  });

  test('returns the file of every service, complete enough to call its methods', async () => {
    for (const name of everyService) {
      const [answer] = await ask(service, { case: 'fileContainingSymbol', value: name });
      const registry = createFileRegistry(create(FileDescriptorSetSchema, { file: filesOf(answer) }));
      expect(registry.getService(name)?.methods.length).toBeGreaterThan(0);
    }
  });

  test('returns a file by name, its imports first, and sends no import twice', async () => {
    const value = 'workflowgraph/v1/worker_service.proto';
    const [first, again, other] = await ask(
      service,
      { case: 'fileByFilename', value },
      { case: 'fileByFilename', value },
      { case: 'fileByFilename', value: 'workflowgraph/v1/log_service.proto' },
    );
    const names = filesOf(first).map(({ name }) => name);
    expect(names.at(-1)).toBe(value);
    expect(names).toContain('buf/validate/validate.proto');
    expect(names).toContain('google/protobuf/descriptor.proto');
    for (const file of filesOf(first)) {
      for (const wanted of file.dependency) expect(names.indexOf(wanted)).toBeLessThan(names.indexOf(file.name));
    }
    expect(filesOf(again).map(({ name }) => name)).toEqual([value]);
    expect(filesOf(other).map(({ name }) => name)).toEqual([
      'google/protobuf/struct.proto',
      'workflowgraph/v1/types.proto',
      'workflowgraph/v1/log_service.proto',
    ]);
  });

  test.each([
    'workflowgraph.v1.JobService.ClaimJob',
    'workflowgraph.v1.ClaimJobRequest',
    'workflowgraph.v1.WorkJobsRequest.Hello',
    'workflowgraph.v1.ClaimJobRequest.wait_secs',
  ])('finds the file that declares %s', async (value) => {
    const [answer] = await ask(service, { case: 'fileContainingSymbol', value });
    expect(filesOf(answer).at(-1)?.name).toBe('workflowgraph/v1/job_service.proto');
  });

  test('finds enum values, and extensions with their numbers', async () => {
    const containingType = 'google.protobuf.MethodOptions';
    const [value, numbers, extension] = await ask(
      service,
      { case: 'fileContainingSymbol', value: 'workflowgraph.v1.JOB_STATUS_QUEUED' },
      { case: 'allExtensionNumbersOfType', value: containingType },
      { case: 'fileContainingExtension', value: { containingType, extensionNumber: 50001 } },
    );
    expect(filesOf(value).at(-1)?.name).toBe('workflowgraph/v1/types.proto');
    expect(numbers?.messageResponse.value).toMatchObject({
      baseTypeName: containingType,
      extensionNumber: [50001, 50002, 50003, 50004, 72295728],
    });
    expect(filesOf(extension).at(-1)?.name).toBe('workflowgraph/v1/options.proto');
  });

  test('responds to a request for something unknown with an error, and continues', async () => {
    const answers = await ask(
      service,
      { case: 'fileContainingSymbol', value: 'workflowgraph.v1.Nothing' },
      { case: 'fileByFilename', value: 'nothing.proto' },
      { case: 'fileContainingExtension', value: { containingType: 'a.B', extensionNumber: 1 } },
      { case: 'allExtensionNumbersOfType', value: 'a.B' },
      { case: undefined },
      { case: 'listServices', value: '' },
    );
    expect(answers.map(({ messageResponse }) => messageResponse.case)).toEqual([
      ...Array.from({ length: 5 }, () => 'errorResponse'),
      'listServicesResponse',
    ]);
    expect(answers[0]?.messageResponse.value).toMatchObject({
      errorCode: 5,
      errorMessage: 'there is no symbol "workflowgraph.v1.Nothing"',
    });
    expect(answers[4]?.messageResponse.value).toMatchObject({ errorCode: 3 });
  });
});
