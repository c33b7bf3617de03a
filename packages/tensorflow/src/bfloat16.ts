import * as tf from '@tensorflow/tfjs';
import type { Attribute, Binding, NativeTensor } from './binding.js';
import type { LooseAttribute, NodeBackendClass } from './node-backend.js';

/** The type that a product's operands are taken in. Sums are in float32 either way. */
export type MatmulPrecision = 'float32' | 'bfloat16';

/**
 * Values stored in bfloat16, the upper half of a float32, and how they are multiplied. TensorFlow.js has no such type, so the tensors
 * say 'float32', and each operation widens them first, but for products in bfloat16. Widening is exact; a compiled program does
 * it as it reads.
 */
const narrow = new WeakMap<object, MatmulPrecision>();

/** Whether a tensor's values are stored in bfloat16. */
export function isBfloat16({ dataId }: Pick<tf.Tensor, 'dataId'>): boolean {
  return narrow.has(dataId);
}

/** The type that a tensor is multiplied in which is stored in bfloat16; undefined for others. */
export function matmulPrecision({ dataId }: Pick<tf.Tensor, 'dataId'>): MatmulPrecision | undefined {
  return narrow.get(dataId);
}

/** Says in which type a tensor that is stored in bfloat16 is multiplied. */
export function setMatmulPrecision(
  { dataId }: Pick<tf.Tensor, 'dataId'>,
  precision: MatmulPrecision | undefined,
): void {
  if (precision !== undefined && narrow.has(dataId)) narrow.set(dataId, precision);
}

/** A product of operands in bfloat16 with a result in float32. Of TensorFlow's own kernels for the CPU none does that; XLA does. */
export const NARROW_PRODUCT = 'BatchMatMulV3';

/** An attribute whose value is one of TensorFlow's DataTypes. */
export const typeAttribute = ({ TF_ATTR_TYPE: type }: Binding, name: string, value: number): Attribute => {
  return { name, type, value };
};

/** A backend that widens tensors stored in bfloat16 before operations that do not know them, and when they are read. */
export function widening(Base: NodeBackendClass): NodeBackendClass {
  return class extends Base {
    override createOutputTensor(native: NativeTensor): tf.Tensor {
      if (native.dtype !== this.binding.TF_BFLOAT16) return super.createOutputTensor(native);
      const tensor = super.createOutputTensor({ ...native, dtype: this.binding.TF_FLOAT });
      this.tensorMap.set(tensor.dataId, { ...this.tensorMap.get(tensor.dataId), dtype: native.dtype });
      narrow.set(tensor.dataId, 'float32');
      return tensor;
    }

    override executeSingleOutput(
      name: string,
      attributes: readonly LooseAttribute[],
      inputs: readonly tf.TensorInfo[],
    ): tf.Tensor {
      if (name === 'GatherV2' && narrow.has(inputs[0]!.dataId)) return this.gatherNarrow(attributes, inputs);
      if (name === NARROW_PRODUCT) return super.executeSingleOutput(name, attributes, inputs);
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
