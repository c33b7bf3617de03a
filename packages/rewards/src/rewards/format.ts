import { readLayout } from '../answer/layout.js';
import { upstreamFormatProblem } from '../answer/upstream-format.js';
import { rewardFrom, type Judgement, type Reward } from '../reward.js';
import type { Sample } from '../sample.js';

/**
 * How the answers are read. 'default': as a careful reader would, described at each reward. 'upstream': exactly as the
 * released code of Q-Insight does (bytedance/Q-Insight at 08308fd), its quirks included.
 */
export type Style = 'default' | 'upstream';

/** Options of {@link formatReward}. */
export interface FormatRewardOptions {
  /**
   * 'default' takes the layout that Q-Insight's system prompt shows; 'upstream' takes what its released expression takes.
   * @defaultValue 'default'
   */
  readonly style?: Style;
}

/**
 * Whether the completion has the asked-for layout: 1 or 0.
 *
 * Default style: `<think>…</think><answer>…</answer>`, each tag exactly once, white space alone before, between and after
 * the two parts; the answer is a JSON object, or, for a comparison, any text. Style 'upstream': the released expression, which
 * also wants line breaks around every part and no braces inside the object; it rejects `<think> … </think><answer> … </answer>`
 * on one line, the very layout that Q-Insight's prompt shows.
 *
 * Source: r_fmt of Q-Insight, arXiv 2503.22679, section 3.2. Range: 0 or 1. Never `null`, never throws, linear in the text.
 *
 * @example
 * ```ts
 * const label = { task: 'score', score: 3.4 } as const;
 * formatReward().score({ id: '1', group: 'a', completion: '<think>ok</think><answer>{"rating": 3.5}</answer>', label }); // 1
 * ```
 */
export function formatReward(options: FormatRewardOptions = {}): Reward {
  const judge = options.style === 'upstream' ? judgeUpstream : judgeLayout;
  return rewardFrom('format', [0, 1], judge);
}

const RIGHT: Judgement = { value: 1, reason: 'the layout is as asked' };

function judgeLayout(sample: Sample): Judgement {
  const layout = readLayout(sample.completion, bodyOf(sample));
  return 'value' in layout ? RIGHT : { value: 0, ...layout };
}

function judgeUpstream(sample: Sample): Judgement {
  const problem = upstreamFormatProblem(sample.completion, bodyOf(sample));
  return problem === null ? RIGHT : { value: 0, reason: problem };
}

function bodyOf(sample: Sample): 'json' | 'text' {
  return sample.label.task === 'comparison' ? 'text' : 'json';
}
