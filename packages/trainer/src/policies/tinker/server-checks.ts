import type { Prompt, RgbImage } from '../../data/prompt.js';
import { PolicyLost } from '../policy-lost.js';
import type { NamedLoss } from '../policy.js';
import { datumOf, type PromptWriter, type RemotePrompt } from './datums.js';
import type { Datum } from './protocol/messages.js';
import type { RemoteModel } from './remote-model.js';
import type { RemoteSampler } from './remote-sampler.js';

/** How a server makes one loss of many tokens: it adds them, or takes means over positions and sequences. */
export type Reduction = 'sum' | 'mean';

/** The gradient norm among a step's metrics: each server names it in its own way. */
export function gradientNormIn(metrics: Readonly<Record<string, number>>): number | undefined {
  return Object.entries(metrics).find(([name]) => name.includes('grad_norm'))?.[1];
}

/**
 * Finds out how a server reduces a loss, on a model made for that: twice the same data has twice the gradient, or the same.
 *
 * @returns 'sum' where the server does not tell a gradient norm: all those that are known to do so add
 */
export async function detectReduction(model: RemoteModel, tokens: readonly number[]): Promise<Reduction> {
  const datum = probeDatum(tokens, { weights: 1 });
  const norms: (number | undefined)[] = [];
  for (const data of [[datum], [datum, datum]]) {
    await model.pass(data, { name: 'cross_entropy' }, 'both');
    const still = { learning_rate: 0, beta1: 0.9, beta2: 0.999, eps: 1e-8, weight_decay: 0, grad_clip_norm: 0 };
    norms.push(gradientNormIn(await model.step(still)));
  }
  const [once, twice] = norms;
  if (once === undefined || twice === undefined) return 'sum';
  const ratio = twice / once;
  if (Math.abs(ratio - 2) < 0.05) return 'sum';
  if (Math.abs(ratio - 1) < 0.05) return 'mean';
  throw new Error(`the server adds up losses in an unknown way: twice the data has ${ratio} times the gradient`);
}

/**
 * Makes sure that a server has a loss.
 *
 * @param model - one made for that
 * @throws Error with the server's words, when it refuses the loss or its settings
 */
export async function checkLoss(model: RemoteModel, tokens: readonly number[], loss: NamedLoss): Promise<void> {
  await model.pass([probeDatum(tokens, { logprobs: -1, advantages: 1 })], loss, 'both').catch((error: unknown) => {
    if (error instanceof PolicyLost) throw error;
    throw new Error(`the server does not take the loss '${loss.name}': ${(error as Error).message}`);
  });
}

/** Tokens after the first of them, with the same number for each. */
function probeDatum(tokens: readonly number[], inputs: Readonly<Record<string, number>>): Datum {
  const prompt: RemotePrompt = { input: { chunks: [{ type: 'encoded_text', tokens: [tokens[0]!] }] }, length: 1 };
  const completion = tokens.slice(1);
  const lists = Object.entries(inputs).map(([name, value]) => [name, completion.map(() => value)] as const);
  return datumOf(prompt, completion, Object.fromEntries(lists));
}

/**
 * Makes sure that a server looks at pictures: some drop them without a word.
 *
 * @throws Error when the same text has the same log-probs after another picture
 */
export async function checkImages(prompt: Prompt, write: PromptWriter, sampler: RemoteSampler): Promise<void> {
  const seen: string[] = [];
  for (const shown of [prompt, withNegatives(prompt)]) {
    const { input } = await write(shown);
    const sampling_params = { max_tokens: 1, temperature: 1, top_k: -1, top_p: 1, seed: 0 };
    const answer = await sampler.sample({ num_samples: 1, prompt: input, sampling_params, prompt_logprobs: true });
    seen.push(JSON.stringify(answer.prompt_logprobs));
  }
  if (seen[0] === seen[1]) {
    throw new Error(
      `prompt "${prompt.id}" shows images, and the server does not look at them: its log-probs are the same for other images`,
    );
  }
}

const negative = (image: RgbImage): RgbImage => ({ ...image, data: image.data.map((value) => 255 - value) });

const withNegatives = (prompt: Prompt): Prompt => ({
  ...prompt,
  messages: prompt.messages.map(({ role, content }) => ({
    role,
    content:
      typeof content === 'string'
        ? content
        : content.map((part) => (part.type === 'image' ? { ...part, image: negative(part.image) } : part)),
  })),
});
