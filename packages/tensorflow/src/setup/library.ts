import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Library } from './compile-addon.js';
import type { OnProgress } from './download.js';
import type { InstalledTensorflow } from './python.js';
import { unzip } from './unzip.js';
import { CPU_WHEEL, CUDA_WHEELS, isUsableVersion, OLDEST_TENSORFLOW, type Wheel } from './versions.js';
import { fetchWheel, removeWheel } from './wheels.js';

/** The files of a TensorFlow wheel that the addon needs; of NVIDIA's wheels, the libraries and the compiler's tools. */
export function isNeeded(name: string): boolean {
  if (/^tensorflow\/libtensorflow_(cc|framework)\.so\.2$/.test(name)) return true;
  if (/^tensorflow\/include\/(tensorflow\/c\/.*|tensorflow\/core\/platform\/ctstring.*|.*tsl_status)\.h$/.test(name))
    return true;
  if (/^tensorflow\/include\/(xla|tsl|third_party)\/.*(ctstring|tsl_status).*\.h$/.test(name)) return true;
  return /^nvidia\/[^/]+\/lib\/[^/]*\.so/.test(name) || /^nvidia\/cuda_nvcc\/(bin|nvvm)\//.test(name);
}

/** Why a TensorFlow that Python has cannot be used; undefined when it can. */
export function unusableReason({ version, folder }: InstalledTensorflow, variant: 'cpu' | 'cuda'): string | undefined {
  if (!isUsableVersion(version)) return `version ${version}, needs 2.x from ${OLDEST_TENSORFLOW.join('.')}`;
  const missing = ['libtensorflow_cc.so.2', 'libtensorflow_framework.so.2', 'include/tensorflow/c/eager/c_api.h'].find(
    (file) => !existsSync(join(folder, file)),
  );
  if (missing !== undefined) return `it has no ${missing}`;
  if (variant === 'cuda' && !existsSync(join(folder, '../nvidia'))) return 'its CUDA libraries are not installed';
  return undefined;
}

/** Roughly what a variant takes on disk, with the download: bytes. */
export const DISK_NEEDED = { cpu: 1.3e9, cuda: 12e9 } as const;

/** Downloads a variant's wheels and unpacks what is needed of them into `folder`. */
export async function fetchLibrary(
  variant: 'cpu' | 'cuda',
  folder: string,
  downloads: string,
  onProgress: (wheel: Wheel) => OnProgress,
): Promise<void> {
  for (const wheel of variant === 'cpu' ? [CPU_WHEEL] : CUDA_WHEELS) {
    const file = await fetchWheel(wheel, downloads, onProgress(wheel));
    const unpacked = await unzip(file, folder, isNeeded);
    if (unpacked === 0) throw new Error(`setup: ${wheel.file} holds nothing of what is needed`);
    await removeWheel(file);
  }
}

/** The library that {@link fetchLibrary} unpacked into `folder`. */
export function fetchedLibrary(folder: string): Library {
  return { folder: join(folder, 'tensorflow'), version: CPU_WHEEL.version };
}
