import { createHash } from 'node:crypto';

/** What the file holds of a value: its bytes, and a seal that does not fit once a bit of it has changed. */
export interface Entry {
  readonly value: Uint8Array;
  readonly seal: Uint8Array;
}

/** The key as it is stored: 32 bytes, whatever its length. */
export function digestOf(key: string): Uint8Array {
  return createHash('sha256').update(key).digest();
}

/** The entry of a value. */
export function entryOf(key: Uint8Array, value: number | null): Entry {
  const bytes = new Uint8Array(value === null ? 0 : 8);
  if (value !== null) new DataView(bytes.buffer).setFloat64(0, value, true);
  return { value: bytes, seal: sealOf(key, bytes) };
}

/** The value of an entry; `undefined` when the seal does not fit. */
export function valueOf(key: Uint8Array, entry: Entry): number | null | undefined {
  if (Buffer.compare(sealOf(key, entry.value), entry.seal) !== 0) return undefined;
  const { buffer, byteOffset, byteLength } = entry.value;
  return byteLength === 0 ? null : new DataView(buffer, byteOffset, byteLength).getFloat64(0, true);
}

function sealOf(key: Uint8Array, value: Uint8Array): Uint8Array {
  return createHash('sha256').update(key).update(value).digest().subarray(0, 8);
}
