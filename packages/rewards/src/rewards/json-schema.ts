import { quote } from '../answer/reading.js';
import { findAnswer, type Which } from '../answer/tags.js';
import { rewardFrom, type Reward } from '../reward.js';
import { checkSchema, schemaProblem, type JsonSchema } from './schema-problem.js';

/** Options of {@link jsonSchemaReward}. */
export interface JsonSchemaRewardOptions {
  /** What the answer must look like. */
  readonly schema: JsonSchema;
  /**
   * Which answer counts when there are several.
   * @defaultValue 'first'
   */
  readonly which?: Which;
}

/**
 * Whether the answer is JSON that fits a schema: 1 or 0. See {@link JsonSchema} for the keywords. Range: 0 or 1. Never `null`;
 * throws an Error on a schema with a keyword it does not know, so that no rule is passed over in silence.
 *
 * @example
 * ```ts
 * jsonSchemaReward({ schema: { type: 'object', required: ['rating'], properties: { rating: { type: 'number', minimum: 1 } } } });
 * ```
 */
export function jsonSchemaReward(options: JsonSchemaRewardOptions): Reward {
  const { schema, which = 'first' } = options;
  checkSchema(schema); // now, not in the middle of a run
  return rewardFrom('jsonSchema', [0, 1], (sample) => {
    const answer = findAnswer(sample.completion, which);
    if (!('value' in answer)) return { value: 0, ...answer };
    const parsed = parse(answer.value);
    if (parsed === undefined) return { value: 0, reason: `the answer is not JSON: ${quote(answer.value.trim())}` };
    const problem = schemaProblem(schema, parsed.value);
    return problem === null ? { value: 1, reason: 'the answer fits the schema' } : { value: 0, reason: problem };
  });
}

function parse(text: string): { value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) as unknown };
  } catch {
    return undefined;
  }
}
