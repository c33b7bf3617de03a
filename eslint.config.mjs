import js from '@eslint/js';
import tseslint from 'typescript-eslint';

/** Imports point one way: trainer -> rewards -> core, trainer -> tensorflow. */
const forbid = (...packages) => ({
  'no-restricted-imports': [
    'error',
    {
      patterns: packages.map((name) => ({
        group: [name, `${name}/*`],
        message: 'Imports point one way: trainer -> rewards -> core, trainer -> tensorflow.',
      })),
    },
  ],
});

export default tseslint.config(
  {
    ignores: [
      '**/dist/**',
      '**/.tsc/**',
      '.tsc/**',
      'docs/api/**',
      'coverage/**',
      'runs/**',
      'node_modules/**',
      '.venv-*/**',
    ],
  },
  js.configs.recommended,
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      '@typescript-eslint/no-non-null-assertion': 'off', // index access in numeric loops, after the shape check
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
    },
  },
  {
    files: ['packages/core/src/**/*.ts'],
    ignores: ['packages/core/src/tfjs/**', 'packages/core/src/invariants/**'],
    rules: forbid(
      '@q-insight/rewards',
      '@q-insight/tensorflow',
      '@q-insight/trainer',
      '@tensorflow',
      'fast-check',
      'node:*',
    ),
  },
  {
    files: ['packages/core/src/{tfjs,invariants}/**/*.ts'],
    rules: forbid('@q-insight/rewards', '@q-insight/tensorflow', '@q-insight/trainer'),
  },
  {
    files: ['packages/rewards/src/**/*.ts'],
    rules: forbid('@q-insight/tensorflow', '@q-insight/trainer', '@tensorflow'),
  },
  {
    files: ['packages/tensorflow/src/**/*.ts'],
    rules: forbid('@q-insight/core', '@q-insight/rewards', '@q-insight/trainer'),
  },
  {
    files: ['**/*.cjs', '**/*.mjs'],
    languageOptions: {
      globals: {
        process: 'readonly',
        console: 'readonly',
        require: 'readonly',
        module: 'writable',
        globalThis: 'readonly',
      },
    },
  },
  {
    files: ['packages/trainer/src/tracking/page/*.js', 'tools/browser/dashboard.mjs'],
    rules: { 'no-undef': 'off' }, // they know what browsers have
  },
);
