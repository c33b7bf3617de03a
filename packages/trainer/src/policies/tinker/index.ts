export type { NativeInputs } from './passes.js';
export { createTinkerPolicy, type TinkerPolicy, type TinkerPolicyOptions } from './policy.js';
