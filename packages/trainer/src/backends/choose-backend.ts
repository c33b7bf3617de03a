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
  if (await tf.setBackend('wasm').catch(() => false)) {
    registerWasmKernels();
    return 'wasm';
  }
  warn('TensorFlow.js: the wasm backend did not start; running on plain JavaScript, about 20 times slower');
  await tf.setBackend('cpu');
  return 'cpu';
}
