import { type DescExtension, type DescFile, type DescService, toBinary } from '@bufbuild/protobuf';
import { nestedTypes } from '@bufbuild/protobuf/reflect';
import { FileDescriptorProtoSchema } from '@bufbuild/protobuf/wkt';

/** The files that declare the server's services, and all their imports, by content. */
export class DescriptorIndex {
  readonly services: readonly string[];
  readonly #files = new Map<string, DescFile>();
  readonly #bySymbol = new Map<string, DescFile>();
  /** The extensions of each extended message, by number. */
  readonly #extensions = new Map<string, Map<number, DescExtension>>();

  constructor(services: readonly DescService[]) {
    this.services = services.map(({ typeName }) => typeName).sort();
    for (const { file } of services) this.#add(file);
  }

  file(name: string): DescFile | null {
    return this.#files.get(name) ?? null;
  }

  /** The file that declares a message, enum, service, extension, method, field or enum value. */
  fileOfSymbol(fullName: string): DescFile | null {
    return this.#bySymbol.get(fullName) ?? null;
  }

  fileOfExtension(extended: string, number: number): DescFile | null {
    return this.#extensions.get(extended)?.get(number)?.file ?? null;
  }

  /** Null for an unknown message. */
  extensionNumbers(extended: string): readonly number[] | null {
    const found = this.#extensions.get(extended);
    if (found !== undefined) return [...found.keys()].sort((a, b) => a - b);
    return this.#bySymbol.has(extended) ? [] : null;
  }

  #add(file: DescFile): void {
    if (this.#files.has(file.proto.name)) return;
    this.#files.set(file.proto.name, file);
    for (const type of nestedTypes(file)) {
      this.#bySymbol.set(type.typeName, file);
      if (type.kind === 'extension') this.#addExtension(type);
      for (const name of namesInside(type)) this.#bySymbol.set(name, file);
    }
    for (const dependency of file.dependencies) this.#add(dependency);
  }

  #addExtension(extension: DescExtension): void {
    const extended = extension.extendee.typeName;
    const known = this.#extensions.get(extended) ?? new Map<number, DescExtension>();
    this.#extensions.set(extended, known.set(extension.number, extension));
  }
}

type DescType = ReturnType<typeof nestedTypes> extends Iterable<infer T> ? T : never;

function namesInside(type: DescType): string[] {
  switch (type.kind) {
    case 'message':
      return [...type.fields, ...type.oneofs].map(({ name }) => `${type.typeName}.${name}`);
    case 'service':
      return type.methods.map(({ name }) => `${type.typeName}.${name}`);
    case 'enum': {
      // The values of an enum are in the scope of the enum itself.
      const scope = type.typeName.slice(0, -type.name.length);
      return type.values.map(({ name }) => `${scope}${name}`);
    }
    case 'extension':
      return [];
  }
}

/** A file and its imports, imports first, without those in `sent`; adds them to it. */
export function withDependencies(file: DescFile, sent: Set<string>): Uint8Array[] {
  if (sent.has(file.proto.name)) return [];
  sent.add(file.proto.name);
  const before = file.dependencies.flatMap((dependency) => withDependencies(dependency, sent));
  return [...before, toBinary(FileDescriptorProtoSchema, file.proto)];
}
