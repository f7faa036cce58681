import type { DescFile, DescService, MessageInitShape } from '@bufbuild/protobuf';
import { Code, type ServiceImpl } from '@connectrpc/connect';
import type {
  ServerReflection,
  ServerReflectionRequest,
  ServerReflectionResponseSchema,
} from '../../gen/grpc/reflection/v1/reflection_pb.js';
import type {
  ServerReflectionRequest as RequestAlpha,
  ServerReflection as ServerReflectionAlpha,
} from '../../gen/grpc/reflection/v1alpha/reflection_pb.js';
import { DescriptorIndex, withDependencies } from './descriptor-index.js';

type Answer = MessageInitShape<typeof ServerReflectionResponseSchema>['messageResponse'];

/**
 * gRPC server reflection, for grpcurl, grpcui, Postman and others. It is public, like /openapi.json: it shows only what
 * the repository shows.
 */
export function reflectionService(services: readonly DescService[]) {
  let index: DescriptorIndex | null = null;

  async function* serverReflectionInfo(requests: AsyncIterable<ServerReflectionRequest | RequestAlpha>) {
    // Built on first use: most servers never need the index.
    index ??= new DescriptorIndex(services);
    const sent = new Set<string>();
    for await (const request of requests) {
      const { host, messageRequest } = request;
      const originalRequest = { host, messageRequest } as NonNullable<
        MessageInitShape<typeof ServerReflectionResponseSchema>['originalRequest']
      >;
      yield { validHost: host, originalRequest, messageResponse: answer(index, messageRequest, sent) };
    }
  }
  // The two versions differ only in their names.
  return { serverReflectionInfo } as ServiceImpl<typeof ServerReflection> & ServiceImpl<typeof ServerReflectionAlpha>;
}

type Question = (ServerReflectionRequest | RequestAlpha)['messageRequest'];

function answer(index: DescriptorIndex, asked: Question, sent: Set<string>): Answer {
  switch (asked.case) {
    case 'listServices':
      return { case: 'listServicesResponse', value: { service: index.services.map((name) => ({ name })) } };
    case 'fileByFilename':
      return files(index.file(asked.value), `file ${JSON.stringify(asked.value)}`, sent);
    case 'fileContainingSymbol':
      return files(index.fileOfSymbol(asked.value), `symbol ${JSON.stringify(asked.value)}`, sent);
    case 'fileContainingExtension': {
      const { containingType, extensionNumber } = asked.value;
      const what = `extension ${extensionNumber} of ${JSON.stringify(containingType)}`;
      return files(index.fileOfExtension(containingType, extensionNumber), what, sent);
    }
    case 'allExtensionNumbersOfType': {
      const extensionNumber = index.extensionNumbers(asked.value);
      if (extensionNumber === null) return refusal(Code.NotFound, `there is no message ${JSON.stringify(asked.value)}`);
      const value = { baseTypeName: asked.value, extensionNumber: [...extensionNumber] };
      return { case: 'allExtensionNumbersResponse', value };
    }
    case undefined:
      return refusal(Code.InvalidArgument, 'the request is of an unknown kind');
  }
}

function files(file: DescFile | null, what: string, sent: Set<string>): Answer {
  if (file === null) return refusal(Code.NotFound, `there is no ${what}`);
  // A requested file is sent again; its imports are not.
  sent.delete(file.proto.name);
  return { case: 'fileDescriptorResponse', value: { fileDescriptorProto: withDependencies(file, sent) } };
}

function refusal(errorCode: Code, errorMessage: string): Answer {
  return { case: 'errorResponse', value: { errorCode, errorMessage } };
}
