import { z } from 'zod';
import { atLeastZero, fraction, positive, section } from './fields.js';

/**
 * What each token's entropy does to the loss. Log-probs of every token of the vocabulary are then looked at once more. Only models
 * of this process.
 */
export const entropy = section({
  /**
   * Bonus for undecided answers: the loss gets minus this coefficient times the mean entropy of the tokens. With `adaptive`, the
   * coefficient at the start. @defaultValue 0
   */
  coefficient: atLeastZero().default(0),
  /**
   * Steers the coefficient, as Skywork-OR1 (arXiv 2505.22312) and TRL's `use_adaptive_entropy`: after each update it is raised where
   * the entropy was at or below the target, else lowered, and the bonus only acts after the former. Off unless given.
   */
  adaptive: z
    .strictObject({
      /** Mean entropy to stay above, in nats per token, of the tokens that `share` keeps. */
      target: positive(),
      /** Change of the coefficient an update. @defaultValue 0.005 */
      step: positive().default(0.005),
      /** @defaultValue 0 */
      min: atLeastZero().default(0),
      /** @defaultValue 1 */
      max: atLeastZero().default(1),
    })
    .optional(),
  /**
   * Share of a step's tokens, those of highest entropy, that have a policy loss and the bonus; a KL acts on all. "Beyond the 80/20
   * rule" (arXiv 2506.01939) takes 0.2; TRL's `top_entropy_quantile`. Below 1 each update costs one more pass forward. @defaultValue 1
   */
  share: fraction().default(1),
});

interface Checked {
  readonly model: { readonly tinker?: unknown };
  readonly grpo: { readonly entropy: z.output<typeof entropy> };
}

/** Whether a run looks at entropies at all. */
export function usesEntropies({ coefficient, adaptive, share }: z.output<typeof entropy>): boolean {
  return coefficient > 0 || adaptive !== undefined || share < 1;
}

/** What entropies ask of each other and of the model. */
export function checkEntropy({ model, grpo: { entropy: options } }: Checked, context: z.RefinementCtx): void {
  const refuse = (path: string[], message: string) => context.addIssue({ code: 'custom', path, message });
  if (model.tinker !== undefined && usesEntropies(options)) {
    refuse(['grpo', 'entropy'], 'must be left out with model.tinker: the Tinker protocol gives no entropies');
  }
  const { min = 0, max = 0 } = options.adaptive ?? {};
  if (min > max) refuse(['grpo', 'entropy', 'adaptive', 'min'], `must be at most max, ${max}`);
}
