import { completionIn } from '../completion-text.js';
import type { Face } from '../face.js';
import type { SentSample } from '../read-samples.js';
import { Refusal } from '../refusal.js';
import { numberOf, totalRange } from '../scoring.js';

interface Body {
  /** Prompt and completion, decoded with their special tokens. */
  readonly query: readonly string[];
  readonly prompts: readonly string[];
  readonly labels: readonly unknown[];
}

const texts = { type: 'array', items: { type: 'string' } };
const numbers = { type: 'array', items: { type: 'number' } };

/**
 * OpenRLHF's remote reward (`--reward.remote_url`). A failure there loses the sample's reward for good, so a reward that fails is
 * answered with the floor; `scores`, by which groups are filtered, is the total brought to [0, 1]. `extra_logs` has numbers only:
 * a component that does not apply is 0 in it.
 */
export const openrlhfFace: Face<Body> = {
  path: '/get_reward',
  summary: 'The remote reward of OpenRLHF',
  body: {
    type: 'object',
    required: ['query', 'prompts', 'labels'],
    properties: { query: texts, prompts: texts, labels: { type: 'array' } },
  },
  result: {
    type: 'object',
    required: ['rewards', 'extra_logs'],
    properties: { rewards: numbers, scores: numbers, extra_logs: { type: 'object', additionalProperties: numbers } },
  },
  read({ query, prompts, labels }) {
    if (prompts.length !== query.length || labels.length !== query.length)
      throw new Refusal('invalid', `query, prompts and labels must be of one length, got ${query.length}, ${prompts.length} and ${labels.length}`); // prettier-ignore
    return query.map((text, i): SentSample => {
      const prompt = prompts[i]!;
      const response = completionIn(text, prompt);
      if (response !== undefined) return { prompt, response, ground_truth: labels[i] };
      throw new Refusal('invalid', `query.${i} neither starts with its prompt nor has an assistant marker that is known`, { field: `query.${i}` }); // prettier-ignore
    });
  },
  reply(report, { set }) {
    const rewards = report.ids.map((_, row) => numberOf(set, report, row));
    const scores = rewards.map((reward, row) => {
      const range = totalRange(set, report.values[row]!);
      return range === undefined ? undefined : Math.min(Math.max((reward - range[0]) / (range[1] - range[0]), 0), 1);
    });
    const logs = report.names.map((name, column) => [name, report.values.map((row) => row[column] ?? 0)]);
    return JSON.stringify({
      rewards,
      ...(scores.includes(undefined) ? {} : { scores }),
      extra_logs: Object.fromEntries(logs) as object,
    });
  },
};
