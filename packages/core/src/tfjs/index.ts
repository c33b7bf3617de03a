export { grpoLossTensor } from './loss.js';
