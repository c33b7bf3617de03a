import { afterSpace } from '../answer/white-space.js';
import { rewardFrom, type Reward } from '../reward.js';

/**
 * Whether the completion is `<think>…</think><answer>…</answer>` from its first character to its last, with white space alone
 * between the two parts and anything inside them.
 *
 * Source: the format reward of VisualQuality-R1 (arXiv 2505.14460), Aes-R1 and ms-swift 4.6: Python's
 * `<think>.*?</think>\s*<answer>.*?</answer>` over the whole text, DOTALL. Range: 0 or 1. Never `null`, never throws, linear.
 *
 * @example
 * ```ts
 * thinkAnswerFormatReward().score({ ...sample, completion: '<think>a</think> <answer>b</answer>' }); // 1
 * ```
 */
export function thinkAnswerFormatReward(): Reward {
  return rewardFrom('thinkAnswerFormat', [0, 1], (sample) => {
    const problem = problemOf(sample.completion);
    return problem === null ? { value: 1, reason: 'the layout is as asked' } : { value: 0, reason: problem };
  });
}

function problemOf(text: string): string | null {
  if (!text.startsWith('<think>')) return 'the text does not start with <think>';
  if (!text.endsWith('</answer>')) return 'the text does not end with </answer>';
  for (let close = text.indexOf('</think>'); close >= 0; close = text.indexOf('</think>', close + 1)) {
    const open = afterSpace(text, close + '</think>'.length);
    if (text.startsWith('<answer>', open)) return null; // before the last </answer>, as the two cannot overlap
  }
  return 'no <answer> follows </think>';
}
