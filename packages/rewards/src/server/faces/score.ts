import type { Face } from '../face.js';
import type { SentSample } from '../read-samples.js';
import { batchSchema, resultSchema, sampleSchema, singleResultSchema } from '../schemas.js';
import { componentsOf } from '../scoring.js';

/** The server's own protocol: a batch, or one sample alone. */
export const scoreFace: Face<SentSample | { readonly samples: readonly SentSample[] }> = {
  path: '/v1/score',
  summary: 'Reward a batch of samples, or one',
  body: { type: 'object', if: { required: ['samples'] }, then: batchSchema, else: sampleSchema },
  result: { oneOf: [resultSchema, singleResultSchema] },
  read: (body) => ('samples' in body ? body.samples : [body]),
  reply(report, { body }) {
    const results = report.ids.map((id, row) => ({ id, score: report.totals[row], components: componentsOf(report, row) })); // prettier-ignore
    const errors = report.issues.map(({ reward, samples, kind, message }) => ({ reward, samples, kind, message }));
    return JSON.stringify('samples' in body ? { results, errors } : { ...results[0], errors });
  },
};
