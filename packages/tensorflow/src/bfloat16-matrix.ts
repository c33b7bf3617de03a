import type * as tf from '@tensorflow/tfjs';
import { currentBackend } from './backend.js';
import { setMatmulPrecision, typeAttribute, type MatmulPrecision } from './bfloat16.js';
import type { Binding, NativeTensor } from './binding.js';

const ROW_BYTES = 1 << 24;

/**
 * A matrix stored in bfloat16, at half of a float32's memory, which operations take as any other of type 'float32'. It is
 * filled a few rows at a time: besides the tensor, only 16 MiB (or a single row) are in memory.
 *
 * @param shape - [rows, columns]
 * @param read - gives the bits of `count` rows from row `first`, row-major
 * @param matmul - 'bfloat16' rounds what it is multiplied by to bfloat16, too, and sums in float32: several times as fast in
 *   programs on a CPU with units for it (AMX). Of the matrix itself: what a program makes of it is multiplied in
 *   float32. @defaultValue 'float32', which is exact
 * @throws Error when another backend is current, or `read` gives another number of values.
 * @example
 * import * as tf from '@tensorflow/tfjs';
 * import { bfloat16Matrix, startTensorflow } from '@q-insight/tensorflow';
 * await startTensorflow();
 * const x = await bfloat16Matrix([1, 2], () => Uint16Array.of(0x3f80, 0xc000));
 * console.log(tf.matMul(x, tf.tensor2d([[3], [1]])).dataSync()); // Float32Array [1]: 3 · 1 − 2
 */
export async function bfloat16Matrix(
  shape: readonly [rows: number, columns: number],
  read: (first: number, count: number) => Uint16Array | Promise<Uint16Array>,
  matmul: MatmulPrecision = 'float32',
): Promise<tf.Tensor2D> {
  const [rows, columns] = shape;
  const backend = currentBackend();
  const { binding } = backend;
  const atOnce = Math.max(1, Math.floor(ROW_BYTES / (2 * columns)));
  let tensor = uninitialised(binding, shape);
  try {
    for (let first = 0; first < rows; first += atOnce) {
      const count = Math.min(atOnce, rows - first);
      const values = await read(first, count);
      if (values.length !== count * columns) {
        throw new Error(
          `bfloat16Matrix: read must give ${count} rows of ${columns} values, got ${values.length} values`,
        );
      }
      tensor = overwritten(binding, tensor, first, [count, columns], values);
    }
  } catch (error) {
    binding.deleteTensor(tensor.id);
    throw error;
  }
  const matrix = backend.createOutputTensor(tensor) as tf.Tensor2D;
  setMatmulPrecision(matrix, matmul);
  return matrix;
}

function uninitialised(binding: Binding, shape: readonly number[]): NativeTensor {
  const sizes = binding.createTensor([shape.length], binding.TF_INT32, Int32Array.from(shape));
  const attributes = [
    typeAttribute(binding, 'dtype', binding.TF_BFLOAT16),
    { name: 'init', type: binding.TF_ATTR_BOOL, value: false },
  ];
  const [tensor] = binding.executeOp('Empty', attributes, [sizes], 1);
  binding.deleteTensor(sizes);
  return tensor!;
}

/** Writes rows where they belong in the tensor's own memory; consumes it, for a tensor of the same memory. */
function overwritten(
  binding: Binding,
  tensor: NativeTensor,
  first: number,
  [count, columns]: readonly [number, number],
  values: Uint16Array,
): NativeTensor {
  const rows = binding.createTensor(
    [count],
    binding.TF_INT32,
    Int32Array.from({ length: count }, (_, i) => first + i),
  );
  const part = binding.createTensor([count, columns], binding.TF_BFLOAT16, values);
  const attributes = [typeAttribute(binding, 'T', binding.TF_BFLOAT16)];
  const [next] = binding.executeOp('InplaceUpdate', attributes, [tensor.id, rows, part], 1);
  for (const id of [rows, part, tensor.id]) binding.deleteTensor(id);
  return next!;
}
