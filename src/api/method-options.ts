import { type DescField, type DescMessage, type DescMethod, getOption, hasOption } from '@bufbuild/protobuf';
import { http } from '../../gen/google/api/annotations_pb.js';
import {
  Cache,
  cache as cacheOption,
  http_status as httpStatusOption,
  JsonForm,
  json_form as jsonFormOption,
  json_values as jsonValuesOption,
  names_unknown_fields as namesUnknownFieldsOption,
  policy as policyOption,
  Scope as ScopeEnum,
} from '../../gen/workflowgraph/v1/options_pb.js';
import type { Scope } from './principal.js';

/** The options of a method or a message in the proto, read once at the start. */

/** Who may call a method: everyone, or a caller with one of the scopes. */
export type MethodPolicy = 'public' | readonly Scope[];

export interface HttpRule {
  readonly verb: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** As written, such as `/api/jobs/{lease_id}/complete`. */
  readonly path: string;
  /** The field that is the body; `*` for all that are not in the path; empty for none. */
  readonly body: string;
  /** The field that is the answer; empty for the whole message. */
  readonly responseBody: string;
  readonly status: number;
  /** Whether clients may cache the answer for a day without revalidation. */
  readonly isKept: boolean;
}

export type MessageJsonForm = 'plain' | 'tagged' | 'inline' | 'raw';

const scopeNames: Record<ScopeEnum, Scope | 'public' | null> = {
  [ScopeEnum.UNSPECIFIED]: null,
  [ScopeEnum.PUBLIC]: 'public',
  [ScopeEnum.READ]: 'read',
  [ScopeEnum.SUBMIT]: 'submit',
  [ScopeEnum.WORKER]: 'worker',
  [ScopeEnum.ADMIN]: 'admin',
};

/** A method's policy. Throws if the proto declares none: the server must not start with an unprotected method. */
export function methodPolicy(method: DescMethod): MethodPolicy {
  const scopes = getOption(method, policyOption).anyOf.map((scope) => scopeNames[scope] ?? null);
  if (scopes.length === 0) throw new Error(`${method.parent.typeName}.${method.name} declares no (policy)`);
  if (scopes.includes(null))
    throw new Error(`${method.parent.typeName}.${method.name}: its (policy) has an unknown scope`);
  if (scopes.includes('public')) return 'public';
  return scopes.filter((scope): scope is Scope => scope !== null && scope !== 'public');
}

/** The documented path of a method; null when it has none. */
export function httpRule(method: DescMethod): HttpRule | null {
  if (!hasOption(method, http)) return null;
  const rule = getOption(method, http);
  const status = getOption(method, httpStatusOption) || 200;
  const isKept = getOption(method, cacheOption) === Cache.DAY;
  const where = `${method.parent.typeName}.${method.name}`;
  if (rule.additionalBindings.length > 0) throw new Error(`${where}: additional_bindings are not supported`);
  const { pattern } = rule;
  if (pattern.case === undefined || pattern.case === 'custom')
    throw new Error(`${where}: its google.api.http has no verb`);
  const verb = pattern.case.toUpperCase() as Uppercase<typeof pattern.case>;
  return { verb, path: pattern.value, body: rule.body, responseBody: rule.responseBody, status, isKept };
}

/** Whether the method gets the unknown fields of a body on the documented path: `unknownFieldsOf`. */
export function namesUnknownFields(method: DescMethod): boolean {
  return getOption(method, namesUnknownFieldsOption);
}

/** Whether the values of a map of texts may be any JSON on the documented paths. */
export function takesJsonValues(field: DescField): boolean {
  return getOption(field, jsonValuesOption);
}

const formNames: Record<JsonForm, MessageJsonForm> = {
  [JsonForm.UNSPECIFIED]: 'plain',
  [JsonForm.TAGGED]: 'tagged',
  [JsonForm.INLINE]: 'inline',
  [JsonForm.RAW]: 'raw',
};

export function messageJsonForm(message: DescMessage): MessageJsonForm {
  return formNames[getOption(message, jsonFormOption)] ?? 'plain';
}
