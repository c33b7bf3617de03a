import { startTensorflow } from '@q-insight/tensorflow';
import * as tf from '@tensorflow/tfjs';
import { availableParallelism } from 'node:os';
import type { BackendName } from './choose-backend.js';

/** A running backend in a line: versions, devices, threads. */
export async function backendInWords(name: BackendName): Promise<string> {
  const js = `TensorFlow.js ${tf.version.tfjs}`;
  if (name === 'cpu') return `${js} on plain JavaScript`;
  if (name === 'wasm') return `${js} on wasm, 1 thread ('q-insight setup' makes it faster on Linux)`;
  const { binding, installation } = await startTensorflow();
  const devices = binding.devices().map((device) => device.name.replace(/^.*device:/, ''));
  const threads = process.env['TF_NUM_INTRAOP_THREADS'] ?? String(availableParallelism());
  return `${js} on TensorFlow ${installation.tensorflow} (${installation.variant}), ${devices.join(', ')}, ${threads} threads`;
}
