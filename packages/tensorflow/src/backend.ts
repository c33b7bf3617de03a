import * as tf from '@tensorflow/tfjs';
import { isBfloat16, widening } from './bfloat16.js';
import { loadBinding, type Binding, type NativeTensor, type StartOptions } from './binding.js';
import type { Trace } from './compile/trace.js';
import { createKernelLoader } from './kernel-files.js';
import { registerKernels } from './kernels.js';
import type { NodeBackend, NodeBackendClass, TensorRecord } from './node-backend.js';
import type { Installation } from './setup/installation.js';

/** The backend 'tensorflow'. */
export interface TensorflowBackend extends NodeBackend {
  readonly installation: Installation;
  /** What operations go into at present, if anything. */
  readonly trace: Trace | undefined;
  /** Runs a function while what it asks of the binding goes into a trace, which may lie within another one. */
  traceWith<T>(trace: Trace, run: () => T): T;
}

let started: Promise<TensorflowBackend> | undefined;
let running: TensorflowBackend | undefined;

/**
 * Registers the backend 'tensorflow' with TensorFlow.js and makes it the current one. Later calls return the first one's.
 *
 * @throws Error saying to run setup, when it has not run.
 * @example
 * import * as tf from '@tensorflow/tfjs';
 * import { startTensorflow } from '@q-insight/tensorflow';
 * await startTensorflow();
 * tf.matMul([[1, 2]], [[3], [4]]).print(); // [[11]]
 */
export function startTensorflow(options: StartOptions = {}): Promise<TensorflowBackend> {
  started ??= start(options);
  return started;
}

async function start(options: StartOptions): Promise<TensorflowBackend> {
  const { binding, installation } = loadBinding(options);
  const load = createKernelLoader(installation.kernels);
  const { NodeJSKernelBackend } = load('nodejs_kernel_backend.js') as { NodeJSKernelBackend: NodeBackendClass };
  load('register_all_kernels.js');
  registerKernels();
  const backend = createBackend(NodeJSKernelBackend, binding, installation);
  tf.registerBackend('tensorflow', () => backend);
  await tf.setBackend('tensorflow');
  running = backend;
  return backend;
}

/** The JavaScript backend, with reading that does not block, and with memory freed for tensors that nobody disposed. */
function createBackend(Base: NodeBackendClass, binding: Binding, installation: Installation): TensorflowBackend {
  const forgotten = new FinalizationRegistry<TensorRecord>(({ id }) => {
    if (id >= 0) binding.deleteTensor(id);
  });

  class Backend extends widening(Base) implements TensorflowBackend {
    readonly installation = installation;
    trace: Trace | undefined;

    traceWith<T>(trace: Trace, run: () => T): T {
      const around = { trace: this.trace, binding: this.binding };
      this.trace = trace;
      this.binding = trace.recorder();
      try {
        return run();
      } finally {
        Object.assign(this, around);
      }
    }

    override getInputTensorIds(tensors: readonly tf.TensorInfo[]): number[] {
      const { trace } = this;
      if (trace === undefined) return super.getInputTensorIds(tensors);
      return tensors.map((tensor) => {
        const record = this.tensorMap.get(tensor.dataId);
        if (record.values !== null) {
          const { shape, dtype, values } = record;
          const owner = trace.ownerOf(record);
          record.id = owner
            ? owner.constant(shape, dtype, values as ArrayBufferView)
            : binding.createTensor(shape, dtype, values);
          record.values = null;
        }
        const id = super.getInputTensorIds([tensor])[0]!;
        trace.meet(id, tensor.dataId);
        return id;
      });
    }

    override createOutputTensor(native: NativeTensor): tf.Tensor {
      const tensor = super.createOutputTensor(native);
      this.watch(tensor.dataId);
      return tensor;
    }

    override move(
      dataId: object,
      values: tf.backend_util.BackendValues,
      shape: number[],
      dtype: tf.DataType,
      refCount: number,
    ): void {
      super.move(dataId, values, shape, dtype, refCount);
      this.trace?.adopt(this.tensorMap.get(dataId));
      this.watch(dataId);
    }

    override disposeData(dataId: object, force?: boolean): boolean {
      const record = this.tensorMap.has(dataId) ? this.tensorMap.get(dataId) : undefined;
      const disposed = super.disposeData(dataId, force);
      if (disposed && record !== undefined) forgotten.unregister(record);
      return disposed;
    }

    override async read(dataId: object): Promise<tf.backend_util.BackendValues> {
      if (isBfloat16({ dataId })) return super.read(dataId);
      const { values, id } = this.tensorMap.get(dataId);
      return values ?? ((await this.binding.tensorData(id)) as tf.backend_util.BackendValues);
    }

    override memory(): { unreliable: boolean; nativeTensors: number; nativeBytes: number } {
      const { tensors, bytes } = this.binding.memory();
      return { unreliable: false, nativeTensors: tensors, nativeBytes: bytes };
    }

    private watch(dataId: object): void {
      const record = this.tensorMap.get(dataId);
      forgotten.register(dataId, record, record);
    }
  }

  const backend: unknown = new Backend(binding, '@q-insight/tensorflow');
  return backend as TensorflowBackend;
}

/** The running backend. @throws Error when another one is current. */
export function currentBackend(): TensorflowBackend {
  if (running === undefined || tf.getBackend() !== 'tensorflow') {
    throw new Error(`expected the backend 'tensorflow', got '${tf.getBackend()}': await startTensorflow() first`);
  }
  return running;
}
