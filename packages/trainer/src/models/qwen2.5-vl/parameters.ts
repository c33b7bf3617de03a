import { bfloat16Matrix, type MatmulPrecision } from '@q-insight/tensorflow';
import * as tf from '@tensorflow/tfjs';
import seedrandom from 'seedrandom';
import { gaussian } from '../../random.js';
import type { Parameters } from '../gradients.js';
import type { TensorSpec } from '../safetensors.js';
import type { Qwen25VlConfig } from './config.js';
import { expectedTensors } from './tensors.js';
import type { Checkpoint } from './weights.js';

/** Values by tensor name, row-major: a model outside of any backend's memory. */
export type ParameterValues = ReadonlyMap<string, Float32Array>;

/**
 * Brings a model into the backend's memory, one tensor after the other. The patch convolution becomes a matrix
 * [D, channels·frames·patch·patch]; all other shapes are those of {@link expectedTensors}.
 *
 * @param source - an open checkpoint, or values such as {@link initParameters} makes
 * @param narrow - which matrices of a checkpoint are kept in bfloat16, on the native backend: the type that they are multiplied in,
 *   see `bfloat16Matrix`. @defaultValue none
 * @throws Error naming a tensor that is missing or has the wrong number of values.
 */
export async function uploadParameters(
  config: Qwen25VlConfig,
  source: Checkpoint | ParameterValues,
  narrow: (name: string) => MatmulPrecision | undefined = () => undefined,
): Promise<Parameters> {
  const parameters = new Map<string, tf.Tensor>();
  for (const spec of expectedTensors(config)) {
    const shape = matrixShape(spec);
    const matmul = narrow(spec.name);
    if ('read' in source && shape.length === 2 && matmul !== undefined) {
      const read = (first: number, count: number) => source.readBfloat16(spec.name, first, count);
      parameters.set(spec.name, await bfloat16Matrix(shape as [number, number], read, matmul));
      continue;
    }
    const values = 'read' in source ? await source.read(spec.name) : source.get(spec.name);
    if (!values) throw new Error(`uploadParameters: missing tensor "${spec.name}"`);
    if (values.length !== tf.util.sizeFromShape(shape)) {
      throw new Error(
        `uploadParameters: tensor "${spec.name}": expected shape [${spec.shape.join(', ')}], got ${values.length} values`,
      );
    }
    parameters.set(spec.name, tf.tensor(values, shape));
  }
  return parameters;
}

function matrixShape({ shape }: TensorSpec): number[] {
  if (shape.length <= 2) return [...shape];
  return [shape[0]!, tf.util.sizeFromShape(shape.slice(1))];
}

/**
 * A model that knows nothing yet: weights normal with standard deviation 0.02, norms 1, biases 0, as transformers
 * initialises them.
 *
 * @param seed - the same seed gives the same values
 * @param standardDeviation - of matrices
 */
export function initParameters(
  config: Qwen25VlConfig,
  seed: string,
  standardDeviation = 0.02,
): Map<string, Float32Array> {
  return new Map(
    expectedTensors(config).map(({ name, shape }) => {
      const values = new Float32Array(tf.util.sizeFromShape([...shape]));
      if (shape.length > 1) {
        const normal = gaussian(seedrandom(`${seed}/${name}`));
        for (let i = 0; i < values.length; i++) values[i] = standardDeviation * normal();
      } else if (name.endsWith('.weight')) values.fill(1);
      return [name, values];
    }),
  );
}
