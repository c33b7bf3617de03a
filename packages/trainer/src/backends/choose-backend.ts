import { readInstallation, startTensorflow } from '@q-insight/tensorflow';
import * as tf from '@tensorflow/tfjs';
import '@tensorflow/tfjs-backend-wasm';
import { registerWasmKernels } from './wasm-kernels.js';

/** Where tensors live and operations run. */
export type BackendName = 'tensorflow' | 'wasm' | 'cpu';

let ready: Promise<BackendName> | undefined;

/**
 * Makes TensorFlow.js ready to train: the native backend where `q-insight setup` has been run, else wasm, else the plain
 * JavaScript backend, with a warning for each that should have started and did not. Later calls return the first call's
 * choice.
 *
 * The environment variable `Q_INSIGHT_BACKEND`, 'tensorflow' or 'wasm', decides instead.
 *
 * @param warn - told why a backend is not used
 * @throws Error when the environment variable asks for the native backend and it does not start.
 */
export function chooseBackend(warn: (message: string) => void = console.warn): Promise<BackendName> {
  ready ??= startBackend(warn);
  return ready;
}

async function startBackend(warn: (message: string) => void): Promise<BackendName> {
  const asked = process.env['Q_INSIGHT_BACKEND'];
  if (asked !== undefined && asked !== 'tensorflow' && asked !== 'wasm') {
    throw new Error(`Q_INSIGHT_BACKEND: expected 'tensorflow' or 'wasm', got '${asked}'`);
  }
  if (asked === 'tensorflow' || (asked === undefined && readInstallation() !== undefined)) {
    const problem = await startTensorflow().then(
      () => undefined,
      (error: unknown) => error as Error,
    );
    if (problem === undefined) return 'tensorflow';
    if (asked === 'tensorflow') throw problem;
    warn(`TensorFlow.js: no native backend (${problem.message}); running on wasm`);
  }
  return startWasm(warn);
}

async function startWasm(warn: (message: string) => void): Promise<BackendName> {
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
