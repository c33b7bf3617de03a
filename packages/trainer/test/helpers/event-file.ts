import { readFileSync } from 'node:fs';
import { maskedCrc32c } from '../../src/tracking/tensorboard/crc32c.js';

/** Fields of a protobuf message by number; what is a message inside is left as bytes. */
export type Fields = Map<number, (Buffer | number)[]>;

/** Reads any protobuf message without its schema. Numbers of wire type 0 come as numbers, all else as bytes. */
export function readFields(data: Buffer): Fields {
  const fields: Fields = new Map();
  let at = 0;
  const varint = () => {
    let [value, scale] = [0, 1];
    for (; data[at]! >= 0x80; scale *= 128) value += (data[at++]! & 0x7f) * scale;
    return value + data[at++]! * scale;
  };
  const take = (length: number) => data.subarray(at, (at += length));
  while (at < data.length) {
    const key = varint();
    const type = key % 8;
    const value = type === 0 ? varint() : take(type === 1 ? 8 : type === 5 ? 4 : varint());
    const field = Math.floor(key / 8);
    fields.set(field, [...(fields.get(field) ?? []), value]);
  }
  return fields;
}

/** The data of every whole TFRecord of a file, its checksums verified. */
export function readRecords(file: string): Buffer[] {
  const data = readFileSync(file);
  const records: Buffer[] = [];
  let at = 0;
  while (at + 12 <= data.length) {
    const length = Number(data.readBigUInt64LE(at));
    if (at + 16 + length > data.length) break;
    const record = data.subarray(at + 12, at + 12 + length);
    if (data.readUInt32LE(at + 8) !== maskedCrc32c(data.subarray(at, at + 8))) throw new Error('CRC of a length');
    if (data.readUInt32LE(at + 12 + length) !== maskedCrc32c(record)) throw new Error('CRC of data');
    records.push(record);
    at += 16 + length;
  }
  return records;
}

/** An event of an event file as a test looks at it. */
export interface ReadEvent {
  readonly step: number;
  /** The session's status when the event speaks of one. */
  readonly session?: number;
  readonly scalars: Record<string, number>;
  readonly texts: Record<string, string>;
  readonly images: Record<string, { width: number; height: number; png: Buffer }>;
}

const nested = (fields: Fields, field: number) => (fields.get(field) ?? []).map((value) => readFields(value as Buffer));

/** The events of an event file. */
export function readEvents(file: string): ReadEvent[] {
  return readRecords(file).map((record) => {
    const event = readFields(record);
    const read: ReadEvent = { step: event.get(2)![0] as number, scalars: {}, texts: {}, images: {} };
    for (const value of nested(event, 5).flatMap((summary) => nested(summary, 1))) {
      const tag = String(value.get(1)![0]);
      const scalar = value.get(2)?.[0] as Buffer | undefined;
      if (scalar) read.scalars[tag] = scalar.readFloatLE();
      for (const tensor of nested(value, 8)) read.texts[tag] = String(tensor.get(8)![0]);
      for (const image of nested(value, 4)) {
        const [height, width, png] = [1, 2, 4].map((field) => image.get(field)![0]);
        read.images[tag] = { height: height as number, width: width as number, png: png as Buffer };
      }
    }
    const session = nested(event, 7)[0]?.get(1)?.[0];
    return typeof session === 'number' ? { ...read, session } : read;
  });
}
