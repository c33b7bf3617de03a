import type { Face } from '../face.js';
import type { Message } from '../messages.js';
import { messagesOrText } from '../schemas.js';
import { numberOf } from '../scoring.js';

interface Body {
  readonly prompt?: string | readonly Message[] | null;
  readonly response: string;
  readonly label?: unknown;
}

/** slime's remote reward (`--rm-type remote_rm`): one sample, and the whole reply is its reward. */
export const slimeFace: Face<Body> = {
  path: '/slime',
  summary: 'The remote reward of slime',
  body: {
    type: 'object',
    required: ['response'],
    properties: { prompt: messagesOrText('null'), response: { type: 'string' }, label: {} },
  },
  result: { type: 'number' },
  read: ({ prompt, response, label }) => [{ prompt: prompt ?? null, response, ground_truth: label }],
  reply: (report, { set }) => JSON.stringify(numberOf(set, report, 0)),
};
