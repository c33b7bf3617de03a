import { createRequire } from 'node:module';
import { sourcesDigest } from './setup/compile-addon.js';
import { cacheFolder } from './setup/cache.js';
import { readInstallation, type Installation } from './setup/installation.js';

/** An operation's attribute. Lists are arrays; a function is its name, a tensor its id. */
export interface Attribute {
  readonly name: string;
  /** One of the binding's TF_ATTR_ constants. */
  readonly type: number;
  readonly value: AttributeValue;
}

/** The value of an {@link Attribute}. */
export type AttributeValue =
  string | number | bigint | boolean | Uint8Array | readonly (string | number | bigint | boolean | readonly number[])[];

/** A tensor of the library. */
export interface NativeTensor {
  readonly id: number;
  /** TensorFlow's DataType. */
  readonly dtype: number;
  readonly shape: number[];
}

/** An output of a graph's operation; its shape is null, or has -1 in it, where it depends on values. */
export interface GraphOutput {
  readonly id: number;
  readonly dtype: number;
  readonly shape: number[] | null;
}

/** An operation of a graph, and what it puts out. */
export interface GraphOperation {
  readonly operation: number;
  readonly outputs: GraphOutput[];
}

/** A graph under construction; nothing runs. */
export interface NativeGraph {
  /** An input of the graph. */
  placeholder(dtype: number, shape: readonly number[]): GraphOperation;
  /** An output with values of its own. */
  constant(dtype: number, shape: readonly number[], values: ArrayBufferView | readonly Uint8Array[]): GraphOperation;
  /** Adds an operation that runs after those given; an input that is a list is an array of outputs. */
  operation(
    type: string,
    attributes: readonly Attribute[],
    inputs: readonly (number | readonly number[])[],
    after: readonly number[],
  ): GraphOperation;
  /** Makes the graph a function that executeOp runs by name. */
  register(
    name: string,
    inputs: readonly number[],
    outputs: readonly number[],
    effects: readonly number[],
    compiled: boolean,
  ): void;
}

/** A device that TensorFlow found. */
export interface Device {
  readonly name: string;
  readonly type: string;
  readonly memoryBytes: number;
}

/** The addon: any operation of TensorFlow by name. */
export interface Binding {
  /** Starts TensorFlow with a serialized ConfigProto; later calls do nothing. */
  start(config: Uint8Array): void;
  /** Copies values into a new tensor. @returns its id */
  createTensor(
    shape: readonly number[],
    dtype: number,
    values: ArrayBufferView | readonly (string | Uint8Array)[],
  ): number;
  /** Frees a tensor. */
  deleteTensor(id: number): void;
  /** A copy of a tensor's values; of bfloat16 and half, the bits. */
  tensorDataSync(id: number): ArrayBufferView;
  /** The same without blocking the event loop. */
  tensorData(id: number): Promise<ArrayBufferView>;
  /** Runs an operation, or a registered function. */
  executeOp(name: string, attributes: readonly Attribute[], inputs: readonly number[], outputs: number): NativeTensor[];
  /** The same on another thread. */
  executeOpAsync(
    name: string,
    attributes: readonly Attribute[],
    inputs: readonly number[],
    outputs: number,
  ): Promise<NativeTensor[]>;
  /** Forgets a registered function; XLA keeps its program. */
  removeFunction(name: string): void;
  /** Serialized OpList. */
  operations(): Uint8Array;
  /** Devices that TensorFlow found. */
  devices(): Device[];
  /** Live tensors, and the bytes of their values; tensors that share a buffer count twice. */
  memory(): { tensors: number; bytes: number };
  /** Whether there is a GPU among them. */
  isUsingGpuDevice(): boolean;
  readonly Graph: new () => NativeGraph;
  readonly TF_FLOAT: number;
  readonly TF_INT32: number;
  readonly TF_BOOL: number;
  readonly TF_COMPLEX64: number;
  readonly TF_STRING: number;
  readonly TF_RESOURCE: number;
  readonly TF_BFLOAT16: number;
  readonly TF_HALF: number;
  readonly TF_ATTR_STRING: number;
  readonly TF_ATTR_INT: number;
  readonly TF_ATTR_FLOAT: number;
  readonly TF_ATTR_BOOL: number;
  readonly TF_ATTR_TYPE: number;
  readonly TF_ATTR_SHAPE: number;
  readonly TF_ATTR_TENSOR: number;
  readonly TF_ATTR_FUNC: number;
  readonly TF_Version: string;
}

/** How TensorFlow uses the machine. */
export interface StartOptions {
  /** Threads within an operation. @defaultValue as many as there are cores */
  readonly threads?: number;
  /** Where setup put everything. @defaultValue as for `setup` */
  readonly cache?: string;
}

/**
 * Loads the addon and starts TensorFlow.
 *
 * @throws Error saying to run setup, when it has not run, or what it compiled is of another version.
 */
export function loadBinding(options: StartOptions = {}): { binding: Binding; installation: Installation } {
  const installation = readInstallation(options.cache ?? cacheFolder());
  if (installation === undefined) throw new Error('TensorFlow is not set up: run npx q-insight setup');
  if (installation.sources !== sourcesDigest()) {
    throw new Error('TensorFlow was set up by another version of @q-insight/tensorflow: run npx q-insight setup again');
  }
  process.env['TF_CPP_MIN_LOG_LEVEL'] ??= '2'; // read once, when the library loads
  if (installation.variant === 'cuda') {
    process.env['XLA_FLAGS'] ??= `--xla_gpu_cuda_data_dir=${installation.library}/../nvidia/cuda_nvcc`;
  }
  const binding = openAddon(installation);
  checkVersion(binding.TF_Version, installation.tensorflow);
  binding.start(startConfig(options.threads ?? 0));
  return { binding, installation };
}

function openAddon({ addon }: Installation): Binding {
  try {
    return createRequire(import.meta.url)(addon) as Binding;
  } catch (error) {
    throw new Error(
      `TensorFlow's library cannot be loaded (${(error as Error).message}): run npx q-insight setup again`,
      {
        cause: error,
      },
    );
  }
}

/** @throws Error when the library is not the one that the addon was compiled against. */
export function checkVersion(found: string, expected: string): void {
  if (found !== expected.replace(/\.post\d+$/, '')) {
    throw new Error(
      `TensorFlow's library is version ${found}, the addon was compiled for ${expected}: run npx q-insight setup again`,
    );
  }
}

/** A serialized ConfigProto: threads within an operation (0: all cores); GPU memory taken as needed. */
export function startConfig(threads: number): Uint8Array {
  if (!Number.isInteger(threads) || threads < 0 || threads > 127) {
    throw new RangeError(`threads: expected a whole number from 0 to 127, got ${threads}`);
  }
  const intraOpParallelism = [0x10, threads]; // field 2
  const gpuOptions = [0x32, 2, 0x20, 1]; // field 6: {allow_growth (4): true}
  return Uint8Array.from([...intraOpParallelism, ...gpuOptions]);
}
