import * as tf from '@tensorflow/tfjs';
import type { TensorflowBackend } from '../backend.js';
import { matmulPrecision, setMatmulPrecision } from '../bfloat16.js';
import { flatten, rebuild, SLOT } from './containers.js';
import { TraceError, type Trace } from './trace.js';

/** What a run under a trace found. */
export interface Recorded {
  /** The structure of what the function returned, a SLOT for each tensor. */
  readonly result: unknown;
  /** Ids of the results' tensors, then of the variables' new values. */
  readonly outputs: readonly number[];
  /** How many of the outputs are results. */
  readonly results: number;
  readonly assigned: readonly tf.Variable[];
}

/** Runs a function on tensors of the graph. Variables it assigns are put back as they were. */
export function recordRun<A extends unknown[]>(
  backend: TensorflowBackend,
  trace: Trace,
  fn: (...args: A) => unknown,
  args: A,
): Recorded {
  const variables = registeredVariables();
  const before = variables.map((variable) => tf.clone(variable)); // keeps their values alive
  try {
    return tf.tidy(() => {
      const inputs = flatten(args).tensors.map((tensor) => inputLike(tensor, backend, trace));
      const result: unknown = fn(...rebuild(args, inputs));
      if (result instanceof Promise) {
        result.catch(() => undefined); // it may wait for what never comes
        throw new TraceError('it returns a promise');
      }
      const { tensors } = flatten(result);
      const assigned = variables.filter(({ dataId }, i) => dataId !== before[i]!.dataId);
      const outputs = backend.getInputTensorIds([...tensors, ...assigned]);
      const structure = rebuild(result, tensors.map(() => SLOT)); // prettier-ignore
      tf.dispose(tensors); // kept ones too
      return { result: structure, outputs, results: tensors.length, assigned } as unknown as tf.TensorContainer;
    }) as unknown as Recorded;
  } finally {
    variables.forEach((variable, i) => {
      if (variable.dataId !== before[i]!.dataId) variable.assign(before[i]!);
    });
    tf.dispose(before);
  }
}

/** An input of the graph that stands for a tensor. */
export function inputLike(tensor: tf.Tensor, backend: TensorflowBackend, trace: Trace): tf.Tensor {
  const input = backend.createOutputTensor(trace.input(backend.tensorMap.get(tensor.dataId).dtype, tensor.shape));
  setMatmulPrecision(input, matmulPrecision(tensor));
  return input;
}

const registeredVariables = (): tf.Variable[] => Object.values(tf.engine().registeredVariables);

/**
 * Gives variables that share their values with other tensors a handle of their own, so that a trace can tell which of
 * the two a function uses: what a variable holds may change between calls, what a clone of it holds may not.
 */
export function separateVariables(backend: TensorflowBackend): void {
  for (const variable of registeredVariables()) {
    if (backend.refCount(variable.dataId) < 2) continue;
    const own = backend.executeSingleOutput('Identity', [], [variable]); // shares the memory
    variable.assign(own);
    own.dispose();
  }
}
