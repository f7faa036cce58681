import type { Message } from '@bufbuild/protobuf';

const unknown = new WeakMap<Message, readonly string[]>();

/** Stores the names of a request's fields that its message does not have. Only the documented JSON paths see them. */
export function noteUnknownFields(request: Message, names: readonly string[]): void {
  unknown.set(request, names);
}

/** These names; none for a request of another protocol. */
export function unknownFieldsOf(request: Message): readonly string[] {
  return unknown.get(request) ?? [];
}
