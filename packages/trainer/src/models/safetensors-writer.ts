import { DTYPE_BYTES, encodeBfloat16 } from './dtypes.js';
import { replaceFile } from './files.js';
import type { TensorSpec } from './safetensors.js';

/** A tensor to write; `data` is called when its turn comes, so that one tensor at a time need be in memory. */
export interface TensorSource extends TensorSpec {
  data(): Float32Array | Promise<Float32Array>;
}

/** How {@link writeSafetensors} stores. */
export interface WriteOptions {
  /** Stored element type. @defaultValue 'F32' */
  readonly dtype?: 'F32' | 'BF16';
  /** @defaultValue `{ format: 'pt' }`, without which older transformers refuse the file */
  readonly metadata?: Readonly<Record<string, string>>;
}

/**
 * Writes a safetensors file, atomically (see {@link replaceFile}) and one tensor at a time.
 *
 * @throws Error naming file and tensor when the data's length does not fit its shape, or a name occurs twice.
 */
export async function writeSafetensors(
  path: string,
  tensors: readonly TensorSource[],
  options: WriteOptions = {},
): Promise<void> {
  const dtype = options.dtype ?? 'F32';
  const header = new Map<string, unknown>([['__metadata__', options.metadata ?? { format: 'pt' }]]);
  let position = 0;
  for (const { name, shape } of tensors) {
    if (header.has(name)) throw new Error(`${path}: tensor "${name}" given twice`);
    const end = position + shape.reduce((product, size) => product * size, 1) * DTYPE_BYTES[dtype];
    header.set(name, { dtype, shape, data_offsets: [position, end] });
    position = end;
  }
  const text = new TextEncoder().encode(JSON.stringify(Object.fromEntries(header)));
  const padded = new Uint8Array(8 + Math.ceil(text.length / 8) * 8).fill(0x20, 8); // spaces: tensors start 8-aligned
  new DataView(padded.buffer).setBigUint64(0, BigInt(padded.length - 8), true);
  padded.set(text, 8);
  await replaceFile(path, async (file) => {
    await file.writeFile(padded);
    for (const tensor of tensors) {
      const data = await tensor.data();
      const expected = tensor.shape.reduce((product, size) => product * size, 1);
      if (data.length !== expected)
        throw new Error(
          `${path}: tensor "${tensor.name}": shape [${tensor.shape.join(', ')}] needs ${expected} values, got ${data.length}`,
        );
      const encoded = dtype === 'BF16' ? encodeBfloat16(data) : data;
      await file.writeFile(new Uint8Array(encoded.buffer, encoded.byteOffset, encoded.byteLength));
    }
  });
}
