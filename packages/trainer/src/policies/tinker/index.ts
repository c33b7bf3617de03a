export { createTinkerPolicy, type NativeInputs, type TinkerPolicy, type TinkerPolicyOptions } from './policy.js';
