import { beforeAll, describe, expect, test } from '@jest/globals';
import { startTensorflow, type Attribute, type Binding } from '../../src/index.js';

let b: Binding;
beforeAll(async () => {
  b = (await startTensorflow()).binding;
});

type Kind = 'STRING' | 'INT' | 'FLOAT' | 'BOOL' | 'TYPE' | 'SHAPE' | 'TENSOR' | 'FUNC';
const attribute = (name: string, kind: Kind, value: Attribute['value']): Attribute => ({
  name,
  type: b[`TF_ATTR_${kind}`],
  value,
});
const floats = (shape: number[], ...values: number[]) => b.createTensor(shape, b.TF_FLOAT, Float32Array.from(values));
const ints = (shape: number[], ...values: number[]) => b.createTensor(shape, b.TF_INT32, Int32Array.from(values));
const run = (name: string, attributes: Attribute[], inputs: number[], outputs = 1) =>
  b.executeOp(name, attributes, inputs, outputs).map(({ id }) => b.tensorDataSync(id));

describe('values in and out', () => {
  test.each([
    ['float', 1, Float32Array.of(1.5, -2)],
    ['double', 2, Float64Array.of(1.5, -2)],
    ['int32', 3, Int32Array.of(1, -2)],
    ['uint8', 4, Uint8Array.of(1, 255)],
    ['int16', 5, Int16Array.of(1, -2)],
    ['int8', 6, Int8Array.of(1, -2)],
    ['int64', 9, BigInt64Array.of(1n, -(2n ** 40n))],
    ['bool', 10, Uint8Array.of(1, 0)],
    ['bfloat16', 14, Uint16Array.of(0x3fc0, 0xc000)],
    ['half', 19, Uint16Array.of(0x3e00, 0xc000)],
    ['uint32', 22, Uint32Array.of(1, 2 ** 32 - 1)],
  ])('%s', (_, dtype, values) => {
    const id = b.createTensor([2], dtype, values);
    expect(b.tensorDataSync(id)).toEqual(values);
    b.deleteTensor(id);
  });

  test('bfloat16 and half mean what they should', () => {
    for (const [dtype, bits] of [
      [b.TF_BFLOAT16, [0x3fc0, 0xc000]],
      [b.TF_HALF, [0x3e00, 0xc000]],
    ] as const) {
      const cast = [attribute('SrcT', 'TYPE', dtype), attribute('DstT', 'TYPE', b.TF_FLOAT)];
      expect(run('Cast', cast, [b.createTensor([2], dtype, Uint16Array.from(bits))])).toEqual([
        Float32Array.of(1.5, -2),
      ]);
    }
  });

  test('strings of any length', () => {
    const long = 'x'.repeat(1000);
    const id = b.createTensor([2], b.TF_STRING, [long, Uint8Array.of(0, 255)]);
    const [first, second] = b.tensorDataSync(id) as unknown as Uint8Array[];
    expect(Buffer.from(first!).toString()).toBe(long);
    expect([...second!]).toEqual([0, 255]);
  });

  test('what is read is a copy', () => {
    const id = floats([1], 1);
    (b.tensorDataSync(id) as Float32Array)[0] = 5;
    expect(b.tensorDataSync(id)).toEqual(Float32Array.of(1));
  });
});

describe('attributes of every kind', () => {
  test('int, float, bool, type, shape, string', () => {
    expect(run('Fill', [attribute('T', 'TYPE', b.TF_FLOAT)], [ints([1], 2), floats([], 3)])).toEqual([
      Float32Array.of(3, 3),
    ]);
    const elu = run('LeakyRelu', [attribute('alpha', 'FLOAT', 0.5)], [floats([2], -2, 2)]);
    expect(elu).toEqual([Float32Array.of(-1, 2)]);
    const sum = run('Sum', [attribute('keep_dims', 'BOOL', true)], [floats([2], 1, 2), ints([1], 0)]);
    expect(sum).toEqual([Float32Array.of(3)]);
    const equation = [
      attribute('N', 'INT', 2),
      attribute('T', 'TYPE', b.TF_FLOAT),
      attribute('equation', 'STRING', 'i,i->'),
    ];
    expect(run('Einsum', equation, [floats([2], 1, 2), floats([2], 3, 4)])).toEqual([Float32Array.of(11)]);
    const variable = [attribute('dtype', 'TYPE', b.TF_FLOAT), attribute('shape', 'SHAPE', [2])];
    expect(b.executeOp('VarHandleOp', variable, [], 1)[0]!.dtype).toBe(b.TF_RESOURCE);
  });

  test('lists of types, ints, floats, strings, shapes', () => {
    const two = run('IdentityN', [attribute('T', 'TYPE', [b.TF_FLOAT, b.TF_INT32])], [floats([1], 1), ints([1], 2)], 2);
    expect(two).toEqual([Float32Array.of(1), Int32Array.of(2)]);
    expect(run('Squeeze', [attribute('squeeze_dims', 'INT', [0])], [floats([1, 1], 4)])).toEqual([Float32Array.of(4)]);
    const buckets = run('Bucketize', [attribute('boundaries', 'FLOAT', [0, 10])], [floats([3], -1, 5, 50)]);
    expect(buckets).toEqual([Int32Array.of(0, 1, 2)]);
    const fused = [attribute('num_args', 'INT', 1), attribute('fused_ops', 'STRING', ['BiasAdd', 'Relu'])];
    const inputs = [floats([1, 1], 2), floats([1, 2], 3, -3), floats([2], 1, 1)];
    expect(run('_FusedMatMul', fused, inputs)).toEqual([Float32Array.of(7, 0)]);
    const queue = [
      attribute('component_types', 'TYPE', [b.TF_FLOAT, b.TF_INT32]),
      attribute('shapes', 'SHAPE', [[2], [1, 3]]),
    ];
    expect(b.executeOp('FIFOQueueV2', queue, [], 1)[0]!.dtype).toBe(b.TF_RESOURCE);
  });

  test('tensor, function and list of functions', () => {
    const constant = [attribute('dtype', 'TYPE', b.TF_FLOAT), attribute('value', 'TENSOR', floats([2], 1, 2))];
    expect(run('Const', constant, [])).toEqual([Float32Array.of(1, 2)]);
    for (const [name, op] of [
      ['addon_test_neg', 'Neg'],
      ['addon_test_square', 'Square'],
    ] as const) {
      const graph = new b.Graph();
      const [x] = graph.placeholder(b.TF_FLOAT, [2]).outputs;
      const [y] = graph.operation(op, [], [x!.id], []).outputs;
      graph.register(name, [x!.id], [y!.id], [], false);
    }
    const types = [attribute('Tin', 'TYPE', [b.TF_FLOAT]), attribute('Tout', 'TYPE', [b.TF_FLOAT])];
    const call = [...types, attribute('f', 'FUNC', 'addon_test_square')];
    expect(run('PartitionedCall', call, [floats([2], 2, 3)])).toEqual([Float32Array.of(4, 9)]);
    const branches = [...types, attribute('branches', 'FUNC', ['addon_test_neg', 'addon_test_square'])];
    expect(run('Case', branches, [ints([], 0), floats([2], 2, 3)])).toEqual([Float32Array.of(-2, -3)]);
    expect(run('Case', branches, [ints([], 1), floats([2], 2, 3)])).toEqual([Float32Array.of(4, 9)]);
    b.removeFunction('addon_test_neg');
    expect(() => run('addon_test_neg', [], [floats([2], 2, 3)])).toThrow(/'addon_test_neg' is neither/);
  });

  test('a wrong value names the attribute', () => {
    expect(() => run('Sum', [attribute('keep_dims', 'BOOL', 'yes')], [])).toThrow(
      'attribute keep_dims: expected a boolean',
    );
    expect(() => run('Sum', [{ name: 'T', type: 99, value: 1 }], [])).toThrow(
      "attribute T: expected one of TensorFlow's",
    );
  });
});

describe('errors carry TensorFlow’s message', () => {
  test('of an operation', () => {
    const [a, c] = [floats([1, 2], 1, 2), floats([1, 3], 1, 2, 3)];
    expect(() => run('MatMul', [], [a, c])).toThrow(
      'executeOp MatMul: Matrix size-incompatible: In[0]: [1,2], In[1]: [1,3]',
    );
  });
  test('of a graph, when the operation is added', () => {
    const graph = new b.Graph();
    const [x] = graph.placeholder(b.TF_FLOAT, [2, 3]).outputs;
    expect(() => graph.operation('MatMul', [], [x!.id, x!.id], [])).toThrow(
      /Dimensions must be equal, but are 3 and 2/,
    );
  });
  test('unknown ids and sizes that do not fit', () => {
    expect(() => b.tensorDataSync(2 ** 30)).toThrow('no tensor has id 1073741824');
    expect(() => b.deleteTensor(2 ** 30)).toThrow('no tensor has id 1073741824');
    expect(() => floats([3], 1)).toThrow('expected a typed array of 12 bytes, got 4');
  });
  test('of a promise', async () => {
    await expect(b.executeOpAsync('MatMul', [], [floats([1], 1), floats([1], 1)], 1)).rejects.toThrow(
      'executeOp MatMul: ',
    );
  });
});

test('a graph infers shapes without running', () => {
  const graph = new b.Graph();
  const [x] = graph.placeholder(b.TF_FLOAT, [2, 3]).outputs;
  const [shape] = graph.constant(b.TF_INT32, [1], Int32Array.of(6)).outputs;
  expect(graph.operation('Reshape', [], [x!.id, shape!.id], []).outputs[0]!.shape).toEqual([6]);
  expect(graph.operation('Where', [], [x!.id], []).outputs[0]!.shape).toEqual([-1, 2]);
});

test('the event loop turns while an operation runs and is read', async () => {
  const n = 1500; // a product of some 30 ms
  const [m] = b.executeOp('Fill', [], [ints([2], n, n), floats([], 1)], 1);
  let turns = 0;
  const timer = setInterval(() => turns++, 1).unref();
  const [product] = await b.executeOpAsync('MatMul', [], [m!.id, m!.id], 1);
  const values = (await b.tensorData(product!.id)) as Float32Array;
  clearInterval(timer);
  expect(values[0]).toBe(n);
  expect(turns).toBeGreaterThan(1);
});

test('lists operations and devices, and counts memory', () => {
  expect(Buffer.from(b.operations()).includes('StatelessMultinomial')).toBe(true);
  expect(b.devices()[0]).toMatchObject({ type: 'CPU' });
  const before = b.memory();
  const id = floats([3], 1, 2, 3);
  expect(b.memory()).toEqual({ tensors: before.tensors + 1, bytes: before.bytes + 12 });
  b.deleteTensor(id);
  expect(b.memory()).toEqual(before);
});
