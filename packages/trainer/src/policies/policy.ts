import type { NdArray } from 'ndarray';
import type { Prompt } from '../data/prompt.js';

/** [B, T] numbers, one row a sequence, one column a completion token. */
export type Matrix = NdArray<Float32Array | Float64Array>;

/** How completions are drawn. */
export interface SamplingOptions {
  /** Completions per prompt (GRPO's G). */
  readonly groupSize: number;
  readonly maxTokens: number;
  /** 0 is greedy. */
  readonly temperature: number;
  /** Keep the smallest set of tokens with at least this probability. @defaultValue 1 (all) */
  readonly topP?: number;
  /** Keep the k likeliest tokens. @defaultValue 0 (all) */
  readonly topK?: number;
  /** The same seed, weights and prompts give the same completions, however prompts are batched. */
  readonly seed: string;
  /** Weights to sample from, as {@link Policy.publish} numbered them. @defaultValue the present ones */
  readonly version?: number | undefined;
  /** Told of each group as soon as it is there, where that is before the last one. */
  readonly onGroup?: (prompt: number, group: readonly Completion[]) => void;
  /** Breaks sampling off, where it can be: it then rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

/** One answer of the model. */
export interface Completion {
  /** Token ids, the end token included when the model produced one. */
  readonly tokens: readonly number[];
  /** Decoded text without special tokens. */
  readonly text: string;
  /** Log-probability of each token under the distribution it was drawn from (temperature applied). */
  readonly samplerLogps: readonly number[];
  readonly finishReason: 'stop' | 'length';
}

/** A prompt with the completion tokens whose log-probabilities are wanted. */
export interface Sequence {
  readonly prompt: Prompt;
  readonly completion: readonly number[];
}

/** What a loss gives back: its value, dLoss/dlogps, and figures to log. */
export interface LossResult {
  readonly loss: number;
  /** [B, T] as the log-probs it was computed from. */
  readonly gradient: Matrix;
  /** [B, T] dLoss/dentropies, where the loss has a term of them. */
  readonly entropyGradient?: Matrix | undefined;
  readonly metrics: Readonly<Record<string, number>>;
}

/** Which weights and temperature log-probs are taken at. */
export interface LogprobOptions {
  /**
   * 'reference' is the model before training (adapter off, or a frozen copy), or what {@link Policy.syncReference} made of it.
   *
   * @defaultValue 'policy'
   */
  readonly weights?: 'policy' | 'reference';
  /** Logits are divided by it, as when sampling. @defaultValue 1 */
  readonly temperature?: number;
}

/** How a pass that is trained on is made. */
export interface ForwardOptions extends Pick<LogprobOptions, 'temperature'> {
  /** Give the loss what {@link Policy.entropies} gives, too. @defaultValue false */
  readonly entropies?: boolean;
}

/** A loss by the name it has where the model is, with its settings. */
export interface NamedLoss {
  readonly name: string;
  readonly config?: Readonly<Record<string, number>>;
}

/** What a loss that is computed where the model is needs of each completion. */
export interface NativeInputs {
  /** [B, T] log-probs that ratios are taken to. */
  readonly oldLogps: Matrix;
  /** [B, T] advantages, already weighed: what each token gives is added up. */
  readonly advantages: Matrix;
  /** Sequences of all passes until the optimizer's step, which means are taken over where they are. */
  readonly sequences: number;
}

/** What may change from one optimizer step to the next. */
export interface OptimizerOptions {
  readonly learningRate: number;
  /** Gradients are scaled down to this global L2 norm. Infinity turns clipping off. */
  readonly maxGradientNorm: number;
}

/**
 * The three things a model must do to be trained: sample, give log-probs of given tokens, and push a given
 * dLoss/dlogps back into its gradients. Everything else of GRPO lives outside the model.
 */
export interface Policy {
  /**
   * Hands the present weights over to where completions are drawn, of a policy that is sampled elsewhere than it is trained. It
   * can then be trained on while completions of these weights are still drawn.
   *
   * @param example - gives a prompt to try them on
   * @returns the version to ask {@link sample} for
   */
  publish?(example: () => Promise<Prompt>): Promise<number>;
  /** @returns one group of `groupSize` completions per prompt, in the order of the prompts. */
  sample(prompts: readonly Prompt[], options: SamplingOptions): Promise<Completion[][]>;
  /** @returns [B, T] with T the longest completion; 0 past a completion's end. */
  logprobs(sequences: readonly Sequence[], options?: LogprobOptions): Promise<Matrix>;
  /**
   * The entropy of each token's distribution, in nats. A policy without it cannot give entropies to a loss, either.
   *
   * @returns [B, T] as {@link logprobs}
   */
  entropies?(sequences: readonly Sequence[], options?: Pick<LogprobOptions, 'temperature'>): Promise<Matrix>;
  /** Adds dLoss/dweights to the stored gradients. Call it once per micro-batch: losses are sums, never means of means. */
  forwardBackward(
    sequences: readonly Sequence[],
    loss: (logps: Matrix, entropies?: Matrix) => LossResult,
    options?: ForwardOptions,
  ): Promise<LossResult>;
  /**
   * As `forwardBackward` with a loss that is computed where the model is, where there are such: one pass instead of two. All passes
   * until the optimizer's step are of the same kind.
   *
   * @returns [B, T] the log-probs of the pass
   */
  forwardBackwardNative?(sequences: readonly Sequence[], loss: NamedLoss, inputs: NativeInputs): Promise<Matrix>;
  /** One optimizer update from the stored gradients, which are then cleared. The norm is that before clipping. */
  optimizerStep(options: OptimizerOptions): Promise<{ gradientNorm: number }>;
  /** Moves the reference towards the policy: reference ← alpha · policy + (1 − alpha) · reference. */
  syncReference?(alpha: number): Promise<void>;
  /**
   * Writes a Hugging Face folder (or a PEFT adapter folder).
   *
   * @param content - 'resumable' puts the optimizer's state beside the weights. Default: 'resumable'
   */
  save(folder: string, content?: 'resumable' | 'weights'): Promise<void>;
  /** Restores what `save` wrote, and the optimizer's state if it is there. */
  load(folder: string): Promise<void>;
  /** What the model's tensors take, where the policy knows it. */
  memory?(): { readonly tensors: number; readonly bytes: number };
  /** Frees the model's memory. */
  dispose(): void;
}
