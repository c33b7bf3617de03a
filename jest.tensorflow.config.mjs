// The tests that need `q-insight setup`: those of the native backend, and the golden tests of the trainer on it.
import base from './jest.config.mjs';

process.env.Q_INSIGHT_BACKEND = 'tensorflow';

export default {
  ...base,
  testPathIgnorePatterns: ['/node_modules/', '/dist/', '/.tsc/'],
  testMatch: [
    '**/packages/tensorflow/test/native/**/*.test.ts',
    '**/packages/trainer/test/models/**/*.test.ts',
    '**/packages/trainer/test/policies/tfjs/**/*.test.ts',
  ],
};
