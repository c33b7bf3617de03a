import { readFileSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import { readFields, type Fields } from './event-file.js';

/** The records of a W&B run file, put together from their pieces, each piece's checksum verified. */
export function readWandbRecords(file: string): Buffer[] {
  const data = readFileSync(file);
  if (data.subarray(0, 7).toString('hex') !== '3a572642e1be00') throw new Error('header');
  const records: Buffer[] = [];
  const pieces: Buffer[] = [];
  for (let at = 7; at + 7 <= data.length;) {
    const left = 32768 - (at % 32768);
    if (left < 7) {
      at += left;
      continue;
    }
    const [crc, length, type] = [data.readUInt32LE(at), data.readUInt16LE(at + 4), data.readUInt8(at + 6)];
    if (7 + length > left) throw new Error('a piece crosses a block');
    if (crc32(data.subarray(at + 6, at + 7 + length)) !== crc) throw new Error('CRC');
    if ((type === 1 || type === 2) !== (pieces.length === 0)) throw new Error('order of pieces');
    pieces.push(data.subarray(at + 7, at + 7 + length));
    if (type === 1 || type === 4) records.push(Buffer.concat(pieces.splice(0)));
    at += 7 + length;
  }
  return records;
}

/** What a run file says, in order: [kind, content]. */
export function readWandbRun(file: string): [string, Record<string, unknown>][] {
  const text = (fields: Fields, field: number) => String(fields.get(field)?.[0] ?? '');
  const parse = (value: string): unknown => (value === 'NaN' ? NaN : JSON.parse(value));
  const items = (fields: Fields, field: number, keyField: number) =>
    Object.fromEntries(
      (fields.get(field) ?? []).map((item) => {
        const one = readFields(item as Buffer);
        return [text(one, keyField), parse(text(one, 16))];
      }),
    );
  return readWandbRecords(file).map((record) => {
    const [[number, [content]]] = [...readFields(record)] as [[number, [Buffer]]];
    const fields = readFields(content);
    if (number === 2) return ['history', items(fields, 1, 2)];
    if (number === 3) return ['summary', items(fields, 1, 2)];
    if (number === 6) {
      const files = (fields.get(1) ?? []).map((file) => text(readFields(file as Buffer), 1));
      return ['files', { files }];
    }
    if (number === 17) {
      const config = items(readFields(fields.get(4)![0] as Buffer), 1, 1);
      const [seconds] = readFields(fields.get(17)![0] as Buffer).get(1)!;
      return ['run', { id: text(fields, 1), project: text(fields, 3), name: text(fields, 8), seconds, config }];
    }
    if (number === 18) return ['exit', { code: fields.get(1)![0] }];
    return [number === 21 ? 'header' : String(number), {}];
  });
}
