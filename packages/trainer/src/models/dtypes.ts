/** Element types of a safetensors file that are read here. */
export type Dtype = 'F64' | 'F32' | 'F16' | 'BF16' | 'I64' | 'I32' | 'I16' | 'I8' | 'U8' | 'BOOL';

/** Bytes of one element. */
export const DTYPE_BYTES: Readonly<Record<Dtype, number>> = {
  F64: 8,
  F32: 4,
  F16: 2,
  BF16: 2,
  I64: 8,
  I32: 4,
  I16: 2,
  I8: 1,
  U8: 1,
  BOOL: 1,
};

/** IEEE half precision to a number: sign, 5 bits of exponent, 10 of fraction. */
function halfToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** A view of little-endian bytes as elements of `Type`; copies only when the bytes are not aligned for it. */
function view<T>(
  Type: { new (buffer: ArrayBufferLike, offset: number, length: number): T; BYTES_PER_ELEMENT: number },
  bytes: Uint8Array,
): T {
  const aligned = bytes.byteOffset % Type.BYTES_PER_ELEMENT === 0 ? bytes : bytes.slice();
  return new Type(aligned.buffer, aligned.byteOffset, aligned.byteLength / Type.BYTES_PER_ELEMENT);
}

/** An integer as int32, or an error: 64-bit values past int32 must not wrap silently. */
function toInt32(value: bigint): number {
  if (value < -2147483648n || value > 2147483647n) throw new RangeError(`integer ${value.toString()} is outside int32`);
  return Number(value);
}

/**
 * Decodes stored elements into `out`, beginning at `start`.
 *
 * @param bytes - whole elements, little-endian
 * @param out - Float32Array for floating types, Int32Array for integers; others are refused by the reader
 */
export function decodeInto(dtype: Dtype, bytes: Uint8Array, out: Float32Array | Int32Array, start: number): void {
  switch (dtype) {
    case 'BF16': {
      // A bfloat16 is the upper half of a float32.
      const bits = new Uint32Array(out.buffer, out.byteOffset, out.length);
      const halves = view(Uint16Array, bytes);
      for (let i = 0; i < halves.length; i++) bits[start + i] = halves[i]! << 16;
      return;
    }
    case 'F16': {
      const halves = view(Uint16Array, bytes);
      for (let i = 0; i < halves.length; i++) out[start + i] = halfToNumber(halves[i]!);
      return;
    }
    case 'I64': {
      const values = view(BigInt64Array, bytes);
      for (let i = 0; i < values.length; i++) out[start + i] = toInt32(values[i]!);
      return;
    }
    case 'F64':
      out.set(view(Float64Array, bytes), start);
      return;
    case 'F32':
      out.set(view(Float32Array, bytes), start);
      return;
    case 'I32':
      out.set(view(Int32Array, bytes), start);
      return;
    case 'I16':
      out.set(view(Int16Array, bytes), start);
      return;
    case 'I8':
      out.set(view(Int8Array, bytes), start);
      return;
    case 'U8':
    case 'BOOL':
      out.set(bytes, start);
  }
}

/** float32 to bfloat16 bits, rounding to nearest, ties to even, as torch does. NaN stays NaN. */
export function encodeBfloat16(values: Float32Array): Uint16Array {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  const out = new Uint16Array(values.length);
  for (let i = 0; i < bits.length; i++) {
    const word = bits[i]!;
    const isNan = (word & 0x7fffffff) > 0x7f800000; // rounding could carry a NaN into infinity
    out[i] = isNan ? (word >>> 16) | 0x40 : (word + 0x7fff + ((word >>> 16) & 1)) >>> 16;
  }
  return out;
}
