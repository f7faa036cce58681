#!/usr/bin/env node
// A protoc plugin: ts-proto, and a table for the documented JSON of the messages. The google.protobuf.Struct of ts-proto
// becomes an object without a prototype. In one with a prototype the key `__proto__` is lost.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import {
  CodeGeneratorRequestSchema,
  CodeGeneratorResponse_FileSchema,
  CodeGeneratorResponseSchema,
} from '@bufbuild/protobuf/wkt';
import { jsonForms } from './json-forms.js';

const structFile = 'google/protobuf/struct.ts';
const ordinary = 'const object: { [key: string]: any } = {};';
const withoutPrototype = 'const object: { [key: string]: any } = globalThis.Object.create(null);';

const tsProto = fileURLToPath(new URL('../../../node_modules/.bin/protoc-gen-ts_proto', import.meta.url));
const input = readFileSync(0);
const made = spawnSync(tsProto, { input, maxBuffer: 2 ** 30, stdio: ['pipe', 'pipe', 'inherit'] });
if (made.status !== 0) process.exit(made.status ?? 1);
const response = fromBinary(CodeGeneratorResponseSchema, made.stdout);
const struct = response.file.find(({ name }) => name === structFile);
if (struct !== undefined) {
  if (struct.content?.split(ordinary).length !== 2) {
    throw new Error(`ts-proto no longer writes "${ordinary}" once into ${structFile}`);
  }
  struct.content = struct.content.replace(ordinary, withoutPrototype);
}
const { protoFile } = fromBinary(CodeGeneratorRequestSchema, input);
const forms = { name: 'workflowgraph/v1/json-forms.ts', content: jsonForms(protoFile) };
response.file.push(create(CodeGeneratorResponse_FileSchema, forms));
process.stdout.write(toBinary(CodeGeneratorResponseSchema, response));
