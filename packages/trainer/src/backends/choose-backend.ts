import * as tf from '@tensorflow/tfjs';
import '@tensorflow/tfjs-backend-wasm';
import { registerWasmKernels } from './wasm-kernels.js';

/** Where tensors live and operations run. */
export type BackendName = 'wasm' | 'cpu';

let ready: Promise<BackendName> | undefined;

/**
 * Makes TensorFlow.js ready to train: wasm where it starts, else the plain JavaScript backend with a warning.
 * Later calls return the first call's choice.
 *
 * @param warn - told why wasm is not used
 */
export function chooseBackend(warn: (message: string) => void = console.warn): Promise<BackendName> {
  ready ??= startBackend(warn);
  return ready;
}

async function startBackend(warn: (message: string) => void): Promise<BackendName> {
  const problem = await tf.setBackend('wasm').then(
    (started) => (started ? undefined : 'it did not start'),
    (error: unknown) => (error instanceof Error ? error.message : String(error)),
  );
  if (problem === undefined) {
    registerWasmKernels();
    return 'wasm';
  }
  warn(`TensorFlow.js: no wasm backend (${problem}); running on plain JavaScript, about twenty times slower`);
  await tf.setBackend('cpu');
  return 'cpu';
}
