import { rewardFrom, type Reward } from '../reward.js';

/** Options of {@link toolUseReward}. */
export interface ToolUseRewardOptions {
  /**
   * Calls that cost nothing.
   * @defaultValue 3
   */
  readonly free?: number;
  /**
   * Cost of each further call.
   * @defaultValue 0.1
   */
  readonly cost?: number;
  /**
   * Cost of each call that repeats an earlier one word for word.
   * @defaultValue 0.2
   */
  readonly repeatCost?: number;
}

/**
 * A penalty for needless tool calls: `-min(1, cost · max(0, calls - free) + repeatCost · repeats)`, calls being
 * `<tool_call>…</tool_call>` blocks, and repeats those whose text was there before.
 *
 * Source: the tool-count and redundancy terms that IQA-T1 (arXiv 2607.12375) adds to GRPO; their exact form is not public, this
 * one and its constants are this package's. Range: -1 to 0. Never `null`, never throws, linear in the text.
 *
 * @example
 * ```ts
 * toolUseReward().score(sample); // -0.2 for one repeated call among three
 * ```
 */
export function toolUseReward(options: ToolUseRewardOptions = {}): Reward {
  const { free = 3, cost = 0.1, repeatCost = 0.2 } = options;
  return rewardFrom('toolUse', [-1, 0], (sample) => {
    const calls = toolCalls(sample.completion);
    const repeats = calls.length - new Set(calls).size;
    const total = cost * Math.max(0, calls.length - free) + repeatCost * repeats;
    const reason = `${calls.length} tool calls (${free} are free), ${repeats} of them repeated`;
    return { value: total === 0 ? 0 : -Math.min(1, total), reason };
  });
}

function toolCalls(text: string): string[] {
  const calls: string[] = [];
  let open = text.indexOf('<tool_call>');
  while (open >= 0) {
    const close = text.indexOf('</tool_call>', open);
    if (close < 0) break;
    calls.push(text.slice(open + '<tool_call>'.length, close).trim());
    open = text.indexOf('<tool_call>', close);
  }
  return calls;
}
