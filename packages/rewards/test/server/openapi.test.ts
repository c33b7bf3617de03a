import { describe, expect, test } from '@jest/globals';
import { Validator } from '@seriousme/openapi-schema-validator';
import fc from 'fast-check';
import { fastify } from 'fastify';
import { readFileSync } from 'node:fs';
import type { Reward } from '../../src/index.js';
import { openApiDocument } from '../../src/server/openapi.js';
import { len, LEN } from './len.js';
import { get, post, serving } from './serving.js';

interface Operation {
  readonly requestBody?: { readonly content: { readonly 'application/json': { readonly schema: object } } };
  readonly responses: Record<string, { readonly content: Record<string, { readonly schema: object }> }>;
}
interface Document {
  readonly paths: Record<string, Record<string, Operation>>;
  readonly components: { readonly schemas: { readonly Error: object } };
}

const document = openApiDocument() as Document;
// Fastify's validator, which knows nothing of the document: an application with one route that has a schema.
const compiler = fastify({ ajv: { customOptions: { coerceTypes: false, removeAdditional: false, useDefaults: false, allowUnionTypes: true } } }); // prettier-ignore
compiler.post('/', { schema: { body: {} } }, () => undefined);
await compiler.ready();
const compile = (schema: object): ((value: unknown) => boolean) => {
  const validate = compiler.validatorCompiler!({ schema, method: 'POST', url: '/' });
  return (value) => validate(value) === true;
};
const bodyOf = (path: string): ((value: unknown) => boolean) =>
  compile(document.paths[path]!['post']!.requestBody!.content['application/json'].schema);
const resultOf = (path: string): ((value: unknown) => boolean) =>
  compile(document.paths[path]!['post']!.responses['200']!.content['application/json']!.schema);
const isError = compile(document.components.schemas.Error);

test('is valid OpenAPI 3.1, and is served', async () => {
  const { valid, errors } = await new Validator().validate(structuredClone(document) as never);
  expect(errors ?? []).toEqual([]);
  expect(valid).toBe(true);
  const { url } = await serving(LEN);
  expect((await get(`${url}/openapi.json`)).body).toEqual(document);
});

test('that check can fail', async () => {
  const broken = { ...structuredClone(document), info: { title: 3 } };
  expect((await new Validator().validate(broken as never)).valid).toBe(false);
});

test('every address it names is there, with the methods it names', async () => {
  const { url } = await serving(LEN);
  for (const [path, operations] of Object.entries(document.paths)) {
    const { headers } = await get(`${url}${path}`, {});
    if ('get' in operations) expect((await get(`${url}${path}`)).status).toBe(200);
    else expect(headers.get('allow')).toBe('POST');
  }
});

test('the recorded requests and their replies are as it says', async () => {
  const { url } = await serving(LEN);
  for (const name of ['trl-1.16.0', 'verl-0.9.1', 'verifiers-0.4.0', 'nemo-gym-0.4.0', 'openrlhf-0.11.2']) {
    const lines = readFileSync(new URL(`captures/${name}.jsonl`, import.meta.url), 'utf8')
      .trimEnd()
      .split('\n');
    for (const { path, request } of lines.map((line) => JSON.parse(line) as { path: string; request: unknown })) {
      if (!(path in document.paths)) continue;
      expect(bodyOf(path)(request)).toBe(true);
      expect(resultOf(path)((await post(`${url}${path}`, request)).body)).toBe(true);
    }
  }
});

describe('whatever is sent', () => {
  const frail: Reward = { name: 'frail', range: [0, 1], score: ({ completion }) => (completion === '' ? NaN : null) };

  const text = fc.constantFrom('', 'a', 'user', 'stop');
  const anything = fc.oneof(text, fc.jsonValue({ maxDepth: 2 }));
  const messages = fc.array(fc.record({ role: fc.constantFrom('user', 'assistant'), content: fc.oneof(text, fc.constant(null)) }), { maxLength: 2 }); // prettier-ignore
  const sample = fc.record(
    {
      response: fc.oneof({ weight: 4, arbitrary: fc.oneof(text, messages) }, { weight: 1, arbitrary: anything }),
      id: fc.oneof({ weight: 4, arbitrary: fc.string() }, { weight: 1, arbitrary: anything }),
      prompt: fc.oneof({ weight: 4, arbitrary: fc.oneof(text, messages) }, { weight: 1, arbitrary: anything }),
      extra: fc.oneof({ weight: 4, arbitrary: fc.dictionary(text, anything) }, { weight: 1, arbitrary: anything }),
      completion_ids: fc.oneof(fc.array(fc.nat()), anything),
      finish_reason: fc.constantFrom('stop', 'length', null, 'eos'),
    },
    { requiredKeys: [] },
  );
  const body = fc.oneof(sample, fc.record({ samples: fc.array(fc.oneof({ weight: 9, arbitrary: sample }, { weight: 1, arbitrary: anything }), { maxLength: 3 }) }), anything); // prettier-ignore

  test('the reply is as it says, and 422 comes for what it does not allow, or an id twice', async () => {
    const { url } = await serving({ rewards: [len, frail], labels: 'optional' });
    const isBody = bodyOf('/v1/score');
    const isResult = resultOf('/v1/score');
    let accepted = 0;
    await fc.assert(
      fc.asyncProperty(body, async (sent) => {
        const reply = await post(`${url}/v1/score`, sent);
        if (reply.status === 200) {
          accepted += 1;
          expect(isBody(sent)).toBe(true);
          expect(isResult(reply.body)).toBe(true);
        } else {
          expect(isError(reply.body)).toBe(true);
          if (isBody(sent)) expect(reply.body.error.message).toMatch(/is there twice$/);
        }
      }),
      { numRuns: Number(process.env['FC_RUNS'] ?? 300) },
    );
    expect(accepted).toBeGreaterThan(30);
  });
});
