import { rewardFrom, type Reward } from '../reward.js';

/**
 * Whether the completion opens with one `<think>` block: it starts with `<think>`, has a `</think>` after it and no second
 * `<think>`; what follows is free.
 *
 * Source: `think_format_reward` of TRL 1.16 (`^<think>(?!.*<think>)(.*?)</think>.*$`, DOTALL). Range: 0 or 1. Never throws.
 *
 * @example
 * ```ts
 * thinkFormatReward().explain?.({ ...sample, completion: '<think>a' }); // 'no </think> was found'
 * ```
 */
export function thinkFormatReward(): Reward {
  return rewardFrom('thinkFormat', [0, 1], (sample) => {
    const problem = problemOf(sample.completion);
    return problem === null ? { value: 1, reason: 'the layout is as asked' } : { value: 0, reason: problem };
  });
}

function problemOf(text: string): string | null {
  if (!text.startsWith('<think>')) return 'the text does not start with <think>';
  if (text.includes('<think>', 1)) return '<think> is there more than once';
  return text.includes('</think>') ? null : 'no </think> was found';
}
