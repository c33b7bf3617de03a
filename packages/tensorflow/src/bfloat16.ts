import * as tf from '@tensorflow/tfjs';
import { currentBackend, type LooseAttribute, type NodeBackendClass } from './backend.js';
import type { Attribute, Binding, NativeTensor } from './binding.js';

/**
 * Values stored in bfloat16, the upper half of a float32, that compute as float32: TensorFlow.js has no such type, so the
 * tensors say 'float32', and each operation widens them first. Widening is exact; a compiled program does it as it reads.
 */
const narrow = new WeakSet<object>();

/** Whether a tensor's values are stored in bfloat16. */
export function isBfloat16({ dataId }: Pick<tf.Tensor, 'dataId'>): boolean {
  return narrow.has(dataId);
}

const ROW_BYTES = 1 << 24;

const typeAttribute = ({ TF_ATTR_TYPE: type }: Binding, name: string, value: number): Attribute => {
  return { name, type, value };
};

/**
 * A matrix stored in bfloat16, at half of a float32's memory, which operations take as any other of type 'float32'. It is
 * filled a few rows at a time: besides the tensor, only 16 MiB (or a single row) are in memory.
 *
 * @param shape - [rows, columns]
 * @param read - gives the bits of `count` rows from row `first`, row-major
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
  return backend.createOutputTensor(tensor) as tf.Tensor2D;
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

/** A backend that widens tensors stored in bfloat16 before operations that do not know them, and when they are read. */
export function widening(Base: NodeBackendClass): NodeBackendClass {
  return class extends Base {
    override createOutputTensor(native: NativeTensor): tf.Tensor {
      if (native.dtype !== this.binding.TF_BFLOAT16) return super.createOutputTensor(native);
      const tensor = super.createOutputTensor({ ...native, dtype: this.binding.TF_FLOAT });
      this.tensorMap.set(tensor.dataId, { ...this.tensorMap.get(tensor.dataId), dtype: native.dtype });
      narrow.add(tensor.dataId);
      return tensor;
    }

    override executeSingleOutput(
      name: string,
      attributes: readonly LooseAttribute[],
      inputs: readonly tf.TensorInfo[],
    ): tf.Tensor {
      if (name === 'GatherV2' && narrow.has(inputs[0]!.dataId)) return this.gatherNarrow(attributes, inputs);
      return this.withWide(inputs, (wide) => super.executeSingleOutput(name, attributes, wide));
    }

    override executeMultipleOutputs(
      name: string,
      attributes: readonly LooseAttribute[],
      inputs: readonly tf.TensorInfo[],
      outputs: number,
    ): tf.Tensor[] {
      return this.withWide(inputs, (wide) => super.executeMultipleOutputs(name, attributes, wide, outputs));
    }

    override async read(dataId: object): Promise<tf.backend_util.BackendValues> {
      if (!narrow.has(dataId)) return super.read(dataId);
      const wide = this.widened({ dataId });
      return this.read(wide.dataId).finally(() => wide.dispose());
    }

    override readSync(dataId: object): tf.backend_util.BackendValues {
      if (!narrow.has(dataId)) return super.readSync(dataId);
      const wide = this.widened({ dataId });
      const values = super.readSync(wide.dataId);
      wide.dispose();
      return values;
    }

    /** Rows of a matrix stored in bfloat16: widened once they are gathered. */
    private gatherNarrow(attributes: readonly LooseAttribute[], inputs: readonly tf.TensorInfo[]): tf.Tensor {
      const { binding } = this;
      const own = [
        ...attributes.filter(({ name }) => name !== 'Tparams'),
        typeAttribute(binding, 'Tparams', binding.TF_BFLOAT16),
      ];
      const rows = super.executeSingleOutput('GatherV2', own, inputs);
      const wide = this.widened(rows);
      rows.dispose();
      return wide;
    }

    private widened(tensor: Pick<tf.TensorInfo, 'dataId'>): tf.Tensor {
      const { binding } = this;
      const attributes = [
        typeAttribute(binding, 'SrcT', binding.TF_BFLOAT16),
        typeAttribute(binding, 'DstT', binding.TF_FLOAT),
      ];
      return super.executeSingleOutput('Cast', attributes, [tensor as tf.TensorInfo]);
    }

    private withWide<T>(inputs: readonly tf.TensorInfo[], run: (wide: readonly tf.TensorInfo[]) => T): T {
      const made: tf.Tensor[] = [];
      const wide = inputs.map((input) => {
        if (!narrow.has(input.dataId)) return input;
        made.push(this.widened(input));
        return made.at(-1)!;
      });
      const result = run(wide);
      made.forEach((tensor) => tensor.dispose());
      return result;
    }
  };
}
