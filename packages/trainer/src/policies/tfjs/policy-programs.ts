import type { Qwen25VlConfig } from '../../models/qwen2.5-vl/config.js';
import { createSequencePrograms, type RunProgram } from './programs.js';
import { modelOf, trainedNames, trainedTensors, withTrained, type PolicyWeights } from './weights.js';

/** A policy's passes as compiled programs, over its weights as they are at each call. */
export interface PolicyPrograms {
  readonly policy: RunProgram;
  readonly reference: RunProgram;
  dispose(): void;
}

/** Programs of a policy's weights. Trained tensors are handed over at each call, all others must stay as they are. */
export function createPolicyPrograms(
  config: Qwen25VlConfig,
  weights: PolicyWeights,
  freezeVision: boolean,
): PolicyPrograms {
  const trained = new Set(trainedNames(weights, freezeVision));
  const policy = createSequencePrograms(
    (changing) => modelOf(config, withTrained(weights, changing), 'policy'),
    () => Object.fromEntries([...trainedTensors(weights)].filter(([name]) => trained.has(name))),
    trained,
  );
  const reference = createSequencePrograms(
    (changing) => {
      const start = weights.start && new Map(Object.entries(changing));
      return modelOf(config, { ...weights, ...(start && { start }) }, 'reference');
    },
    () => Object.fromEntries(weights.start ?? []),
    trained,
  );
  const dispose = (): void => {
    policy.dispose();
    reference.dispose();
  };
  return { policy: policy.run, reference: reference.run, dispose };
}
