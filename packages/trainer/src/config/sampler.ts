import { z } from 'zod';
import { atLeastZero, count, positive, section } from './fields.js';

/** Where completions are drawn. */
export const sampler = section({
  /** 'policy': by the model that is trained. 'vllm': by vLLM servers, which are given its weights. @defaultValue 'policy' */
  kind: z.enum(['policy', 'vllm']).default('policy'),
  /** Addresses of the servers. @defaultValue http://127.0.0.1:8000 */
  urls: z.array(z.url({ protocol: /^https?$/ })).min(1).default(['http://127.0.0.1:8000']), // prettier-ignore
  /**
   * Where weights are handed over; servers see it on the same path. With `model.train: full`, the folder they serve.
   * @defaultValue sampler/ in the run folder
   */
  folder: z.string().min(1).optional(),
  /** Requests a server is sent at a time; each asks for one prompt's completions. @defaultValue 32 */
  concurrency: count().default(32),
  /** Seconds a request may take. @defaultValue 600 */
  timeoutSeconds: positive().default(600),
  /** How long to wait when no server answers. @defaultValue 10 */
  outageMinutes: positive().default(10),
  /** Largest mean |Δ log-prob|, in nats, between server and trainer at the same weights; above, the run fails. @defaultValue 0.1 */
  maxLogpDifference: positive().default(0.1),
});

/** Who draws completions. */
export type SamplerKind = z.output<typeof sampler>['kind'];

/** How to make up for completions that another engine, or older weights, drew. */
export const correction = section({
  /**
   * Each token's loss is weighted by w = π_trainer / π_sampler: at most `max` ('truncate'), or left out where w is not within
   * [min, max] ('mask'; 'gate' weighs the others by 1). @defaultValue 'truncate' where another engine samples, else 'none'
   */
  kind: z.enum(['none', 'truncate', 'mask', 'gate']).optional(),
  /** What w is taken over: each token, the sequence's product of them, or their geometric mean. @defaultValue 'token' */
  level: z.enum(['token', 'sequence', 'sequence-mean']).default('token'),
  /** @defaultValue 0 */
  min: atLeastZero().default(0),
  /** @defaultValue 2 */
  max: positive().default(2),
});

interface Checked {
  readonly model: { readonly train: 'lora' | 'full' };
  readonly sampler: z.output<typeof sampler>;
  readonly grpo: { readonly staleness: number; readonly correction: z.output<typeof correction> };
}

/** What one section of the settings asks of another. */
export function checkSampler({ model, sampler, grpo }: Checked, context: z.RefinementCtx): void {
  const refuse = (path: string[], message: string) => context.addIssue({ code: 'custom', path, message });
  if (grpo.staleness > 0 && sampler.kind === 'policy') {
    refuse(['grpo', 'staleness'], 'must be 0 unless sampler.kind is vllm: a model cannot sample while it is trained');
  }
  if (grpo.staleness > 0 && sampler.kind === 'vllm' && model.train === 'full') {
    refuse(
      ['grpo', 'staleness'],
      'must be 0 with model.train full: servers hold one version of full weights at a time',
    );
  }
  if (sampler.kind === 'vllm' && model.train === 'full' && sampler.folder === undefined) {
    refuse(['sampler', 'folder'], 'must be given with model.train full: the folder that the vLLM servers serve');
  }
  if (grpo.correction.min > grpo.correction.max) {
    refuse(['grpo', 'correction', 'min'], `must be at most max, ${grpo.correction.max}`);
  }
}
