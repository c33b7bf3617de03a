import type { Prompt } from '../../data/prompt.js';
import type { Policy } from '../policy.js';
import type { Sampler } from './sampler.js';

/** Options of {@link sampleElsewhere}. */
export interface SampledPolicyOptions {
  /**
   * Largest mean |Δ log-prob|, in nats, between a server and the policy at the same weights. Two engines in bf16 are some 0.01
   * apart; a server that still answers from other weights, or sees another image, is far beyond.
   *
   * @defaultValue 0.1
   */
  readonly maxLogpDifference?: number;
}

/**
 * A policy that is trained as before and sampled by an engine beside it. Whenever weights have changed since, they are handed
 * over before the next completion, and every server is put to the test: the same prompt each time, so that one that answers
 * from the cached prefix of older weights is caught.
 */
export function sampleElsewhere(
  policy: Policy,
  sampler: Sampler,
  { maxLogpDifference = 0.1 }: SampledPolicyOptions = {},
): Policy {
  let version = 0;
  let published = -1;
  let example: Prompt | undefined;

  const publish = async (giveExample: () => Promise<Prompt>): Promise<number> => {
    if (published === version) return version;
    await sampler.publish(policy, version);
    example ??= await giveExample();
    await checkServers(policy, sampler, example, version, maxLogpDifference);
    published = version;
    return version;
  };

  return {
    logprobs: (...request) => policy.logprobs(...request),
    forwardBackward: (...request) => policy.forwardBackward(...request),
    save: (...request) => policy.save(...request),
    ...(policy.entropies && { entropies: policy.entropies.bind(policy) }),
    ...(policy.syncReference && { syncReference: policy.syncReference.bind(policy) }),
    ...(policy.memory && { memory: policy.memory.bind(policy) }),
    publish,
    sample: async (prompts, options) => {
      if (prompts.length === 0) return [];
      const present = () => publish(() => Promise.resolve(prompts[0]!));
      return sampler.sample(prompts, options, options.version ?? (await present()));
    },
    optimizerStep: async (options) => {
      const result = await policy.optimizerStep(options);
      version++;
      return result;
    },
    load: async (folder) => {
      await policy.load(folder);
      version++;
    },
    dispose: () => {
      sampler.dispose();
      policy.dispose();
    },
  };
}

/** Fails the run where a server's log-probs are not those of the policy. */
async function checkServers(
  policy: Policy,
  sampler: Sampler,
  prompt: Prompt,
  version: number,
  limit: number,
): Promise<void> {
  const probes = await sampler.probe(prompt, version);
  const logps = await policy.logprobs(
    probes.map(({ completion }) => ({ prompt, completion: completion.tokens })),
    { temperature: 1 },
  );
  for (const [row, { server, completion }] of probes.entries()) {
    const { samplerLogps } = completion;
    const sum = samplerLogps.reduce((total, logp, t) => total + Math.abs(logps.get(row, t) - logp), 0);
    const difference = sum / samplerLogps.length;
    if (difference <= limit) continue;
    throw new Error(
      `${server}: its log-probs differ from the trainer's by ${difference.toFixed(3)} nats a token on average, above ` +
        `sampler.maxLogpDifference ${limit}; it does not run the weights of version ${version} (another base model, ` +
        'another precision, or a prefix cache that outlived a change of weights)',
    );
  }
}
