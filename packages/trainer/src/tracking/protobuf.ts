/** Fields of Protocol Buffers messages, as bytes: a message is its fields one after the other (protobuf.dev, "Encoding"). */

const VARINT = 0;
const FIXED64 = 1;
const LENGTH = 2;
const FIXED32 = 5;

/** An integer of at least 0, 7 bits a byte, lowest first. */
function varint(value: number): Buffer {
  if (!Number.isSafeInteger(value) || value < 0) {
    throw new RangeError(`varint: expected a whole number of at least 0, got ${value}`);
  }
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 0x7f; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 0x80);
  return Buffer.from([...bytes, rest]);
}

const key = (field: number, wireType: number) => varint(field * 8 + wireType);

/** int64, uint64, enum or bool. */
export const integer = (field: number, value: number): Buffer => Buffer.concat([key(field, VARINT), varint(value)]);

/** double. */
export function double(field: number, value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleLE(value);
  return Buffer.concat([key(field, FIXED64), bytes]);
}

/** float: the nearest of 32 bits. */
export function float(field: number, value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeFloatLE(value);
  return Buffer.concat([key(field, FIXED32), bytes]);
}

/** string or bytes. */
export function bytes(field: number, value: string | Uint8Array): Buffer {
  const content = Buffer.from(value as string);
  return Buffer.concat([key(field, LENGTH), varint(content.length), content]);
}

/** A message inside a message. */
export const message = (field: number, ...fields: readonly Buffer[]): Buffer => bytes(field, Buffer.concat(fields));
