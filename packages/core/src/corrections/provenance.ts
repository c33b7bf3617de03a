import { checkPositive, fail } from '../checks.js';

/** How log-probabilities were made. Two sets can be compared only when all of it agrees. */
export interface LogprobProvenance {
  /** Logits were divided by it. */
  readonly temperature: number;
  /** Nucleus of the distribution the log-probabilities are of; 1 = all of it. */
  readonly topP?: number | undefined;
  /** Tokens of the distribution the log-probabilities are of; 0 = all. */
  readonly topK?: number | undefined;
  /** Whether they were renormalised over the kept tokens. @defaultValue false */
  readonly renormalised?: boolean | undefined;
}

/**
 * Refuses to compare log-probabilities that were made in different ways: a temperature on one side only, or a top-p or top-k
 * renormalisation, biases every ratio by a constant that no correction can tell from a change of policy.
 *
 * @param trained - how the trained policy's log-probabilities were made.
 * @param sampler - how the sampler's were.
 * @throws RangeError naming the property that differs, or for a temperature not above 0.
 * @example
 * ```ts
 * checkProvenance({ temperature: 0.9 }, { temperature: 0.9, topP: 1 }); // passes
 * ```
 */
export function checkProvenance(trained: LogprobProvenance, sampler: LogprobProvenance): void {
  const where = 'checkProvenance';
  checkPositive(where, 'trained.temperature', trained.temperature);
  if (trained.temperature !== sampler.temperature) {
    fail(where, 'sampler.temperature', `be the policy's ${trained.temperature}`, sampler.temperature);
  }
  const [kept, renormalised] = [
    isTruncated(sampler) && sampler.renormalised,
    isTruncated(trained) && trained.renormalised,
  ];
  if (Boolean(kept) !== Boolean(renormalised)) {
    fail(where, 'sampler.renormalised', `be the policy's ${Boolean(renormalised)}`, Boolean(kept));
  }
  if (!kept) return;
  if ((trained.topP ?? 1) !== (sampler.topP ?? 1))
    fail(where, 'sampler.topP', `be the policy's ${trained.topP ?? 1}`, sampler.topP);
  if ((trained.topK ?? 0) !== (sampler.topK ?? 0))
    fail(where, 'sampler.topK', `be the policy's ${trained.topK ?? 0}`, sampler.topK);
}

const isTruncated = ({ topP = 1, topK = 0 }: LogprobProvenance) => topP < 1 || topK > 0;
