import type { LossResult, Matrix, NamedLoss, NativeInputs, OptimizerOptions, Sequence } from '../policy.js';
import type { PolicyOptimizerOptions } from '../tfjs/policy.js';
import { completionLogprobs, datumOf, toMatrix, type PromptWriter } from './datums.js';
import type { Datum } from './protocol/messages.js';
import type { RemoteModel } from './remote-model.js';
import { gradientNormIn, type Reduction } from './server-checks.js';

/** The passes of a model between two steps of its optimizer. */
export interface Passes {
  /** Log-probs of the completions' tokens, one row each. */
  logprobs(sequences: readonly Sequence[]): Promise<number[][]>;
  /** A loss that is computed here. */
  own(sequences: readonly Sequence[], loss: (logps: Matrix) => LossResult): Promise<LossResult>;
  /** A loss of the server's. @returns the log-probs of the pass */
  native(sequences: readonly Sequence[], loss: NamedLoss, inputs: NativeInputs): Promise<Matrix>;
  step(options: OptimizerOptions): Promise<{ gradientNorm: number }>;
}

/** Starts with no gradients. Passes of an own loss wait for the step: only then is it known what a mean goes over. */
export function openPasses(
  model: RemoteModel,
  write: PromptWriter,
  reduction: Reduction,
  optimizer: Omit<PolicyOptimizerOptions, 'decayed'>,
): Passes {
  let pending: Datum[][] = [];

  const written = (sequences: readonly Sequence[], rows: (i: number) => Record<string, number[]>): Promise<Datum[]> =>
    Promise.all(sequences.map(async ({ prompt, completion }, i) => datumOf(await write(prompt), completion, rows(i))));

  async function logprobs(sequences: readonly Sequence[]): Promise<number[][]> {
    const data = await written(sequences, (i) => ({ weights: sequences[i]!.completion.map(() => 1) }));
    return completionLogprobs(await model.pass(data, { name: 'cross_entropy' }, 'forward'), sequences);
  }

  /** What adds up on the server, whether it adds or takes means over so many sequences. */
  const reduced = (data: readonly Datum[], sequences: number): readonly Datum[] =>
    reduction === 'sum' ? data : data.map((one) => timesPositions(one, sequences));

  return {
    logprobs,
    own: async (sequences, loss) => {
      const now = await logprobs(sequences);
      const logps = toMatrix(now);
      const result = loss(logps);
      checkGradient(result, logps);
      // at ratio 1 the gradient of importance sampling is that of its advantages
      const data = await written(sequences, (i) => ({
        logprobs: now[i]!,
        advantages: now[i]!.map((_, t) => -result.gradient.get(i, t)),
      }));
      pending.push(data);
      return result;
    },
    native: async (sequences, loss, inputs) => {
      const data = await written(sequences, (i) => ({
        logprobs: sequences[i]!.completion.map((_, t) => inputs.oldLogps.get(i, t)),
        advantages: sequences[i]!.completion.map((_, t) => inputs.advantages.get(i, t)),
      }));
      const output = await model.pass(reduced(data, inputs.sequences), loss, 'both');
      return toMatrix(completionLogprobs(output, sequences));
    },
    step: async ({ learningRate, maxGradientNorm }) => {
      const passes = pending;
      pending = [];
      const count = passes.flat().length;
      for (const data of passes) await model.pass(reduced(data, count), { name: 'importance_sampling' }, 'both');
      const metrics = await model.step({
        learning_rate: learningRate,
        beta1: optimizer.beta1 ?? 0.9,
        beta2: optimizer.beta2 ?? 0.999,
        eps: optimizer.epsilon ?? 1e-8,
        weight_decay: optimizer.weightDecay ?? 0,
        grad_clip_norm: maxGradientNorm === Infinity ? 0 : maxGradientNorm,
      });
      return { gradientNorm: gradientNormIn(metrics) ?? NaN };
    },
  };
}

/** Makes a mean over positions and sequences a sum. */
function timesPositions(datum: Datum, sequences: number): Datum {
  const { advantages, ...rest } = datum.loss_fn_inputs;
  const factor = advantages!.data.length * sequences;
  const data = advantages!.data.map((value) => value * factor);
  return { ...datum, loss_fn_inputs: { ...rest, advantages: { ...advantages!, data } } };
}

function checkGradient({ gradient }: LossResult, logps: Matrix): void {
  if (gradient.shape.join() === logps.shape.join()) return;
  throw new Error(
    `forwardBackward: the loss's gradient must have the log-probs' shape [${logps.shape.join(', ')}], ` +
      `got [${gradient.shape.join(', ')}]`,
  );
}
