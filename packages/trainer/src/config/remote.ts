import { z } from 'zod';
import { lossOptions } from '../training/loss-options.js';
import { positive } from './fields.js';
import type { GrpoSettings } from './grpo.js';

/** A server that trains the model in place of this process, by the Tinker protocol. Its key is in TINKER_API_KEY. */
export const remoteTraining = z.strictObject({
  /** Where it is, without `/api/v1`. */
  url: z.url({ protocol: /^https?$/ }),
  /** The model by the name the server knows it by. @defaultValue the only one there is */
  baseModel: z.string().min(1).optional(),
  /** How the server makes one loss of many tokens. @defaultValue 'detect' */
  reduction: z.enum(['detect', 'sum', 'mean']).default('detect'),
  /**
   * 'surrogate': the recipe's loss, computed here, in two passes. The others are the server's own, in one pass: they take the place of
   * the recipe's policy loss, with its `grpo.clipLow` and `grpo.clipHigh` as bounds of the ratio. With one inner epoch the ratio is to
   * the sampler's log-probs. @defaultValue 'surrogate'
   */
  loss: z.enum(['surrogate', 'importance_sampling', 'ppo', 'gspo', 'cispo']).default('surrogate'),
  /** How passes are sent; servers of before August 2026 may take JSON alone. @defaultValue 'protobuf' */
  encoding: z.enum(['protobuf', 'json']).default('protobuf'),
  /** How long to wait when the server cannot be reached. @defaultValue 10 */
  outageMinutes: positive().default(10),
  /**
   * How often the run goes on from its last checkpoint by itself when the server has lost the model, as one that was started again
   * has: so often in a row, without a newer checkpoint between. 0 ends the run. @defaultValue 3
   */
  recoveries: z.int().min(0).default(3),
});

/** Which loss is computed where. */
export type RemoteLoss = z.output<typeof remoteTraining>['loss'];

interface Checked {
  readonly model: { readonly tinker?: z.output<typeof remoteTraining> | undefined };
  readonly grpo: GrpoSettings;
}

/** Refuses a loss of the server's for a recipe that asks for more than it holds. */
export function checkRemoteLoss({ model: { tinker }, grpo }: Checked, context: z.RefinementCtx): void {
  if (tinker === undefined || tinker.loss === 'surrogate') return;
  const { beta, loss } = lossOptions(grpo);
  const isBounded = tinker.loss !== 'importance_sampling';
  const beyond = [
    ...(beta > 0 ? [`grpo.beta ${beta}`] : []),
    ...(loss.corrections!.length > 0 ? [`grpo.correction.kind ${grpo.correction.kind}`] : []),
    ...('dualClip' in loss.policy! ? [`second clip, as grpo.preset ${grpo.preset}`] : []),
    ...(!isBounded && grpo.clipLow !== undefined ? [`grpo.clipLow ${grpo.clipLow}`] : []),
    ...(!isBounded && grpo.clipHigh !== undefined ? [`grpo.clipHigh ${grpo.clipHigh}`] : []),
  ];
  if (beyond.length === 0) return;
  const message = `the server's ${tinker.loss} has no ${beyond.join(', no ')}; take surrogate, which is computed here`;
  context.addIssue({ code: 'custom', path: ['model', 'tinker', 'loss'], message });
}
