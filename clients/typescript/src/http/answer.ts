import { type Problem, ServerUnreachableError, WorkflowGraphError } from '../errors.js';
import type { HttpAnswer, HttpConnection, HttpRequest } from './connection.js';

/**
 * Sends a request and returns the JSON of a successful response; an empty one is null.
 *
 * Throws a WorkflowGraphError if the server refuses the call, and a ServerUnreachableError if it cannot be reached. An
 * abort by the caller throws an `AbortError`.
 */
export async function call(connection: HttpConnection, serverUrl: string, request: HttpRequest): Promise<unknown> {
  return (await callForPage(connection, serverUrl, request)).value;
}

/** The same, with the offset of the next page of a list; null without one. */
export async function callForPage(
  connection: HttpConnection,
  serverUrl: string,
  request: HttpRequest,
): Promise<{ readonly value: unknown; readonly nextOffset: number | null }> {
  let answer: HttpAnswer;
  try {
    answer = await connection.request(request);
  } catch (error) {
    throw asUnreachable(error, serverUrl);
  }
  if (answer.status < 200 || answer.status > 299) throw errorOfAnswer(answer, request);
  const nextOffset = nextOffsetOf(answer.link ?? '');
  if (answer.text.trim() === '') return { value: null, nextOffset };
  try {
    return { value: JSON.parse(answer.text), nextOffset };
  } catch {
    const message = `${request.method} ${request.path} was answered with something that is not JSON: is ${serverUrl} a workflow-graph server?`;
    throw new WorkflowGraphError({ status: answer.status, code: 'not_json', message });
  }
}

function nextOffsetOf(link: string): number | null {
  const [, offset] = /<[^>]*[?&]offset=(\d+)[^>]*>;\s*rel="?next"?/.exec(link) ?? [];
  return offset === undefined ? null : Number(offset);
}

export function asUnreachable(error: unknown, serverUrl: string): unknown {
  if (error instanceof Error && error.name === 'AbortError') return error;
  return new ServerUnreachableError(serverUrl, systemCode(error), error);
}

/** The error in an unsuccessful response. */
export function errorOfAnswer(answer: HttpAnswer, request: HttpRequest): WorkflowGraphError {
  const body = parseObject(answer.text);
  const said = body.message ?? body.error;
  const message =
    typeof said === 'string' && said !== ''
      ? said
      : `${request.method} ${request.path} was answered with HTTP status ${answer.status}`;
  return new WorkflowGraphError({
    status: answer.status,
    code: typeof body.code === 'string' ? body.code : `http_${answer.status}`,
    reason: typeof body.reason === 'string' ? body.reason : null,
    message,
    problems: problemsOf(body.details),
  });
}

function systemCode(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return systemCode(error.errors[0]);
  if (error instanceof Error && 'code' in error && typeof error.code === 'string') return error.code;
  return error instanceof Error ? error.message : 'unknown';
}

function parseObject(text: string): Record<string, unknown> {
  try {
    return objectOf(JSON.parse(text));
  } catch {
    return {};
  }
}

/** The value if it is an object; otherwise an empty one. */
function objectOf(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

function problemsOf(value: unknown): readonly Problem[] {
  if (!Array.isArray(value)) return [];
  return value.map((entry: unknown) => {
    const problem = typeof entry === 'string' ? { message: entry } : objectOf(entry);
    const text = (key: string) => (typeof problem[key] === 'string' ? problem[key] : '');
    const number = (key: string) => (typeof problem[key] === 'number' ? problem[key] : 0);
    return {
      message: text('message'),
      field: text('field'),
      job: text('job'),
      line: number('line'),
      column: number('column'),
    };
  });
}
