/**
 * Kernels in place of those that come with the JavaScript backend:
 *
 * - BatchMatMul: matrices of rank 2 go to MatMul. BatchMatMulV2 spends 60 to 100 µs on its threads, however small they are.
 *   Within programs, a matrix that is multiplied in bfloat16 goes to BatchMatMulV3.
 * - GatherV2: read the indices back at every call to check them, which waits for the device; TensorFlow checks them itself.
 * - Multinomial: drew anew at every call with the same seed, and refused probabilities; the stateless operation does neither.
 * - DenseBincount and SearchSorted: were missing.
 */
import * as tf from '@tensorflow/tfjs';
import { isBfloat16, matmulPrecision, NARROW_PRODUCT, typeAttribute } from './bfloat16.js';
import type { NodeBackend } from './node-backend.js';

interface Call {
  readonly inputs: Readonly<Record<string, tf.Tensor>>;
  readonly attrs: Readonly<Record<string, unknown>>;
  /** Its trace is set while a program is recorded. */
  readonly backend: NodeBackend & { readonly trace?: object | undefined };
}

const flag = ({ binding }: NodeBackend, name: string, value: unknown) => ({
  name,
  type: binding.TF_ATTR_BOOL,
  value: value === true,
});
const type = (backend: NodeBackend, name: string, dtype: tf.DataType) => ({
  name,
  type: backend.binding.TF_ATTR_TYPE,
  value: backend.getDTypeInteger(dtype),
});

function batchMatMul({ inputs, attrs, backend }: Call): tf.TensorInfo {
  const { a, b } = inputs as { a: tf.Tensor; b: tf.Tensor };
  const { transposeA, transposeB } = attrs;
  if ([a, b].some((operand) => matmulPrecision(operand) === 'bfloat16'))
    return narrowProduct({ inputs, attrs, backend });
  const T = type(backend, 'T', a.dtype);
  if (a.rank === 2 && b.rank === 2) {
    const transposes = [flag(backend, 'transpose_a', transposeA), flag(backend, 'transpose_b', transposeB)];
    return backend.executeSingleOutput('MatMul', [...transposes, T], [a, b]);
  }
  if (a.shape.length === 3 && a.shape[0] === 1 && b.shape.length === 3 && b.shape[0] === 1) {
    return tf.tidy(() => {
      const [left, right] = [tf.reshape(a, a.shape.slice(1)), tf.reshape(b, b.shape.slice(1))];
      return tf.expandDims(tf.matMul(left, right, transposeA === true, transposeB === true), 0);
    });
  }
  const adjoints = [flag(backend, 'adj_x', transposeA), flag(backend, 'adj_y', transposeB)];
  return backend.executeSingleOutput('BatchMatMulV2', [...adjoints, T], [a, b]);
}

/** A product of operands rounded to bfloat16, summed in float32. Outside of programs the rounded ones are widened again. */
function narrowProduct({ inputs, attrs, backend }: Call): tf.TensorInfo {
  const { TF_BFLOAT16: bfloat16, TF_FLOAT: float32 } = backend.binding;
  const types = (named: Readonly<Record<string, number>>) =>
    Object.entries(named).map(([name, value]) => typeAttribute(backend.binding, name, value));
  const rounding = types({ SrcT: float32, DstT: bfloat16 });
  const operands = [inputs['a']!, inputs['b']!];
  const narrow = operands.map((x) => (isBfloat16(x) ? x : backend.executeSingleOutput('Cast', rounding, [x])));
  const adjoints = [flag(backend, 'adj_x', attrs['transposeA']), flag(backend, 'adj_y', attrs['transposeB'])];
  const [operation, attributes] = backend.trace
    ? [NARROW_PRODUCT, types({ Ta: bfloat16, Tb: bfloat16, Tout: float32 })]
    : ['BatchMatMulV2', types({ T: float32 })];
  const rounded = narrow.filter((x, i) => x !== operands[i]);
  return withConstants(rounded, () => backend.executeSingleOutput(operation, [...adjoints, ...attributes], narrow));
}

function gather({ inputs, attrs, backend }: Call): tf.TensorInfo {
  const { x, indices } = inputs as { x: tf.Tensor; indices: tf.Tensor };
  const axis = tf.util.parseAxisParam(attrs['axis'] as number, x.shape)[0]!;
  const attributes = [
    { name: 'batch_dims', type: backend.binding.TF_ATTR_INT, value: attrs['batchDims'] ?? 0 },
    type(backend, 'Tparams', x.dtype),
    type(backend, 'Tindices', indices.dtype),
    type(backend, 'Taxis', 'int32'),
  ];
  return withConstants([tf.scalar(axis, 'int32')], ([at]) =>
    backend.executeSingleOutput('GatherV2', attributes, [x, indices, at!]),
  );
}

/** The 64 bits of a number, as the two halves of a seed: TensorFlow.js draws seeds between 0 and 1 when none is given. */
function seedOf(seed: number): Int32Array {
  return new Int32Array(Float64Array.of(seed).buffer);
}

function multinomial({ inputs, attrs, backend }: Call): tf.TensorInfo {
  const { logits } = inputs as { logits: tf.Tensor };
  const attributes = [
    type(backend, 'T', logits.dtype),
    type(backend, 'Tseed', 'int32'),
    type(backend, 'output_dtype', 'int32'),
  ];
  const draw = (logs: tf.Tensor) =>
    withConstants(
      [tf.scalar(attrs['numSamples'] as number, 'int32'), tf.tensor1d(seedOf(attrs['seed'] as number), 'int32')],
      ([count, seed]) => backend.executeSingleOutput('StatelessMultinomial', attributes, [logs, count!, seed!]),
    );
  if (attrs['normalized'] !== true) return draw(logits);
  return withConstants([tf.log(logits)], ([logs]) => draw(logs!));
}

function denseBincount({ inputs, attrs, backend }: Call): tf.TensorInfo {
  const { x, weights } = inputs as { x: tf.Tensor; weights: tf.Tensor };
  const attributes = [
    type(backend, 'Tidx', 'int32'),
    type(backend, 'T', weights.dtype),
    flag(backend, 'binary_output', attrs['binaryOutput']),
  ];
  return withConstants([tf.scalar(attrs['size'] as number, 'int32')], ([size]) =>
    backend.executeSingleOutput('DenseBincount', attributes, [x, size!, weights]),
  );
}

function searchSorted({ inputs, attrs, backend }: Call): tf.TensorInfo {
  const { sortedSequence, values } = inputs as { sortedSequence: tf.Tensor; values: tf.Tensor };
  const attributes = [type(backend, 'T', values.dtype), type(backend, 'out_type', 'int32')];
  const name = attrs['side'] === 'left' ? 'LowerBound' : 'UpperBound';
  return backend.executeSingleOutput(name, attributes, [sortedSequence, values]);
}

function withConstants(constants: tf.Tensor[], run: (constants: readonly tf.Tensor[]) => tf.TensorInfo): tf.TensorInfo {
  const result = run(constants);
  constants.forEach((constant) => constant.dispose());
  return result;
}

function replaceKernel(kernelName: string, kernel: (call: Call) => tf.TensorInfo): void {
  if (tf.getKernel(kernelName, 'tensorflow') as tf.KernelConfig | undefined) {
    tf.unregisterKernel(kernelName, 'tensorflow');
  }
  tf.registerKernel({ kernelName, backendName: 'tensorflow', kernelFunc: kernel as unknown as tf.KernelFunc });
}

/** Registers the kernels of this file. */
export function registerKernels(): void {
  replaceKernel('BatchMatMul', batchMatMul);
  replaceKernel('GatherV2', gather);
  replaceKernel('Multinomial', multinomial);
  replaceKernel('DenseBincount', denseBincount);
  replaceKernel('SearchSorted', searchSorted);
}
