import type { Settings } from '../config/schema.js';
import type { Figures } from '../tracking/evaluation-file.js';

/** The best evaluation of a run so far. */
export interface Best {
  /** Step after which the model was evaluated. */
  readonly step: number;
  /** The figure that decides. */
  readonly value: number;
}

/**
 * The better of the best so far and a new evaluation; the earlier one when they are equal. Ratings that are all equal, or that cannot
 * be read, have no correlation and are no better than any.
 *
 * @throws Error when the held-out prompts can never give the figure
 */
export function betterOf(
  best: Best | undefined,
  step: number,
  figures: Figures,
  { metric }: Settings['evaluate'],
): Best | undefined {
  const value = figures[metric];
  if (value === null) {
    if ((metric === 'srcc' || metric === 'plcc') && figures.readableRatings !== null) return best;
    throw new Error(`evaluate.metric: the held-out prompts give no ${metric}; choose another figure`);
  }
  return best === undefined || value > best.value ? { step, value } : best;
}

/** Whether so many evaluations in a row were no better that training is to end. */
export function isPatienceOver(
  best: Best | undefined,
  step: number,
  { every, patience }: Settings['evaluate'],
): boolean {
  if (best === undefined || every === undefined || patience === undefined) return false;
  return step - best.step >= patience * every;
}
