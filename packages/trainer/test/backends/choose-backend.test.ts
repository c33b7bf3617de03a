import * as tf from '@tensorflow/tfjs';
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import { expect, it } from '@jest/globals';
import { chooseBackend } from '../../src/backends/choose-backend.js';

it('falls back to plain JavaScript with a warning when wasm does not start', async () => {
  setWasmPaths('/nowhere/');
  const warnings: string[] = [];
  expect(await chooseBackend((message) => warnings.push(message))).toBe('cpu');
  expect(warnings).toHaveLength(1);
  expect(warnings[0]).toMatch(/no wasm backend .* plain JavaScript/);
  expect(tf.getBackend()).toBe('cpu');
  expect(await chooseBackend()).toBe('cpu'); // decided once, warned once
});
