import type * as tf from '@tensorflow/tfjs';
import type { Binding, NativeTensor } from './binding.js';

/** What the backend knows of a tensor. */
export interface TensorRecord {
  readonly shape: number[];
  /** TensorFlow's DataType. */
  readonly dtype: number;
  /** -1 until the values are handed over, at the first use. */
  id: number;
  values: tf.backend_util.BackendValues | null;
  refCount: number;
}

/** An attribute as the kernels give it. */
export interface LooseAttribute {
  readonly name: string;
  readonly type: number;
  readonly value: unknown;
}

/** The parts of the JavaScript backend that are used or changed here. */
export interface NodeBackend extends tf.KernelBackend {
  binding: Binding;
  readonly tensorMap: tf.DataStorage<TensorRecord>;
  /** A tensor of TensorFlow.js for one of the addon's; takes it over. */
  createOutputTensor(tensor: NativeTensor): tf.Tensor;
  /** Ids of tensors, whose values are handed over where they were not yet. */
  getInputTensorIds(tensors: readonly tf.TensorInfo[]): number[];
  /** Runs an operation with one output. */
  executeSingleOutput(name: string, attributes: readonly LooseAttribute[], inputs: readonly tf.TensorInfo[]): tf.Tensor;
  /** Runs an operation with several outputs. */
  executeMultipleOutputs(
    name: string,
    attributes: readonly LooseAttribute[],
    inputs: readonly tf.TensorInfo[],
    outputs: number,
  ): tf.Tensor[];
  /** TensorFlow's DataType of a type. */
  getDTypeInteger(dtype: tf.DataType): number;
}

/** The JavaScript backend's class. */
export type NodeBackendClass = new (
  binding: Binding,
  packageName: string,
) => NodeBackend & {
  move(dataId: object, values: tf.backend_util.BackendValues, shape: number[], dtype: tf.DataType, refs: number): void;
};
