export { createTinkerPolicy, type TinkerPolicy, type TinkerPolicyOptions } from './policy.js';
