import { Validator } from '@seriousme/openapi-schema-validator';
import type { AnySchema } from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { AuditService } from '../../gen/workflowgraph/v1/audit_service_pb.js';
import { DefinitionService } from '../../gen/workflowgraph/v1/definition_service_pb.js';
import { GateService } from '../../gen/workflowgraph/v1/gate_service_pb.js';
import { JobService } from '../../gen/workflowgraph/v1/job_service_pb.js';
import { LogService } from '../../gen/workflowgraph/v1/log_service_pb.js';
import { PauseService } from '../../gen/workflowgraph/v1/pause_service_pb.js';
import { RunService } from '../../gen/workflowgraph/v1/run_service_pb.js';
import { SessionService } from '../../gen/workflowgraph/v1/session_service_pb.js';
import { TokenService } from '../../gen/workflowgraph/v1/token_service_pb.js';
import { VariableService } from '../../gen/workflowgraph/v1/variable_service_pb.js';
import { WorkerService } from '../../gen/workflowgraph/v1/worker_service_pb.js';
import { WorkflowService } from '../../gen/workflowgraph/v1/workflow_service_pb.js';
import { ApiError, type ApiErrorCode, errorJson } from '../../src/api/errors.js';
import { bindMethod, type MethodBinding } from '../../src/http/json-binding/bind-method.js';
import { anyMessage } from '../support/any-message.js';
import { apiDescription } from '../support/api-description.js';
import { startServer, tokensOf } from './start-server.js';

const { document, operations } = apiDescription();

const bindings = [
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
  .flatMap(({ methods }) => methods)
  .map(bindMethod)
  .filter((binding): binding is MethodBinding => binding !== null);

function operationOf({ method }: MethodBinding) {
  const found = operations.find(({ id }) => id === method.name);
  if (found === undefined) throw new Error(`${method.name} is not described`);
  return found;
}

describe('the description of the API', () => {
  test('is OpenAPI 3.1 that a validator accepts', async () => {
    const validator = new Validator();
    const { valid, errors } = await validator.validate(structuredClone(document));
    expect(errors).toBeUndefined();
    expect(valid).toBe(true);
    expect(validator.version).toBe('3.1');
  });

  test('has every documented path with its method and status, and no other under /api', () => {
    const described = operations.filter(({ route }) => route.startsWith('/api/')).map(({ id }) => id);
    // The download of a log is a file, not a message of a method.
    expect(described.sort()).toEqual(['DownloadLog', ...bindings.map(({ method }) => method.name)].sort());
    for (const binding of bindings) {
      const { verb, route, answers } = operationOf(binding);
      expect(`${verb} ${route.replaceAll(/\{(\w+)\}/g, ':$1')}`).toBe(`${binding.verb} ${binding.route}`);
      const isStream = binding.method.methodKind !== 'unary';
      expect([...answers.keys()].filter((status) => status < 300)).toEqual([
        binding.status,
        ...(isStream ? [204] : []),
      ]);
    }
  });

  const unary = bindings.filter(({ method }) => method.methodKind === 'unary');
  test.each(unary.map((binding) => [binding.method.name, binding] as const))(
    'describes every response of %s',
    (_, binding) => {
      const matches = operationOf(binding).answers.get(binding.status)?.get('application/json');
      if (matches === undefined) throw new Error('the response is not described');
      const holds = (text: string) => {
        if (!matches(JSON.parse(text))) throw new Error(`${JSON.stringify(matches.errors)}: ${text}`);
      };
      fc.assert(
        fc.property(anyMessage(binding.method.output), (message) => holds(binding.response.write(message))),
        { numRuns: 50 },
      );
    },
  );

  test('every described error is in the table of codes, with its status', () => {
    for (const { id, answers } of operations) {
      for (const [status, types] of answers) {
        const matches = types.get('application/json');
        if (status < 400 || matches === undefined || id === 'Readiness') continue;
        const error = new ApiError(codeOf(id, status), 'x', { reason: status === 409 ? 'cancelled' : null });
        expect(error.status, `${id} ${status}`).toBe(status);
        expect(matches(JSON.parse(errorJson(error))), `${id} ${status} ${JSON.stringify(matches.errors)}`).toBe(true);
        expect(matches({ code: 'internal', message: 'x' }), 'the API does not declare bugs as responses').toBe(false);
      }
    }
  });
});

const codes: Readonly<Record<number, ApiErrorCode>> = {
  400: 'malformed',
  401: 'unauthenticated',
  403: 'forbidden',
  404: 'not_found',
  408: 'request_timeout',
  409: 'conflict',
  413: 'too_large',
  415: 'unsupported_media_type',
  422: 'invalid_definition',
  429: 'rate_limited',
  500: 'damaged',
  503: 'unavailable',
};

const codeOf = (id: string, status: number) =>
  (id === 'RunWorkflow' ? codesOfStart[status] : undefined) ?? codes[status] ?? 'internal';

/** A start of a run has specific errors. */
const codesOfStart: Readonly<Record<number, ApiErrorCode>> = {
  409: 'group_full',
  422: 'invalid_inputs',
  429: 'group_queue_full',
};

describe('every server, with or without tokens, publishes', () => {
  const tokens = tokensOf({});

  test('its description at /openapi.json', async () => {
    const { url } = await startServer({ tokens });
    const answer = await fetch(`${url}/openapi.json`);
    expect(answer.headers.get('content-type')).toBe('application/json; charset=utf-8');
    expect(await answer.json()).toEqual(document);
  });

  test('the JSON Schema of workflow files at /schema/workflow.json', async () => {
    const { url } = await startServer({ tokens });
    const answer = await fetch(`${url}/schema/workflow.json`);
    expect(answer.headers.get('content-type')).toBe('application/schema+json; charset=utf-8');
    const validate = new Ajv2020({ allowUnionTypes: true, strictRequired: false }).compile(
      (await answer.json()) as AnySchema,
    );
    expect(validate({ jobs: { build: { run: 'make' } } })).toBe(true);
    expect(validate({ jobs: { build: { rum: 'make' } } })).toBe(false);
  });

  test('a page at /docs that loads from nowhere else', async () => {
    const { url } = await startServer({ tokens });
    const answer = await fetch(`${url}/docs`);
    expect(answer.headers.get('content-security-policy')).toContain("default-src 'none'; script-src 'self'");
    const page = await answer.text();
    const wanted = [...page.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, link]) => link ?? '');
    expect(wanted.length).toBeGreaterThan(3);
    for (const link of wanted) {
      // Relative to the page, so that it also works behind a path prefix.
      expect(link).not.toMatch(/^\/|:/);
      const part = await fetch(new URL(link, answer.url));
      expect([link, part.status]).toEqual([link, 200]);
      expect((await part.arrayBuffer()).byteLength).toBeGreaterThan(100);
    }
    const head = await fetch(`${url}/docs/swagger-ui-bundle.js`, { method: 'HEAD' });
    expect([head.status, Number(head.headers.get('content-length')) > 1_000_000]).toEqual([200, true]);
  });

  test('a browser that opens the address itself is redirected to the page', async () => {
    const { url } = await startServer({ tokens });
    const answer = await fetch(url, { redirect: 'manual' });
    expect([answer.status, answer.headers.get('location')]).toEqual([302, 'docs']);
  });

  test('none of it to pages of other sites', async () => {
    const { url } = await startServer({ tokens });
    const headers = { origin: 'https://elsewhere.example' };
    for (const path of ['/openapi.json', '/docs', '/schema/workflow.json']) {
      expect((await fetch(url + path, { headers })).status).toBe(403);
    }
  });
});
