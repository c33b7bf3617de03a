import { z } from 'zod';
import type { Completion } from '../policy.js';
import { parseAnswer, ServerRefusal, ServerTrouble } from './http.js';

const id = z.int().nonnegative();
/** In float32 the logarithm of a probability may end a little above 0. */
const logprob = z.number().max(1e-3);

const schema = z.object({
  model: z.string(),
  prompt_token_ids: z.array(id),
  choices: z.array(
    z.object({
      finish_reason: z.enum(['stop', 'length']),
      token_ids: z.array(id).min(1),
      logprobs: z.object({ content: z.array(z.object({ logprob })) }),
    }),
  ),
});

/** What the reply must agree with. */
export interface Expected {
  readonly url: string;
  /** Name of the prompt in errors. */
  readonly prompt: string;
  readonly model: string;
  /** The prompt's tokens, its images expanded, as the trainer sees them. */
  readonly promptIds: Int32Array;
  readonly completions: number;
  readonly maxTokens: number;
  readonly allowed: ReadonlySet<number>;
  readonly stops: ReadonlySet<number>;
}

/**
 * Reads the completions of a reply.
 *
 * @param decode - text of token ids, without special tokens
 * @throws {ServerTrouble} when the reply is torn or holds what was not asked for; {@link ServerRefusal} when the server sees
 * another prompt than the trainer
 */
export function readChatReply(
  text: string,
  expected: Expected,
  decode: (ids: readonly number[]) => string,
): Completion[] {
  const { url, prompt, model, completions, maxTokens, allowed, stops } = expected;
  const where = `${url}: prompt "${prompt}"`;
  const bad = (problem: string) => new ServerTrouble(`${where}: ${problem}`, true);
  const reply = parseAnswer(text, schema, where, 'a completion with token ids and log-probs');
  checkPrompt(reply.prompt_token_ids, expected);
  if (reply.model !== model) throw bad(`answered by model "${reply.model}", expected "${model}"`);
  if (reply.choices.length !== completions) throw bad(`${reply.choices.length} answers, expected ${completions}`);
  return reply.choices.map(({ finish_reason: finishReason, token_ids: tokens, logprobs }) => {
    const { content } = logprobs;
    if (content.length !== tokens.length) throw bad(`${content.length} log-probs for ${tokens.length} tokens`);
    if (tokens.length > maxTokens) throw bad(`an answer of ${tokens.length} tokens, expected at most ${maxTokens}`);
    const foreign = tokens.find((token) => !allowed.has(token));
    if (foreign !== undefined) throw bad(`token ${foreign}, which is not one of those allowed`);
    if ((finishReason === 'stop') !== stops.has(tokens.at(-1)!)) {
      throw bad(`an answer that ended by "${finishReason}" with token ${tokens.at(-1)}`);
    }
    return { tokens, text: decode(tokens), samplerLogps: content.map(({ logprob }) => logprob), finishReason };
  });
}

/** The two must read the prompt alike: else log-probs are of other tokens, and of other pixels. */
function checkPrompt(theirs: readonly number[], { url, prompt, promptIds }: Expected): void {
  const at = theirs.length === promptIds.length ? theirs.findIndex((token, i) => token !== promptIds[i]) : -2;
  if (at === -1) return;
  const where =
    at === -2
      ? `${theirs.length} tokens, the trainer as ${promptIds.length}`
      : `token ${theirs[at]} at place ${at}, the trainer as ${promptIds[at]}`;
  throw new ServerRefusal(
    `${url}: reads prompt "${prompt}" as ${where}; start the server with the same checkpoint (tokenizer, chat template), ` +
      'and with image bounds at least as wide as model.minPixels and model.maxPixels',
    200,
  );
}
