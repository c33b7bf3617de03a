import type { Policy } from '../policies/policy.js';
import type { StepMetrics } from './events.js';

/**
 * What the process takes: its resident set, and the tensors alive between steps, whose number must not rise. Bytes, as
 * measured when called.
 */
export function memoryMetrics(policy: Pick<Policy, 'memory'>): StepMetrics {
  const tensors = policy.memory?.();
  return {
    'memory/rss_bytes': process.memoryUsage.rss(),
    ...(tensors && { 'memory/tensors': tensors.tensors, 'memory/tensor_bytes': tensors.bytes }),
  };
}

/** Figures of the machine rather than of the run: they differ when the same run is made again. */
export const isMachineFigure = (name: string): boolean => /^(time|memory)\/|^(step_time|tokens_per_second)$/.test(name);
