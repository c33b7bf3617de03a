process.env.Q_INSIGHT_BACKEND ??= 'wasm'; // what everybody has, even where the native backend is set up

export default {
  roots: ['<rootDir>/packages', '<rootDir>/examples'],
  testMatch: ['**/*.test.ts'],
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '\\.ts$': '<rootDir>/tools/jest-esbuild.cjs' },
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' }, // source writes ./x.js, the file is ./x.ts
  testEnvironment: '<rootDir>/tools/jest-environment.cjs',
  testEnvironmentOptions: { customExportConditions: ['@q-insight/source', 'node', 'node-addons'] },
  testPathIgnorePatterns: ['/node_modules/', '/dist/', '/.tsc/', '/tensorflow/test/native/'],
  modulePathIgnorePatterns: ['/dist/', '/.tsc/'],
  coverageProvider: 'v8',
  collectCoverageFrom: ['packages/*/src/**/*.ts'],
  testTimeout: 180_000, // for processes that start on a busy machine, and first calls of shapes that are compiled
  maxWorkers: '100%', // jest would leave one core idle: half of a small machine
};
