export { createTfjsPolicy, type TfjsPolicyOptions } from './policy.js';
