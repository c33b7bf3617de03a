import { rewardPresets, type RewardPresetName } from '@q-insight/rewards';
import { z } from 'zod';
import { dataSource } from './data-source.js';
import { checkEntropy } from './entropy.js';
import { atLeastZero, count, decay, positive, section } from './fields.js';
import { grpo } from './grpo.js';
import { nearest } from './nearest.js';
import { checkRemoteLoss, remoteTraining } from './remote.js';
import { checkSampler, sampler } from './sampler.js';
import { trackerList } from './trackers.js';
import { lossOptions } from '../training/loss-options.js';

/** The model section alone. */
export const modelSchema = z.strictObject({
  /** Folder in Hugging Face layout (config.json, safetensors, tokenizer.json); relative to the working directory. */
  checkpoint: z.string().min(1),
  /** 'lora' trains a small adapter beside the weights, 'full' the weights themselves. @defaultValue 'lora' */
  train: z.enum(['full', 'lora']).default('lora'),
  /**
   * 'bf16' keeps matrices that are not trained in bfloat16, at half the memory. They are multiplied as float32, so that nothing
   * changes for a checkpoint that is stored so. Native backend only. @defaultValue 'fp32'
   */
  precision: z.enum(['fp32', 'bf16']).default('fp32'),
  /**
   * 'bf16' multiplies the matrices that are kept in bfloat16 in that type, too: what they are multiplied by is rounded, sums are in
   * float32. A step takes half the time on a CPU with AMX. Needs `precision: bf16`. @defaultValue 'fp32'
   */
  matmulPrecision: z.enum(['fp32', 'bf16']).default('fp32'),
  /** Keep the vision tower as it is and train the decoder alone. @defaultValue true */
  freezeVision: z.boolean().default(true),
  /** A longer prompt, image tokens included, is refused; nothing is ever cut. @defaultValue no limit */
  maxPromptTokens: count().optional(),
  /** A larger image is scaled down to this area, in pixels; 784 make a token in Qwen2.5-VL. @defaultValue the checkpoint's */
  maxPixels: count().optional(),
  /** A smaller image is scaled up to this area, in pixels. @defaultValue the checkpoint's */
  minPixels: count().optional(),
  /** Used when `train` is 'lora'. */
  lora: section({
    /** Rank of the update. @defaultValue 16 */
    rank: count().default(16),
    /** The update is scaled by alpha / rank. @defaultValue 32 */
    alpha: positive().default(32),
    /** Linear layers that get an adapter, by the name PEFT knows them by. @defaultValue all of attention and MLP */
    targets: z
      .array(z.string().min(1))
      .min(1)
      .default(['q_proj', 'k_proj', 'v_proj', 'o_proj', 'gate_proj', 'up_proj', 'down_proj']),
  }),
  /** Train on a server instead: SkyRL, hosted Tinker, TuFT, or `q-insight serve-model`. @defaultValue none */
  tinker: remoteTraining.optional(),
});

const rewards = section({
  /** Whose rewards: Q-Insight's, or those of another published system with their constants. @defaultValue 'q-insight' */
  preset: z.enum(Object.keys(rewardPresets) as RewardPresetName[]).default('q-insight'),
  /**
   * Weight of each reward in the sum, by name; 0 leaves a reward out. Q-Insight's are `format`, `score`, `degradation` and
   * `comparison`. @defaultValue the preset's: 1 each for Q-Insight
   */
  weights: z.record(z.string(), atLeastZero()).default({}),
  /** 'default' reads answers as a careful reader would, 'upstream' exactly as Q-Insight's code. Of Q-Insight's rewards. @defaultValue 'default' */
  style: z.enum(['default', 'upstream']).default('default'),
  /** Largest error of a score that still counts as right. Of Q-Insight's rewards. @defaultValue 0.35 */
  scoreThreshold: positive().default(0.35),
}).superRefine(({ preset, weights }, context) => {
  const names = Object.keys(rewardPresets[preset]().weights);
  for (const name of Object.keys(weights).filter((one) => !names.includes(one))) {
    const hint = nearest(name, names);
    const advice = hint === undefined ? '' : `; did you mean '${hint}'?`;
    const message = `is no reward of ${preset}, which has ${names.join(', ')}${advice}`;
    context.addIssue({ code: 'custom', path: ['weights', name], message });
  }
});

const optimizer = section({
  /** Peak learning rate of AdamW. @defaultValue 1e-6 */
  learningRate: positive().default(1e-6),
  /** How the rate falls after the warm-up. @defaultValue 'linear' */
  schedule: z.enum(['linear', 'cosine', 'constant']).default('linear'),
  /** Steps over which the rate rises from 0. @defaultValue 0 */
  warmupSteps: z.int().min(0).default(0),
  /** Decoupled weight decay. @defaultValue 0 */
  weightDecay: atLeastZero().default(0),
  /** Gradients are scaled down to this global L2 norm. @defaultValue 1 */
  maxGradientNorm: positive().default(1),
  /** Decay of the first moment. @defaultValue 0.9 */
  beta1: decay().default(0.9),
  /** Decay of the second moment. @defaultValue 0.999 */
  beta2: decay().default(0.999),
});

const evaluate = section({
  /** Held-out prompts that are asked. @defaultValue 160 */
  prompts: count().default(160),
  /** Sampled answers per prompt, at temperature 1 and the training's maxTokens. @defaultValue 2 */
  samples: count().default(2),
  /** Prompts that are sampled at a time; no effect on the result. @defaultValue 16 */
  batch: count().default(16),
  /** Steps between evaluations during training, of the likeliest answers. @defaultValue none until the end */
  every: count().optional(),
  /** The figure by which the best model is kept, in `best/`. @defaultValue 'reward' */
  metric: z.enum(['reward', 'formatRate', 'srcc', 'plcc', 'classAccuracy', 'levelAccuracy']).default('reward'),
  /** Evaluations in a row without a better figure after which training ends. @defaultValue no limit */
  patience: count().optional(),
});

const settings = z.strictObject({
  model: modelSchema,
  data: z.strictObject({
    /** What the model learns from. */
    train: dataSource,
    /** What it is judged on; never trained on. */
    heldOut: dataSource,
  }),
  rewards,
  grpo,
  sampler,
  optimizer,
  /** Optimizer steps (times innerEpochs updates each). */
  steps: count(),
  /** Stop early, with a checkpoint, after this long. @defaultValue no limit */
  timeLimitMinutes: positive().optional(),
  /** Steps between checkpoints. @defaultValue 50 */
  saveEvery: count().default(50),
  /** Newest checkpoints that stay on disk. @defaultValue 2 */
  keep: count().default(2),
  evaluate,
  /** Where a run is shown besides the console and its own files: `tensorboard`, `wandb`, `mlflow=ADDRESS`. @defaultValue tensorboard */
  trackers: trackerList.default(['tensorboard']),
  /** Steps between completions that trackers show with their images. @defaultValue 10 */
  completionsEvery: count().default(10),
  /** Everything random follows from it. @defaultValue 0 */
  seed: z.union([z.int(), z.string().min(1)]).default(0),
  /** Run folder. @defaultValue runs/<recipe name>-<date-time> */
  output: z.string().min(1).optional(),
});

/** Everything that decides a run. One schema: recipe files, `--set` flags and the run folder's settings.yaml all pass through it. */
export const settingsSchema = settings
  .superRefine(checkSampler)
  .superRefine(checkEntropy)
  .superRefine(checkRemoteLoss)
  .superRefine(({ model }, context) => {
    if (model.matmulPrecision === 'fp32' || model.precision === 'bf16') return;
    const message = 'bf16 needs model.precision: bf16, which keeps the matrices in that type';
    context.addIssue({ code: 'custom', path: ['model', 'matmulPrecision'], message });
  })
  .superRefine(({ model, grpo }, context) => {
    if (grpo.referenceSync === undefined || (model.tinker === undefined && lossOptions(grpo).beta > 0)) return;
    const message =
      model.tinker === undefined
        ? 'needs a grpo.beta above 0: without a KL there is no reference'
        : "must be left out with model.tinker: a server's reference is its base model, which cannot be moved";
    context.addIssue({ code: 'custom', path: ['grpo', 'referenceSync'], message });
  });

/** The resolved settings of a run: every default filled in. */
export type Settings = z.output<typeof settingsSchema>;
/** What a recipe file may hold. */
export type Recipe = z.input<typeof settingsSchema>;
/** Where prompts come from. */
export type DataSource = Settings['data']['train'];
