import { rewardFrom, type Reward } from '../reward.js';

/** Options of {@link tagCountReward}. */
export interface TagCountRewardOptions {
  /**
   * What must be there exactly once, each for an equal share. open-r1 counts the tags with their line breaks:
   * `['<think>\n', '\n</think>\n', '\n<answer>\n', '\n</answer>']`.
   * @defaultValue ['<think>', '</think>', '<answer>', '</answer>']
   */
  readonly tags?: readonly string[];
}

/**
 * The share of the tags that are there exactly once: a format reward with partial credit.
 *
 * Source: `tag_count_reward` of open-r1. Range: 0 to 1. Never `null`; throws a RangeError when there are no tags, or an empty one.
 *
 * @example
 * ```ts
 * tagCountReward().score({ ...sample, completion: '<think>a</think><answer>' }); // 0.75
 * ```
 */
export function tagCountReward(options: TagCountRewardOptions = {}): Reward {
  const { tags = ['<think>', '</think>', '<answer>', '</answer>'] } = options;
  if (tags.length === 0 || tags.includes(''))
    throw new RangeError('tagCountReward: tags must be some texts that are not empty');
  return rewardFrom('tagCount', [0, 1], ({ completion }) => {
    const wrong = tags.filter((tag) => !isThereOnce(completion, tag));
    const reason =
      wrong.length === 0
        ? 'every tag is there once'
        : `not there exactly once: ${wrong.map((tag) => JSON.stringify(tag)).join(', ')}`;
    return { value: (tags.length - wrong.length) / tags.length, reason };
  });
}

function isThereOnce(text: string, tag: string): boolean {
  const first = text.indexOf(tag);
  return first >= 0 && !text.includes(tag, first + 1);
}
