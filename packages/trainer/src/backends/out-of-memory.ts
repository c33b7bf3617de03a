import { isOutOfMemory as isNative } from '@q-insight/tensorflow';

/**
 * Whether an error says that memory could not be had: by TensorFlow, for an array of JavaScript, or for wasm, whose 4 GiB a
 * kernel that got none runs out of bounds of.
 */
export function isOutOfMemory(error: unknown): boolean {
  if (isNative(error)) return true;
  if (!(error instanceof Error)) return false;
  return error.name === 'RuntimeError' || /^Array buffer allocation failed/.test(error.message);
}
