import type { Prompt } from '../../data/prompt.js';
import { seedNumber } from '../../random.js';
import type { Completion, SamplingOptions, Sequence } from '../policy.js';
import { withCompletion, type PromptWriter } from './datums.js';
import type { Renderer } from './prompts.js';
import type { RemoteSampler } from './remote-sampler.js';

/** Servers take seeds of a signed 32-bit number. */
export const SEED_BITS = 31;

/** Draws a prompt's completions. */
export async function sampleGroup(
  prompt: Prompt,
  options: SamplingOptions,
  from: RemoteSampler,
  write: PromptWriter,
  { tokenizer }: Renderer,
): Promise<Completion[]> {
  const { sequences } = await from.sample({
    num_samples: options.groupSize,
    prompt: (await write(prompt)).input,
    sampling_params: {
      max_tokens: options.maxTokens,
      temperature: options.temperature,
      top_k: options.topK || -1,
      top_p: options.topP ?? 1,
      seed: seedNumber(`${options.seed}/${prompt.id}`, SEED_BITS),
    },
  });
  return sequences.map(({ tokens, logprobs, stop_reason: finishReason }) => {
    if (!logprobs) throw new Error('sample: the server gives no log-probs, and training needs them');
    return { tokens, text: tokenizer.decode(tokens, 'skip'), samplerLogps: logprobs, finishReason };
  });
}

/** Log-probs of a completion's tokens, read as part of a prompt. */
export async function scoreAsPrompt(
  { prompt, completion }: Sequence,
  from: RemoteSampler,
  write: PromptWriter,
): Promise<number[]> {
  const { prompt_logprobs: logprobs } = await from.sample({
    num_samples: 1,
    prompt: withCompletion((await write(prompt)).input, completion, 0),
    sampling_params: { max_tokens: 1, temperature: 1, top_k: -1, top_p: 1, seed: 0 },
    prompt_logprobs: true,
  });
  // from the end: some servers leave out the first position, others give it as null
  const own = completion.length === 0 ? [] : (logprobs ?? []).slice(-completion.length);
  if (own.length < completion.length || own.includes(null))
    throw new Error(
      `logprobs: the server gives ${logprobs?.length ?? 'no'} log-probs of a prompt, and the reference needs them`,
    );
  return own as number[];
}
