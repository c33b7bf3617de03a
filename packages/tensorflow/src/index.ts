export { cacheFolder } from './setup/cache.js';
export { type Installation, readInstallation } from './setup/installation.js';
export { setup, type SetupOptions, type SetupResult } from './setup/setup.js';
export { bfloat16Matrix, isBfloat16 } from './bfloat16.js';
export { startTensorflow, type TensorflowBackend, type TensorRecord } from './backend.js';
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
export { writeSlice } from './write-slice.js';
