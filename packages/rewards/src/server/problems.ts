import type { ConnectionError } from 'fastify';
import type { FastifySchemaValidationError } from 'fastify/types/schema.js';
import type { Socket } from 'node:net';
import { messageOf } from '../runner/message-of.js';
import { Refusal, refusalBody, type RefusalCode } from './refusal.js';

/** Says in plain words what is wrong with a body that does not fit its schema. */
function schemaProblem(errors: readonly FastifySchemaValidationError[], body: unknown): Refusal {
  const { instancePath, keyword, params, message = 'is wrong' } = errors[0]!;
  const steps = instancePath.split('/').slice(1).map(unescaped);
  const sample = idAt(body, steps);
  const field = (more?: string): string => [...steps, ...(more === undefined ? [] : [more])].join('.');
  if (keyword === 'required') return problem(field(String(params['missingProperty'])), 'is required', sample);
  if (keyword === 'additionalProperties')
    return problem(field(String(params['additionalProperty'])), 'is not a field; other columns go into extra', sample);
  if (keyword === 'enum') return problem(field(), `must be one of ${JSON.stringify(params['allowedValues'])}`, sample);
  const types = [params['type']].flat().join(' or ');
  const wanted = keyword === 'type' ? `must be ${types}, got ${kindOf(valueAt(body, steps))}` : message;
  return problem(field(), wanted, sample);
}

function problem(field: string, text: string, sample: string | undefined): Refusal {
  const name = field === '' ? 'the body' : field;
  return new Refusal('invalid', `${name} ${text}`, { ...(sample === undefined ? {} : { sample }), ...(field === '' ? {} : { field }) }); // prettier-ignore
}

/** Codes of Fastify's own errors; what is not here goes by its status. */
const CODES: Readonly<Record<number, RefusalCode>> = {
  400: 'bad_request',
  404: 'not_found',
  408: 'request_timeout',
  413: 'too_large',
  415: 'unsupported_media_type',
};

/** Any error as a refusal; `body` is what was sent, as far as it could be read. */
export function refusalOf(error: unknown, body?: unknown): Refusal {
  if (error instanceof Refusal) return error;
  const { validation } = error as { validation?: readonly FastifySchemaValidationError[] };
  if (validation !== undefined) return schemaProblem(validation, body);
  const { statusCode = 500 } = error as { statusCode?: number };
  if (statusCode === 415) return new Refusal('unsupported_media_type', 'the content type must be application/json');
  const code = CODES[statusCode] ?? (statusCode < 500 ? 'bad_request' : 'internal');
  return new Refusal(code, messageOf(error));
}

/** Why a text was not taken for JSON, with the place where reading stopped. */
export function jsonProblem(text: string): Refusal {
  if (text === '') return new Refusal('bad_request', 'the body is empty');
  try {
    JSON.parse(text);
    return new Refusal('bad_request', 'the body has a key "__proto__" or "constructor.prototype"');
  } catch (error) {
    const hint = /\b(?:NaN|Infinity)\b/.test(messageOf(error)) ? '; JSON has no NaN and no infinity' : '';
    return new Refusal('bad_request', `the body is not JSON: ${messageOf(error)}${hint}`);
  }
}

/** Status lines of what Node finds wrong before there is a request. */
const STATUS_LINES: Readonly<Record<string, readonly [line: string, code: RefusalCode]>> = {
  ERR_HTTP_REQUEST_TIMEOUT: ['408 Request Timeout', 'request_timeout'],
  HPE_HEADER_OVERFLOW: ['431 Request Header Fields Too Large', 'bad_request'],
};

/** Answers what is not HTTP, or not any more, and closes the connection. */
export function answerGarbage(error: ConnectionError, socket: Socket): RefusalCode {
  const [line, code] = STATUS_LINES[error.code] ?? (['400 Bad Request', 'bad_request'] as const);
  const body = JSON.stringify(
    refusalBody({ code, message: `no request that can be read: ${error.message}`, about: {} }),
  );
  const head = ['content-type: application/json', `content-length: ${Buffer.byteLength(body)}`, 'connection: close'];
  if (socket.writable) socket.write(`HTTP/1.1 ${line}\r\n${head.join('\r\n')}\r\n\r\n${body}`);
  socket.destroySoon();
  return code;
}

function unescaped(step: string): string {
  return step.replace(/~1/g, '/').replace(/~0/g, '~');
}

function valueAt(body: unknown, steps: readonly string[]): unknown {
  return steps.reduce<unknown>((value, step) => (value as Record<string, unknown> | undefined)?.[step], body);
}

/** Id of the sample that a place in a body of /v1/score lies in. */
function idAt(body: unknown, steps: readonly string[]): string | undefined {
  const [list, index] = steps;
  if (list !== 'samples' || index === undefined) return undefined;
  const id = (valueAt(body, [list, index]) as { id?: unknown } | undefined)?.id;
  return typeof id === 'string' ? id : index;
}

function kindOf(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  return Array.isArray(value) ? 'array' : typeof value;
}
