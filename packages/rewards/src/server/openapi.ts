import { FACES } from './faces/index.js';
import { errorSchema } from './schemas.js';

const json = (schema: object): object => ({ 'application/json': { schema } });
const OPEN: readonly object[] = [];

/** The OpenAPI 3.1 document of the server. */
export function openApiDocument(): object {
  const refused = { description: 'Refused; `error` says why', content: json({ $ref: '#/components/schemas/Error' }) };
  const reply = (description: string, content: object, more: object = {}): object => ({
    responses: { 200: { description, content }, default: refused },
    ...more,
  });
  const rewarded = FACES.map(({ path, summary, body, result }) => {
    const post = { summary, requestBody: { required: true, content: json(body) }, ...reply('Rewarded', json(result)) };
    return [path, { post }] as const;
  });
  const anyObject = { type: 'object' };
  const seed = {
    summary: 'NeMo-Gym and verifiers: begin a session; nothing is kept',
    requestBody: { required: true, content: json(anyObject) },
    ...reply('Begun', json(anyObject)),
  };
  const text = { 'text/plain': { schema: { type: 'string' } } };
  const health = {
    type: 'object',
    required: ['status', 'rewards'],
    properties: { status: { const: 'ok' }, rewards: { type: 'array', items: { type: 'string' } } },
  };
  return {
    openapi: '3.1.0',
    info: { title: 'Q-Insight reward server', version: '1', license: { name: 'Apache-2.0', identifier: 'Apache-2.0' } },
    security: [{ token: [] }],
    paths: {
      ...Object.fromEntries(rewarded),
      '/seed_session': { post: seed },
      '/health': { get: { summary: 'Is it up?', security: OPEN, ...reply('Up', json(health)) } },
      '/metrics': { get: { summary: 'Counters in the text format of Prometheus', ...reply('Metrics', text) } },
      '/openapi.json': { get: { summary: 'This document', ...reply('OpenAPI 3.1', json(anyObject)) } },
    },
    components: {
      schemas: { Error: errorSchema },
      securitySchemes: { token: { type: 'http', scheme: 'bearer', description: 'Only when the server was given one' } },
    },
  };
}
