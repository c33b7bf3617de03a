import { quote } from '../answer/reading.js';
import { readScore } from '../answer/score.js';
import { mean } from '../math/statistics.js';
import type { Reward } from '../reward.js';
import type { PromptPart, Sample } from '../sample.js';
import { askChat, type ChatMessage } from './chat.js';

/** Options of {@link judgeReward}. */
export interface JudgeRewardOptions {
  /** Base URL of an OpenAI-compatible API, such as `http://localhost:8000/v1`. */
  readonly endpoint: string;
  /** The judge's name there. */
  readonly model: string;
  /** What makes a completion good, for this sample or for all. */
  readonly rubric: string | ((sample: Sample) => string);
  /**
   * How often the judge is asked; the reward is the mean.
   * @defaultValue 1
   */
  readonly votes?: number;
  /**
   * Lowest and highest score the judge may give; they become 0 and 1.
   * @defaultValue [1, 5]
   */
  readonly scale?: readonly [number, number];
  /**
   * Sent as a bearer token.
   * @defaultValue none
   */
  readonly apiKey?: string;
  /**
   * More fields of the request: temperature, max_tokens and the like.
   * @defaultValue \{ temperature: 0 \} for one vote, \{ temperature: 1 \} for several
   */
  readonly request?: Readonly<Record<string, unknown>>;
  /**
   * Name of the reward.
   * @defaultValue 'judge'
   */
  readonly name?: string;
  /**
   * Version of the reward, for a cache on disk.
   * @defaultValue model, rubric, votes, scale and request; none when the rubric is a function
   */
  readonly version?: string;
}

/**
 * What another model thinks of the completion: it is shown the rubric, the sample's prompt with its images, and the completion,
 * and asked for a score, `votes` times; `r = (mean score - low) / (high - low)`. Votes that cannot be read are left out.
 *
 * Source: the chat completions API of OpenAI, as vLLM and others serve it. Range: 0 to 1. Rejects when the endpoint cannot be
 * reached or refuses, and when no vote can be read; use `timeout` and `retries` of {@link runRewards}. Aborts with the run.
 *
 * @example
 * ```ts
 * const reward = judgeReward({ endpoint: 'http://localhost:8000/v1', model: 'Qwen/Qwen2.5-VL-72B-Instruct', rubric: 'Is it specific?' });
 * await runRewards(samples, [reward], { timeout: 30_000, retries: 2, concurrency: 16, onError: 'null' });
 * ```
 */
export function judgeReward(options: JudgeRewardOptions): Reward {
  const { endpoint, model, rubric, votes = 1, scale = [1, 5], apiKey, name = 'judge' } = options;
  const { request = { temperature: votes === 1 ? 0 : 1 } } = options;
  const {
    version = typeof rubric === 'string' ? JSON.stringify({ model, rubric, votes, scale, request }) : undefined,
  } = options;
  const [low, high] = scale;
  if (!(Number.isInteger(votes) && votes >= 1))
    throw new RangeError(`judgeReward: votes must be at least 1, got ${votes}`);
  if (!(low < high)) throw new RangeError(`judgeReward: scale must rise, got [${low}, ${high}]`);
  return {
    name,
    range: [0, 1],
    ...(version !== undefined && { version }),
    async score(sample, context) {
      const messages = messagesFor(sample, typeof rubric === 'string' ? rubric : rubric(sample), scale);
      const ask = async (): Promise<string> =>
        askChat({ endpoint, apiKey, body: { ...request, model, messages } }, context?.signal);
      const replies = await Promise.all(Array.from({ length: votes }, ask));
      const readings = replies.map((reply) => readScore(reply, { key: 'score', bounds: scale, which: 'last' }));
      const scores = readings.flatMap((reading) => ('value' in reading ? [reading.value] : []));
      if (scores.length > 0) return (mean(scores) - low) / (high - low);
      throw new Error(`judgeReward: no vote can be read: ${quote(replies[0] ?? '')}`);
    },
  };
}

function messagesFor(sample: Sample, rubric: string, [low, high]: readonly [number, number]): ChatMessage[] {
  const task = `You judge the answer of another model.\n\n${rubric}\n\nGive a score from ${low} (worst) to ${high} (best). End with <answer>SCORE</answer>.`;
  const asked =
    sample.prompt === undefined
      ? []
      : [{ type: 'text' as const, text: 'The model was asked:' }, ...sample.prompt.map(partOf)];
  return [
    { role: 'system', content: task },
    { role: 'user', content: [...asked, { type: 'text', text: `The model's answer:\n${sample.completion}` }] },
  ];
}

function partOf(part: PromptPart): Exclude<ChatMessage['content'], string>[number] {
  return part.type === 'text' ? part : { type: 'image_url', image_url: { url: part.url } };
}
