import { combineMetrics, grpoLoss, type AdaptiveEntropy } from '@q-insight/core';
import ndarray from 'ndarray';
import { usesEntropies } from '../config/entropy.js';
import type { Settings } from '../config/schema.js';
import type { LossResult, Matrix, NamedLoss, OptimizerOptions, Policy } from '../policies/policy.js';
import type { StepMetrics } from '../tracking/events.js';
import { meanOfEach } from '../tracking/step-metrics.js';
import { checkLogps } from './check-logps.js';
import { entropyTerms, nextEntropy } from './entropy-control.js';
import type { LossOptions } from './loss-options.js';
import { samplerDifference, type MicroBatch } from './micro-batch.js';

/** What {@link updatePolicy} works with. */
export interface UpdateOptions {
  readonly step: number;
  readonly grpo: Settings['grpo'];
  readonly maths: LossOptions;
  readonly optimizer: OptimizerOptions;
  /** As the last update left it. */
  readonly entropy: AdaptiveEntropy;
}

/** What a step's updates did. */
export interface Updated {
  /** Means over the updates. */
  readonly metrics: StepMetrics;
  readonly entropy: AdaptiveEntropy;
}

/** Log-probs that stay the same over a step's updates. */
interface FixedLogps {
  /** Undefined: those of the first update's own pass. */
  oldLogps: Matrix | undefined;
  readonly refLogps: Matrix | undefined;
}

/** Updates the policy on a step's completions, `innerEpochs` times, and returns what the loss says of it. */
export async function updatePolicy(
  policy: Policy,
  batches: readonly MicroBatch[],
  { step, grpo, maths, optimizer, entropy: before }: UpdateOptions,
): Promise<Updated> {
  const { innerEpochs, temperature } = grpo;
  const { native } = maths;
  const fixed: FixedLogps[] = [];
  for (const { sequences, mask, samplerLogps } of batches) {
    checkLogps(samplerLogps, mask, step);
    // A loss that is computed elsewhere wants them beforehand: with one update the sampler's, which are the same weights'.
    const oldLogps = native && (innerEpochs > 1 ? await policy.logprobs(sequences, { temperature }) : samplerLogps);
    const reference = { weights: 'reference', temperature } as const;
    const refLogps = maths.beta > 0 ? await policy.logprobs(sequences, reference) : undefined;
    fixed.push({ oldLogps, refLogps });
  }

  const sequenceCount = batches.reduce((sum, { sequences }) => sum + sequences.length, 0);
  let entropy = before;
  const epochs: StepMetrics[] = [];
  for (let epoch = 0; epoch < innerEpochs; epoch++) {
    const terms = usesEntropies(grpo.entropy) ? await entropyTerms(policy, batches, entropy, grpo) : undefined;
    const parts: StepMetrics[] = [];
    for (const [i, batch] of batches.entries()) {
      const { mask, advantages, weights, policyWeights, samplerLogps, sequences } = batch;
      const lossOf = (logps: Matrix, entropies?: Matrix): LossResult => {
        checkLogps(logps, mask, step);
        if (innerEpochs > 1) fixed[i]!.oldLogps ??= logps; // with one update the ratio is 1 without
        const { metrics, ...loss } = grpoLoss(
          { logps, entropies, mask, advantages, weights, policyWeights, samplerLogps, ...fixed[i] },
          { ...maths.loss, ...(terms && { entropy: terms.loss }) },
        );
        return { ...loss, metrics: epoch === 0 ? { ...metrics, ...samplerDifference(logps, batch) } : metrics };
      };
      const result = native
        ? lossOf(await nativePass(policy, batch, native, fixed[i]!.oldLogps!, sequenceCount))
        : await policy.forwardBackward(sequences, lossOf, { temperature, entropies: terms !== undefined });
      parts.push(result.metrics);
    }
    const { gradientNorm } = await policy.optimizerStep(optimizer);
    const metrics = combineMetrics(parts);
    epochs.push({ ...metrics, ...terms?.metrics, grad_norm: gradientNorm });
    if (terms) entropy = nextEntropy(entropy, terms.metrics['entropy_kept'] ?? metrics['entropy']!, grpo.entropy);
  }
  return { metrics: meanOfEach(epochs), entropy };
}

/** The log-probs of a pass whose loss is computed where the model is. */
function nativePass(
  policy: Policy,
  { sequences, advantages, weights, policyWeights = weights }: MicroBatch,
  loss: NamedLoss,
  oldLogps: Matrix,
  sequenceCount: number,
): Promise<Matrix> {
  if (!policy.forwardBackwardNative) throw new Error(`${loss.name}: this policy has no losses of its own`);
  const [, columns = 0] = weights.shape;
  const weighed = policyWeights.data.map((weight, k) => weight * advantages[Math.floor(k / columns)]!);
  const inputs = { oldLogps, advantages: ndarray(weighed, weights.shape), sequences: sequenceCount };
  return policy.forwardBackwardNative(sequences, loss, inputs);
}
