/** Numbers as the protocol's `bytes` fields hold them. */
const KINDS = {
  float32: { size: 4, write: (view: DataView, at: number, value: number) => view.setFloat32(at, value, true) },
  int32: { size: 4, write: (view: DataView, at: number, value: number) => view.setInt32(at, value, true) },
  int64: { size: 8, write: (view: DataView, at: number, value: number) => view.setBigInt64(at, BigInt(value), true) },
} as const;

const READ = {
  float32: (view: DataView, at: number) => view.getFloat32(at, true),
  int32: (view: DataView, at: number) => view.getInt32(at, true),
  int64: (view: DataView, at: number) => Number(view.getBigInt64(at, true)),
} as const;

/** How numbers are stored. */
export type NumberKind = keyof typeof KINDS;

/** Writes numbers one after the other. */
export function packNumbers(values: readonly number[], kind: NumberKind): Uint8Array {
  const { size, write } = KINDS[kind];
  const bytes = new Uint8Array(values.length * size);
  const view = new DataView(bytes.buffer);
  values.forEach((value, i) => write(view, i * size, value));
  return bytes;
}

/** @throws Error when the bytes are no whole number of numbers. */
export function unpackNumbers(bytes: Uint8Array, kind: NumberKind): number[] {
  const { size } = KINDS[kind];
  if (bytes.length % size !== 0) throw new Error(`${bytes.length} bytes are no whole number of ${kind}`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Array.from({ length: bytes.length / size }, (_, i) => READ[kind](view, i * size));
}
