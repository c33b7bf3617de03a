import { rewardFrom, type Reward } from '../reward.js';

/** Options of {@link languageReward}. */
export interface LanguageRewardOptions {
  /**
   * Unicode scripts that are wanted, such as 'Latin', 'Han', 'Cyrillic'.
   * @defaultValue ['Latin']
   */
  readonly scripts?: readonly string[];
}

/**
 * The share of a completion's letters that belong to the wanted scripts: keeps reasoning from mixing languages. It tells scripts
 * apart, not languages of one script. A text without letters earns 1.
 *
 * Source: the language consistency reward of DeepSeek-R1 (arXiv 2501.12948), which counts words of the target language; this
 * counts letters. Range: 0 to 1. Never `null`; throws a SyntaxError on a script that Unicode does not know.
 *
 * @example
 * ```ts
 * languageReward().score({ ...sample, completion: 'blur 模糊' }); // 4 of 6 letters: 0.667
 * ```
 */
export function languageReward(options: LanguageRewardOptions = {}): Reward {
  const { scripts = ['Latin'] } = options;
  const wanted = new RegExp(`^[${scripts.map((script) => `\\p{Script=${script}}`).join('')}]$`, 'u');
  return rewardFrom('language', [0, 1], ({ completion }) => {
    let letters = 0;
    let right = 0;
    for (const [letter] of completion.matchAll(/\p{L}/gu)) {
      letters += 1;
      if (wanted.test(letter)) right += 1;
    }
    return {
      value: letters === 0 ? 1 : right / letters,
      reason: `${right} of ${letters} letters are ${scripts.join(' or ')}`,
    };
  });
}
