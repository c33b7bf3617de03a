/**
 * Everything that TensorFlow.js' wasm backend (4.22) lacks or does slowly and that training needs:
 *
 * - BatchMatMul: the binary multiplies with a naive loop whenever an operand is transposed or batched, which is all of
 *   backpropagation and attention. Here operands are transposed explicitly and XNNPACK is called once a slice.
 * - UnsortedSegmentSum, the gradient of gather, is missing.
 * - Slice, Concat and GatherV2 copy whole operands, go row by row through typed-array views, or element by element.
 */
import * as tf from '@tensorflow/tfjs';
import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';

type RawMatMul = (
  a: number,
  aShape: Uint8Array,
  aRank: number,
  b: number,
  bShape: Uint8Array,
  bRank: number,
  transposeA: number,
  transposeB: number,
  out: number,
) => void;

interface KernelArguments {
  readonly inputs: Readonly<Record<string, tf.TensorInfo>>;
  readonly attrs: Readonly<Record<string, unknown>>;
  readonly backend: BackendWasm;
}

/** Slices with fewer multiplications than this stay in the binary's own loop: setting XNNPACK up would cost more. */
const SMALL_SLICE = 6000;

/** Ids of the views handed to XNNPACK; the backend counts its own tensors up from 1 and never gets here. */
const VIEW_A = 2 ** 31 - 3;
const VIEW_B = 2 ** 31 - 2;
const VIEW_OUT = 2 ** 31 - 1;

const count = (shape: readonly number[]): number => shape.reduce((product, size) => product * size, 1);
const int32Bytes = (...values: number[]): Uint8Array => new Uint8Array(new Int32Array(values).buffer);

function runKernel(name: string, args: KernelArguments): tf.TensorInfo {
  const kernel = tf.getKernel(name, 'wasm');
  return kernel.kernelFunc(args as unknown as Parameters<typeof kernel.kernelFunc>[0]) as tf.TensorInfo;
}

/** Swaps the last two axes. */
function transposed(x: tf.TensorInfo, backend: BackendWasm): tf.TensorInfo {
  const rank = x.shape.length;
  const perm = x.shape.map((_, axis) => (axis < rank - 2 ? axis : axis === rank - 2 ? rank - 1 : rank - 2));
  return runKernel('Transpose', { inputs: { x }, attrs: { perm }, backend });
}

function matMulKernel(raw: RawMatMul, args: KernelArguments): tf.TensorInfo {
  const { backend } = args;
  const a = args.inputs['a']!;
  const b = args.inputs['b']!;
  const transposeA = args.attrs['transposeA'] === true;
  const transposeB = args.attrs['transposeB'] === true;
  if (a.dtype !== 'float32' || b.dtype !== 'float32') {
    throw new Error(`matMul: expected float32 operands, got ${a.dtype} and ${b.dtype}`);
  }
  const [rowsA, columnsA] = a.shape.slice(-2) as [number, number];
  const [rowsB, columnsB] = b.shape.slice(-2) as [number, number];
  const M = transposeA ? columnsA : rowsA;
  const K = transposeA ? rowsA : columnsA;
  const N = transposeB ? rowsB : columnsB;
  const batchShape = tf.broadcast_util.assertAndGetBroadcastShape(a.shape.slice(0, -2), b.shape.slice(0, -2));
  const batch = count(batchShape);
  const batchA = count(a.shape.slice(0, -2));
  const batchB = count(b.shape.slice(0, -2));
  if ((batchA !== batch && batchA !== 1) || (batchB !== batch && batchB !== 1)) {
    throw new Error(`matMul: batch shapes [${a.shape.join()}] and [${b.shape.join()}] broadcast partially: tile first`);
  }
  const out = backend.makeOutput([...batchShape, M, N], 'float32');
  if (batch * M * N === 0) return out;
  const id = (x: tf.TensorInfo): number => backend.dataIdMap.get(x.dataId).id;

  if (batch > 1 && M * K * N < SMALL_SLICE) {
    const aShape = int32Bytes(batchA, rowsA, columnsA);
    const bShape = int32Bytes(batchB, rowsB, columnsB);
    raw(id(a), aShape, 3, id(b), bShape, 3, Number(transposeA), Number(transposeB), id(out));
    return out;
  }

  const left = transposeA ? transposed(a, backend) : a; // [.., M, K]
  const right = transposeB ? transposed(b, backend) : b; // [.., K, N]
  if (batchB === 1) {
    // One right operand for every slice: a single tall product.
    raw(id(left), int32Bytes(1, batch * M, K), 3, id(right), int32Bytes(1, K, N), 3, 0, 0, id(out));
  } else {
    const { tfjs } = backend.wasm;
    const address = (x: tf.TensorInfo): number => backend.dataIdMap.get(x.dataId).memoryOffset;
    const [pointerA, pointerB, pointerOut] = [address(left), address(right), address(out)];
    const strideA = batchA === 1 ? 0 : M * K * 4; // bytes
    const aShape = int32Bytes(1, M, K);
    const bShape = int32Bytes(1, K, N);
    for (let slice = 0; slice < batch; slice++) {
      tfjs.registerTensor(VIEW_A, M * K, pointerA + slice * strideA);
      tfjs.registerTensor(VIEW_B, K * N, pointerB + slice * K * N * 4);
      tfjs.registerTensor(VIEW_OUT, M * N, pointerOut + slice * M * N * 4);
      raw(VIEW_A, aShape, 3, VIEW_B, bShape, 3, 0, 0, VIEW_OUT);
      // Disposing also drops the packed copy of B that XNNPACK caches by id.
      tfjs.disposeData(VIEW_A);
      tfjs.disposeData(VIEW_B);
      tfjs.disposeData(VIEW_OUT);
    }
  }
  if (left !== a) backend.disposeData(left.dataId);
  if (right !== b) backend.disposeData(right.dataId);
  return out;
}

/** out[segmentIds[i]] += x[i]; ids out of range are skipped, as TensorFlow does. */
function unsortedSegmentSum(args: KernelArguments): tf.TensorInfo {
  const { backend } = args;
  const x = args.inputs['x']!;
  const ids = args.inputs['segmentIds']!;
  const segments = args.attrs['numSegments'] as number;
  const innerShape = x.shape.slice(ids.shape.length);
  const inner = count(innerShape);
  const out = backend.makeOutput([segments, ...innerShape], x.dtype);
  const sums = backend.typedArrayFromHeap(out).fill(0);
  const values = backend.typedArrayFromHeap(x);
  backend.typedArrayFromHeap(ids).forEach((segment, i) => {
    if (segment < 0 || segment >= segments) return;
    for (let j = 0; j < inner; j++) sums[segment * inner + j]! += values[i * inner + j]!;
  });
  return out;
}

type Words = Int32Array | Uint8Array;

/** A tensor's memory as 4-byte words (bytes for booleans): kernels that only move values then see one array type. */
function words(x: tf.TensorInfo, backend: BackendWasm): Words {
  const values = backend.typedArrayFromHeap(x);
  if (values.BYTES_PER_ELEMENT !== 4) return values as Uint8Array;
  return new Int32Array(values.buffer, values.byteOffset, values.length);
}

function slice(args: KernelArguments): tf.TensorInfo {
  const { backend, attrs } = args;
  const x = args.inputs['x']!;
  const [begin, size] = tf.slice_util.parseSliceParams(
    x,
    attrs['begin'] as number | number[],
    attrs['size'] as number | number[],
  ) as [number[], number[]];
  const out = backend.makeOutput(size, x.dtype);
  copyBlock(words(x, backend), x.shape, begin, words(out, backend), size);
  return out;
}

/** Copies the block of `size` at `begin` of a row-major array into `to`, in as long runs as there are. */
function copyBlock(
  from: Words,
  shape: readonly number[],
  begin: readonly number[],
  to: Words,
  size: readonly number[],
): void {
  // Trailing axes taken whole merge with the axis before them into one contiguous run.
  let axis = shape.length;
  let run = 1;
  while (axis > 0 && (axis === shape.length || size[axis] === shape[axis])) run *= size[--axis]!;
  if (run === 0) return;
  const strides = tf.util.computeStrides(shape as number[]).concat(1);
  let start = 0;
  for (let i = 0; i < shape.length; i++) start += begin[i]! * strides[i]!;
  const outer = size.slice(0, axis);
  const runs = count(outer);
  const index = outer.map(() => 0);
  for (let r = 0, target = 0; r < runs; r++, target += run) {
    if (run < 64) for (let j = 0; j < run; j++) to[target + j] = from[start + j]!;
    else to.set(from.subarray(start, start + run), target);
    for (let i = outer.length - 1; i >= 0; i--) {
      start += strides[i]!;
      if (++index[i]! < outer[i]!) break;
      start -= outer[i]! * strides[i]!;
      index[i] = 0;
    }
  }
}

function concat(args: KernelArguments): tf.TensorInfo {
  const { backend } = args;
  const all = Object.values(args.inputs);
  const first = all[0]!;
  const axis = tf.util.parseAxisParam(args.attrs['axis'] as number, first.shape)[0]!;
  const parts = all.filter((part) => count(part.shape) > 0);
  tf.backend_util.assertParamsConsistent(
    all.map((part) => part.shape),
    axis,
  );
  const shape = tf.backend_util.computeOutShape(
    all.map((part) => part.shape),
    axis,
  );
  const out = backend.makeOutput(shape, first.dtype);
  const to = words(out, backend);
  const outer = count(shape.slice(0, axis));
  const width = count(shape.slice(axis));
  let offset = 0;
  for (const part of parts) {
    const from = words(part, backend);
    const run = count(part.shape.slice(axis));
    for (let row = 0; row < outer; row++) {
      const [target, source] = [row * width + offset, row * run];
      if (run < 64) for (let j = 0; j < run; j++) to[target + j] = from[source + j]!;
      else to.set(from.subarray(source, source + run), target);
    }
    offset += run;
  }
  return out;
}

/** out[.., i, ..] = x[.., indices[i], ..] along an axis. */
function gather(args: KernelArguments): tf.TensorInfo {
  const { backend, attrs } = args;
  const x = args.inputs['x']!;
  const indices = args.inputs['indices']!;
  const axis = tf.util.parseAxisParam(attrs['axis'] as number, x.shape)[0]!;
  if ((attrs['batchDims'] as number | undefined) !== undefined && attrs['batchDims'] !== 0) {
    throw new Error('gather: expected batchDims 0');
  }
  const out = backend.makeOutput([...x.shape.slice(0, axis), ...indices.shape, ...x.shape.slice(axis + 1)], x.dtype);
  const from = words(x, backend);
  const to = words(out, backend);
  const ids = words(indices, backend);
  const size = x.shape[axis]!;
  const run = count(x.shape.slice(axis + 1));
  const outer = count(x.shape.slice(0, axis));
  for (let i = 0; i < ids.length; i++) {
    if (ids[i]! < 0 || ids[i]! >= size) throw new Error(`gather: index ${ids[i]!} is outside [0, ${size})`);
  }
  let target = 0;
  for (let o = 0; o < outer; o++) {
    const base = o * size;
    for (let i = 0; i < ids.length; i++, target += run) {
      const source = (base + ids[i]!) * run;
      if (run === 1) to[target] = from[source]!;
      else if (run < 64) for (let j = 0; j < run; j++) to[target + j] = from[source + j]!;
      else to.set(from.subarray(source, source + run), target);
    }
  }
  return out;
}

function replaceKernel(kernelName: string, kernel: (args: KernelArguments) => tf.TensorInfo): void {
  if (tf.getKernel(kernelName, 'wasm') as tf.KernelConfig | undefined) tf.unregisterKernel(kernelName, 'wasm');
  tf.registerKernel({ kernelName, backendName: 'wasm', kernelFunc: kernel as unknown as tf.KernelFunc });
}

/** Registers the kernels of this file, for number and boolean tensors. Call it once, with wasm as the current backend. */
export function registerWasmKernels(): void {
  const backend = tf.backend() as unknown as BackendWasm;
  const emscripten = backend.wasm as unknown as { cwrap(name: string, returns: null, parameters: string[]): RawMatMul };
  const raw = emscripten.cwrap('BatchMatMul', null, [
    'number', // a: id
    'array', // a: shape
    'number', // a: rank
    'number', // b: id
    'array', // b: shape
    'number', // b: rank
    'number', // transpose a
    'number', // transpose b
    'number', // out: id
  ]);
  replaceKernel('BatchMatMul', (args) => matMulKernel(raw, args));
  replaceKernel('UnsortedSegmentSum', unsortedSegmentSum);
  replaceKernel('Slice', slice);
  replaceKernel('Concat', concat);
  replaceKernel('GatherV2', gather);
}
