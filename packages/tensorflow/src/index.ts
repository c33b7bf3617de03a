export { cacheFolder } from './setup/cache.js';
export { type Installation, readInstallation } from './setup/installation.js';
export { setup, type SetupOptions, type SetupResult } from './setup/setup.js';
export { isBfloat16, matmulPrecision, type MatmulPrecision } from './bfloat16.js';
export { bfloat16Matrix } from './bfloat16-matrix.js';
export { startTensorflow, type TensorflowBackend } from './backend.js';
export type { TensorRecord } from './node-backend.js';
export {
  type Attribute,
  type AttributeValue,
  type Binding,
  type Device,
  type GraphOperation,
  type GraphOutput,
  type NativeGraph,
  type NativeTensor,
  type StartOptions,
} from './binding.js';
export { compile, type Compiled, type CompiledSignature, type CompileOptions } from './compile/compile.js';
export { whileLoop } from './compile/loop.js';
export { isOutOfMemory } from './out-of-memory.js';
export { writeSlice } from './write-slice.js';
