#!/usr/bin/env node
// A protoc plugin: ts-proto, whose google.protobuf.Struct becomes an object without a prototype. In one with a prototype
// the key `__proto__` is lost.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { fromBinary, toBinary } from '@bufbuild/protobuf';
import { CodeGeneratorResponseSchema } from '@bufbuild/protobuf/wkt';

const structFile = 'google/protobuf/struct.ts';
const ordinary = 'const object: { [key: string]: any } = {};';
const withoutPrototype = 'const object: { [key: string]: any } = globalThis.Object.create(null);';

const tsProto = fileURLToPath(new URL('../../../node_modules/.bin/protoc-gen-ts_proto', import.meta.url));
const made = spawnSync(tsProto, { input: readFileSync(0), maxBuffer: 2 ** 30, stdio: ['pipe', 'pipe', 'inherit'] });
if (made.status !== 0) process.exit(made.status ?? 1);
const response = fromBinary(CodeGeneratorResponseSchema, made.stdout);
const struct = response.file.find(({ name }) => name === structFile);
if (struct !== undefined) {
  if (struct.content?.split(ordinary).length !== 2) {
    throw new Error(`ts-proto no longer writes "${ordinary}" once into ${structFile}`);
  }
  struct.content = struct.content.replace(ordinary, withoutPrototype);
}
process.stdout.write(toBinary(CodeGeneratorResponseSchema, response));
