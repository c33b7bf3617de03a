import type { Face } from '../face.js';
import { contentParts, type Message } from '../messages.js';
import { componentsOf, numberOf } from '../scoring.js';

interface Item extends Message {
  readonly type?: unknown;
  readonly summary?: unknown;
}

interface Body {
  readonly responses_create_params: { readonly input: string | readonly Message[] };
  readonly response: {
    readonly output: readonly Item[];
    readonly incomplete_details?: { readonly reason?: unknown } | null;
  };
  /** The other columns of the dataset. */
  readonly [column: string]: unknown;
}

const request = {
  type: 'object',
  required: ['input'],
  properties: { input: { type: ['string', 'array'], items: { type: 'object' } } },
};

const response = {
  type: 'object',
  required: ['output'],
  properties: {
    output: { type: 'array', items: { type: 'object' } },
    incomplete_details: { type: ['object', 'null'] },
  },
};

/**
 * `/verify` of a NeMo-Gym resources server, which verifiers' `nemo_gym` task sets call too. The request is echoed letter for
 * letter, with the reward added.
 */
export const nemoGymFace: Face<Body> = {
  path: '/verify',
  summary: 'NeMo-Gym and verifiers: reward a response',
  body: {
    type: 'object',
    required: ['responses_create_params', 'response'],
    properties: { responses_create_params: request, response },
  },
  result: {
    type: 'object',
    required: ['responses_create_params', 'response', 'reward', 'reward_components'],
    properties: {
      responses_create_params: { type: 'object' },
      response: { type: 'object' },
      reward: { type: 'number' },
      reward_components: { type: 'object', additionalProperties: { type: 'number' } },
    },
  },
  read({ responses_create_params: { input }, response: { output, incomplete_details: cut }, ...columns }) {
    const { ground_truth: truth, ...extra } = columns;
    return [
      {
        prompt: input,
        response: output.map(itemText).join(''),
        ground_truth: truth,
        extra: { ...(extra['verifier_metadata'] as object | null | undefined), ...extra },
        finish_reason: cut?.reason === 'max_output_tokens' ? 'length' : null,
      },
    ];
  },
  reply(report, { text, set }) {
    const components = Object.entries(componentsOf(report, 0)).filter(([, value]) => value !== null);
    const added = { reward: numberOf(set, report, 0), reward_components: Object.fromEntries(components) };
    return `${text.trimEnd().slice(0, -1)},${JSON.stringify(added).slice(1)}`;
  },
};

/** What an item of the output says. Reasoning that was taken out of the answer is put back, for rewards of the layout. */
function itemText(item: Item): string {
  if (item.type === 'reasoning') {
    const thought = textOf(item.content) || textOf(item.summary);
    return thought === '' ? '' : `<think>${thought}</think>`;
  }
  return item.type === 'message' && item.role === 'assistant' ? textOf(item.content) : '';
}

function textOf(content: unknown): string {
  return contentParts(content)
    .map((part) => (part.type === 'text' ? part.text : ''))
    .join('');
}
