import type { NdArray } from 'ndarray';

/** [B, T] numbers: one row a completion, one column a token. Any stride or offset is fine. */
export type Matrix = NdArray<Float32Array> | NdArray<Float64Array> | NdArray<Float32Array | Float64Array>;

/** [B, T] of 0 and 1: 1 marks a token that counts. Anything under a 0 is never read, so it may be NaN. */
export type MaskMatrix = Matrix | NdArray<Uint8Array> | NdArray<Int32Array>;

/** A group's name. Completions of one prompt share it; their order does not matter. */
export type GroupId = string | number;

/** A batch of completions, as {@link grpoLoss} reads it. All matrices are [B, T] of one shape. */
export interface GrpoBatch {
  /** Log-probabilities of the tokens under the policy being trained. The gradient is with respect to these. */
  readonly logps: Matrix;
  /** Which tokens count: the completion's own, not padding, not a tool's output. */
  readonly mask: MaskMatrix;
  /** One advantage a completion ([B]), or one a token ([B, T]). */
  readonly advantages: ArrayLike<number> | Matrix;
  /** Log-probabilities under the policy at the start of this update. Absent = on-policy: the ratio is 1, with its gradient. */
  readonly oldLogps?: Matrix | undefined;
  /** Log-probabilities under the reference policy. Needed when the KL coefficient is above 0. */
  readonly refLogps?: Matrix | undefined;
  /** Log-probabilities as the sampler reported them when it drew the tokens; NaN = not reported. For `corrections`. */
  readonly samplerLogps?: Matrix | undefined;
  /** Entropy of the policy's distribution at each token; only logged unless an option uses it. */
  readonly entropies?: Matrix | undefined;
  /** [B] group of each completion; only options that compare completions of a group need it. */
  readonly groups?: ArrayLike<GroupId> | undefined;
  /**
   * [B, T] weight of each token in the loss, cut from {@link aggregationWeights} of the whole batch. Give it when this is
   * a micro-batch: losses and gradients of micro-batches then sum to those of the whole. Absent = from mask and options.
   */
  readonly weights?: Matrix | undefined;
  /** [B, T] weights of the policy loss where they are not those of the KL, as from {@link filterZeroVariance}. Absent = `weights`. */
  readonly policyWeights?: Matrix | undefined;
}

/** What {@link grpoLoss} returns. */
export interface GrpoResult {
  /** The loss, to be minimised. */
  readonly loss: number;
  /** [B, T] dLoss/dlogps; 0 where the mask is 0. */
  readonly gradient: NdArray<Float64Array>;
  /** [B, T] dLoss/dentropies; only with an entropy bonus. */
  readonly entropyGradient?: NdArray<Float64Array>;
  /** Figures to log, by name. `combineMetrics` joins those of micro-batches. */
  readonly metrics: Record<string, number>;
}
