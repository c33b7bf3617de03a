/** Operations of TensorFlow.js, forward and gradient, on this backend against the plain JavaScript one. */
import { beforeAll, expect, test } from '@jest/globals';
import * as tf from '@tensorflow/tfjs';
import { startTensorflow } from '../../src/index.js';

type Values = readonly number[];
interface Case {
  readonly name: string;
  /** Shapes of the differentiable inputs. */
  readonly shapes: readonly (readonly number[])[];
  readonly run: (...inputs: tf.Tensor[]) => tf.Tensor | readonly tf.Tensor[];
  /** Range the inputs are drawn from. @defaultValue [-1, 1] */
  readonly range?: readonly [number, number];
  readonly gradient?: false;
}

const A = [3, 4] as const;
const ids = (...values: number[]) => tf.tensor1d(values, 'int32');
const unary = (names: string, range?: readonly [number, number], gradient?: false): Case[] =>
  names.split(' ').map((name) => ({
    name,
    shapes: [A],
    run: (x) => (tf as unknown as Record<string, (x: tf.Tensor) => tf.Tensor>)[name]!(x),
    ...(range && { range }),
    ...(gradient === false && { gradient }),
  }));
const binary = (names: string, gradient?: false): Case[] =>
  names.split(' ').flatMap((name) =>
    [
      [A, A],
      [A, [4]],
      [
        [3, 1],
        [2, 1, 4],
      ],
    ].map((shapes, i) => ({
      name: `${name} ${['same shape', 'row', 'broadcast'][i]!}`,
      shapes,
      range: [0.5, 2] as const,
      run: (a: tf.Tensor, b: tf.Tensor) =>
        (tf as unknown as Record<string, (a: tf.Tensor, b: tf.Tensor) => tf.Tensor>)[name]!(a, b),
      ...(gradient === false && { gradient }),
    })),
  );
const reduction = (names: string, gradient?: false): Case[] =>
  names.split(' ').flatMap((name) =>
    [undefined, 0, 1].map((axis) => ({
      name: `${name} over ${axis ?? 'all'}`,
      shapes: [A],
      range: [0.5, 2] as const,
      run: (x: tf.Tensor) =>
        (tf as unknown as Record<string, (x: tf.Tensor, axis?: number) => tf.Tensor>)[name]!(x, axis),
      ...(gradient === false && { gradient }),
    })),
  );

const cases: Case[] = [
  ...unary(
    'abs neg square relu relu6 leakyRelu elu selu sigmoid tanh softplus exp expm1 sin cos erf sinh cosh atan asinh',
  ),
  ...unary('sqrt rsqrt log log1p reciprocal tan', [0.2, 1.4]),
  ...unary('asin acos atanh', [-0.9, 0.9]),
  ...unary('acosh', [1.2, 3]),
  ...unary('sign round ceil floor step isNaN isFinite isInf', [-2, 2], false),
  ...binary('add sub mul div pow atan2'),
  // TensorFlow.js itself has no gradient of these three where they broadcast.
  ...binary('maximum minimum squaredDifference').map((one) =>
    one.name.endsWith('same shape') ? one : { ...one, gradient: false as const },
  ),
  ...binary('mod floorDiv greater greaterEqual less lessEqual equal notEqual', false),
  ...reduction('sum mean max min logSumExp'),
  ...reduction('all any', false).map((one) => ({ ...one, run: (x: tf.Tensor) => one.run(tf.greater(x, 1)) })),
  ...reduction('argMax argMin', false).filter(({ name }) => !name.includes('all')),
  { name: 'prod', shapes: [A], range: [0.5, 2], run: (x) => tf.prod(x, 1) },
  { name: 'softmax', shapes: [A], run: (x) => tf.softmax(x) },
  { name: 'logSoftmax', shapes: [A], run: (x) => tf.logSoftmax(x) },
  { name: 'matMul', shapes: [A, [4, 5]], run: (a, b) => tf.matMul(a, b) },
  {
    name: 'matMul transposed',
    shapes: [
      [4, 3],
      [5, 4],
    ],
    run: (a, b) => tf.matMul(a, b, true, true),
  },
  {
    name: 'matMul batched',
    shapes: [
      [2, 3, 4],
      [2, 4, 5],
    ],
    run: (a, b) => tf.matMul(a, b),
  },
  {
    name: 'matMul batched transposed',
    shapes: [
      [2, 4, 3],
      [2, 5, 4],
    ],
    run: (a, b) => tf.matMul(a, b, true, true),
  },
  {
    name: 'matMul one batch',
    shapes: [
      [1, 3, 4],
      [1, 4, 5],
    ],
    run: (a, b) => tf.matMul(a, b),
  },
  {
    name: 'matMul batch of 4',
    shapes: [
      [2, 2, 3, 4],
      [2, 2, 4, 5],
    ],
    run: (a, b) => tf.matMul(a, b),
  },
  {
    name: 'matMul broadcast batch',
    shapes: [
      [2, 3, 4],
      [4, 5],
    ],
    run: (a, b) => tf.matMul(a, b),
    gradient: false,
  },
  { name: 'dot', shapes: [[4], [4]], run: (a, b) => tf.dot(a, b) },
  { name: 'outerProduct', shapes: [[3], [4]], run: (a, b) => tf.outerProduct(a as tf.Tensor1D, b as tf.Tensor1D) },
  { name: 'einsum', shapes: [A, [4, 5]], run: (a, b) => tf.einsum('ij,jk->ik', a, b), gradient: false },
  {
    name: 'fused.matMul',
    shapes: [A, [4, 5], [5]],
    run: (a, b, bias) => tf.fused.matMul({ a, b, bias, activation: 'relu' }),
  },
  { name: 'reshape', shapes: [A], run: (x) => tf.reshape(x, [2, 6]) },
  { name: 'transpose', shapes: [[2, 3, 4]], run: (x) => tf.transpose(x, [2, 0, 1]) },
  { name: 'slice', shapes: [A], run: (x) => tf.slice(x, [1, 1], [2, 2]) },
  { name: 'stridedSlice', shapes: [A], run: (x) => tf.stridedSlice(x, [0, 0], [3, 4], [2, 2]), gradient: false },
  { name: 'concat', shapes: [A, A], run: (a, b) => tf.concat([a, b], 1) },
  { name: 'split', shapes: [A], run: (x) => tf.split(x, [1, 3], 1) },
  { name: 'stack', shapes: [A, A], run: (a, b) => tf.stack([a, b], 1) },
  { name: 'unstack', shapes: [A], run: (x) => tf.unstack(x, 1) },
  { name: 'tile', shapes: [A], run: (x) => tf.tile(x, [2, 1]) },
  { name: 'broadcastTo', shapes: [[1, 4]], run: (x) => tf.broadcastTo(x, [3, 4]) },
  {
    name: 'pad',
    shapes: [A],
    run: (x) =>
      tf.pad(
        x,
        [
          [1, 0],
          [0, 2],
        ],
        0.5,
      ),
  },
  {
    name: 'mirrorPad',
    shapes: [A],
    run: (x) =>
      tf.mirrorPad(
        x,
        [
          [1, 1],
          [1, 1],
        ],
        'reflect',
      ),
    gradient: false,
  },
  { name: 'reverse', shapes: [A], run: (x) => tf.reverse(x, 1) },
  { name: 'expandDims, squeeze', shapes: [A], run: (x) => tf.squeeze(tf.expandDims(x, 1)) },
  { name: 'gather rows', shapes: [A], run: (x) => tf.gather(x, ids(2, 0, 2)) },
  { name: 'gather columns', shapes: [A], run: (x) => tf.gather(x, ids(3, 1), 1) },
  { name: 'gather last axis', shapes: [A], run: (x) => tf.gather(x, ids(3, 1), -1), gradient: false },
  {
    name: 'gather batched',
    shapes: [A],
    run: (x) => tf.gather(x, tf.tensor2d([[1], [0], [3]], [3, 1], 'int32'), 1, 1),
    gradient: false,
  },
  {
    name: 'gatherND',
    shapes: [A],
    run: (x) =>
      tf.gatherND(
        x,
        tf.tensor2d(
          [
            [0, 1],
            [2, 3],
          ],
          [2, 2],
          'int32',
        ),
      ),
    gradient: false,
  },
  { name: 'unsortedSegmentSum', shapes: [A], run: (x) => tf.unsortedSegmentSum(x, ids(1, 0, 1), 2) },
  {
    name: 'scatterND',
    shapes: [[2]],
    run: (x) => tf.scatterND(tf.tensor2d([[1], [3]], [2, 1], 'int32'), x, [5]),
    gradient: false,
  },
  {
    name: 'tensorScatterUpdate',
    shapes: [[5], [2]],
    run: (x, u) => tf.tensorScatterUpdate(x, tf.tensor2d([[1], [3]], [2, 1], 'int32'), u),
    gradient: false,
  },
  {
    name: 'where',
    shapes: [A, A],
    run: (a, b) => tf.where(tf.tensor2d([1, 0, 0, 1, 1, 1, 0, 0, 1, 0, 1, 0], [3, 4], 'bool'), a, b),
  },
  { name: 'clipByValue', shapes: [A], run: (x) => tf.clipByValue(x, -0.5, 0.5) },
  { name: 'prelu', shapes: [A, [4]], run: (x, alpha) => tf.prelu(x, alpha) },
  { name: 'cast', shapes: [A], range: [-3, 3], run: (x) => tf.cast(tf.cast(x, 'int32'), 'float32'), gradient: false },
  { name: 'oneHot', shapes: [], run: () => tf.oneHot(ids(0, 2), 3), gradient: false },
  { name: 'topk', shapes: [A], run: (x) => Object.values(tf.topk(x, 2)), gradient: false },
  { name: 'cumsum', shapes: [A], run: (x) => tf.cumsum(x, 1) },
  { name: 'cumsum exclusive reverse', shapes: [A], run: (x) => tf.cumsum(x, 1, true, true) },
  { name: 'cumprod', shapes: [A], run: (x) => tf.cumprod(x, 1), gradient: false },
  { name: 'linspace, range', shapes: [], run: () => [tf.linspace(0, 1, 5), tf.range(0, 10, 3)], gradient: false },
  {
    name: 'eye, zerosLike, onesLike, fill',
    shapes: [A],
    run: (x) => [tf.eye(3), tf.zerosLike(x), tf.onesLike(x), tf.fill([2], 3)],
    gradient: false,
  },
  { name: 'bandPart', shapes: [[4, 4]], run: (x) => tf.linalg.bandPart(x, 1, 0), gradient: false },
  { name: 'norm', shapes: [A], range: [0.5, 2], run: (x) => tf.norm(x) },
  { name: 'bincount', shapes: [], run: () => tf.bincount(ids(1, 1, 3), tf.tensor1d([]), 4), gradient: false },
  { name: 'denseBincount', shapes: [], run: () => tf.denseBincount(ids(1, 1, 3), tf.tensor1d([]), 4), gradient: false },
  { name: 'searchSorted', shapes: [], run: () => tf.searchSorted([1, 3, 5], [0, 3, 4], 'left'), gradient: false },
  { name: 'upperBound', shapes: [], run: () => tf.upperBound([1, 3, 5], [0, 3, 4]), gradient: false },
  { name: 'unique', shapes: [], run: () => tf.unique(ids(4, 4, 2)).values, gradient: false },
  {
    name: 'logical',
    shapes: [],
    run: () =>
      tf.logicalOr(
        tf.logicalNot(tf.tensor1d([1, 0], 'bool')),
        tf.logicalAnd(tf.tensor1d([1, 0], 'bool'), tf.tensor1d([1, 1], 'bool')),
      ),
    gradient: false,
  },
  {
    name: 'conv2d',
    shapes: [
      [1, 5, 5, 2],
      [3, 3, 2, 3],
    ],
    run: (x, w) => tf.conv2d(x as tf.Tensor4D, w as tf.Tensor4D, 1, 'same'),
  },
  {
    name: 'conv2d stride',
    shapes: [
      [1, 6, 6, 1],
      [2, 2, 1, 2],
    ],
    run: (x, w) => tf.conv2d(x as tf.Tensor4D, w as tf.Tensor4D, 2, 'valid'),
  },
  {
    name: 'conv1d',
    shapes: [
      [1, 6, 2],
      [3, 2, 2],
    ],
    run: (x, w) => tf.conv1d(x as tf.Tensor3D, w as tf.Tensor3D, 1, 'same'),
  },
  {
    name: 'conv3d',
    shapes: [
      [1, 3, 3, 3, 1],
      [2, 2, 2, 1, 2],
    ],
    run: (x, w) => tf.conv3d(x as tf.Tensor5D, w as tf.Tensor5D, 1, 'valid'),
  },
  {
    name: 'conv2dTranspose',
    shapes: [
      [1, 3, 3, 1],
      [2, 2, 2, 1],
    ],
    run: (x, w) => tf.conv2dTranspose(x as tf.Tensor4D, w as tf.Tensor4D, [1, 6, 6, 2], 2, 'valid'),
  },
  {
    name: 'depthwiseConv2d',
    shapes: [
      [1, 5, 5, 2],
      [3, 3, 2, 1],
    ],
    run: (x, w) => tf.depthwiseConv2d(x as tf.Tensor4D, w as tf.Tensor4D, 1, 'same'),
  },
  { name: 'maxPool', shapes: [[1, 4, 4, 2]], run: (x) => tf.maxPool(x as tf.Tensor4D, 2, 2, 'valid') },
  { name: 'avgPool', shapes: [[1, 4, 4, 2]], run: (x) => tf.avgPool(x as tf.Tensor4D, 2, 2, 'valid') },
  { name: 'resizeBilinear', shapes: [[1, 3, 3, 1]], run: (x) => tf.image.resizeBilinear(x as tf.Tensor4D, [5, 5]) },
  {
    name: 'resizeNearestNeighbor',
    shapes: [[1, 3, 3, 1]],
    run: (x) => tf.image.resizeNearestNeighbor(x as tf.Tensor4D, [6, 6]),
  },
  {
    name: 'batchNorm',
    shapes: [[2, 2, 2, 3], [3], [3]],
    run: (x, mean, offset) => tf.batchNorm(x, mean, tf.tensor1d([1, 2, 3]), offset, tf.tensor1d([1, 2, 3])),
  },
  {
    name: 'localResponseNormalization',
    shapes: [[1, 2, 2, 4]],
    run: (x) => tf.localResponseNormalization(x as tf.Tensor4D),
  },
  {
    name: 'softmaxCrossEntropy',
    shapes: [A],
    run: (x) => tf.losses.softmaxCrossEntropy(tf.oneHot(ids(0, 1, 3), 4), x),
  },
  {
    name: 'spaceToBatchND',
    shapes: [[1, 4, 4, 1]],
    run: (x) =>
      tf.spaceToBatchND(
        x,
        [2, 2],
        [
          [0, 0],
          [0, 0],
        ],
      ),
  },
  {
    name: 'batchToSpaceND',
    shapes: [[4, 2, 2, 1]],
    run: (x) =>
      tf.batchToSpaceND(
        x,
        [2, 2],
        [
          [0, 0],
          [0, 0],
        ],
      ),
  },
  { name: 'depthToSpace', shapes: [[1, 2, 2, 4]], run: (x) => tf.depthToSpace(x as tf.Tensor4D, 2), gradient: false },
  {
    name: 'fft',
    shapes: [[8]],
    run: (x) => {
      const y = tf.spectral.fft(tf.complex(x, tf.zerosLike(x)));
      return [tf.real(y), tf.imag(y)];
    },
    gradient: false,
  },
  {
    name: 'dilation2d',
    shapes: [
      [1, 4, 4, 1],
      [2, 2, 1],
    ],
    run: (x, w) => tf.dilation2d(x as tf.Tensor4D, w as tf.Tensor3D, 1, 'valid'),
  },
];

/** Numbers that depend on the case and the input alone, none of them equal. */
function draw(count: number, seed: number, [from, to]: readonly [number, number]): Values {
  return Array.from(
    { length: count },
    (_, i) => from + (to - from) * ((((i + 1) * 0.754877666 + seed * 0.569840291) % 1) + 1e-3),
  );
}

interface Result {
  readonly outputs: Values[];
  readonly gradients: Values[];
}

async function run(backend: string, { shapes, run: operation, range = [-1, 1], gradient }: Case): Promise<Result> {
  await tf.setBackend(backend);
  tf.engine().startScope();
  try {
    const inputs = shapes.map((shape, i) => {
      const count = shape.reduce((a, b) => a * b, 1);
      return tf.tensor([...draw(count, i + 1, range)], [...shape], 'float32');
    });
    const list = (y: tf.Tensor | readonly tf.Tensor[]): readonly tf.Tensor[] => (y instanceof tf.Tensor ? [y] : y);
    const outputs = list(operation(...inputs));
    const read = (tensors: readonly tf.Tensor[]): Values[] => tensors.map((x) => [...x.dataSync()].map(Number));
    const shapesOf = outputs.map(({ shape }) => shape);
    if (gradient === false || inputs.length === 0) return { outputs: [...read(outputs), ...shapesOf], gradients: [] };
    // a weighted sum, so that every element has a slope of its own
    const scalar = (...xs: tf.Tensor[]): tf.Scalar =>
      list(operation(...xs)).reduce<tf.Tensor>((total, y, i) => {
        const weights = tf.tensor([...draw(y.size, 10 + i, [-1, 1])], y.shape, 'float32');
        return tf.add(total, tf.sum(tf.mul(y, weights)));
      }, tf.scalar(0)) as tf.Scalar;
    return { outputs: [...read(outputs), ...shapesOf], gradients: read(tf.grads(scalar)(inputs)) };
  } finally {
    tf.engine().endScope();
  }
}

beforeAll(() => startTensorflow());

test.each(cases.map((one) => [one.name, one] as const))('%s', async (_, one) => {
  const expected = await run('cpu', one);
  const got = await run('tensorflow', one);
  expectClose(got.outputs, expected.outputs);
  expectClose(got.gradients, expected.gradients);
});

/** float32 keeps 7 digits; transcendental functions and sums of a few dozen terms lose up to two of them. */
function expectClose(got: readonly Values[], expected: readonly Values[]): void {
  expect(got.map(({ length }) => length)).toEqual(expected.map(({ length }) => length));
  got.forEach((values, i) =>
    values.forEach((value, j) => {
      const reference = expected[i]![j]!;
      if (Number.isFinite(reference))
        expect(Math.abs(value - reference)).toBeLessThan(2e-5 * Math.max(1, Math.abs(reference)));
      else expect(value).toBe(reference);
    }),
  );
}
