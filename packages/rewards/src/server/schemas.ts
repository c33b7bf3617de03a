/** A text, or messages in the form of OpenAI or Hugging Face. */
export function messagesOrText(...others: readonly string[]): object {
  return { type: ['string', 'array', ...others], items: messageSchema };
}

const messageSchema = {
  type: 'object',
  required: ['role', 'content'],
  properties: {
    role: { type: 'string' },
    content: { type: ['string', 'array', 'null'], items: { type: 'object' } },
  },
};

/** A sample as `POST /v1/score` takes it. Each schema is what requests are checked by, and part of the OpenAPI document. */
export const sampleSchema = {
  type: 'object',
  required: ['response'],
  additionalProperties: false,
  properties: {
    id: { type: ['string', 'null'], description: 'Unique in the request. Default: its position' },
    group: {
      type: ['string', 'null'],
      description: 'Shared by the completions of one prompt. Required when a reward compares samples',
    },
    prompt: { ...messagesOrText('null'), description: 'What the model was asked' },
    response: { ...messagesOrText(), description: 'What it wrote' },
    images: {
      type: ['array', 'null'],
      items: { type: 'string' },
      description: 'Images of the prompt: data URLs, or paths inside the image folder',
    },
    ground_truth: { description: 'The right answer' },
    extra: { type: ['object', 'null'], description: 'Other columns of the dataset' },
    completion_ids: { type: ['array', 'null'], items: { type: 'integer' }, description: 'Token ids of the completion' },
    finish_reason: { type: ['string', 'null'], enum: ['stop', 'length', null], description: 'How it ended' },
  },
};

/** A batch of samples. */
export const batchSchema = {
  type: 'object',
  required: ['samples'],
  additionalProperties: false,
  properties: { samples: { type: 'array', items: sampleSchema } },
};

const scored = {
  id: { type: 'string' },
  score: { type: ['number', 'null'], description: 'Weighted sum of the components that are not null' },
  components: { type: 'object', additionalProperties: { type: ['number', 'null'] } },
};

const errors = {
  type: 'array',
  items: {
    type: 'object',
    required: ['reward', 'samples', 'kind', 'message'],
    additionalProperties: false,
    properties: {
      reward: { type: 'string' },
      samples: { type: 'array', items: { type: 'string' } },
      kind: { type: 'string', enum: ['error', 'timeout', 'value'] },
      message: { type: 'string' },
    },
  },
};

/** The reply to a batch. */
export const resultSchema = {
  type: 'object',
  required: ['results', 'errors'],
  additionalProperties: false,
  properties: {
    results: {
      type: 'array',
      items: {
        type: 'object',
        required: ['id', 'score', 'components'],
        additionalProperties: false,
        properties: scored,
      },
    },
    errors,
  },
};

/** The reply to a sample alone. */
export const singleResultSchema = {
  type: 'object',
  required: ['id', 'score', 'components', 'errors'],
  additionalProperties: false,
  properties: { ...scored, errors },
};

/** Every reply that is not 2xx. */
export const errorSchema = {
  type: 'object',
  required: ['error'],
  additionalProperties: false,
  properties: {
    error: {
      type: 'object',
      required: ['code', 'message'],
      additionalProperties: false,
      properties: {
        code: { type: 'string' },
        message: { type: 'string' },
        sample: { type: 'string' },
        samples: { type: 'array', items: { type: 'string' } },
        field: { type: 'string' },
        reward: { type: 'string' },
      },
    },
  },
};
