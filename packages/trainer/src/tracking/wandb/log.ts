import { appendFileSync, writeFileSync } from 'node:fs';
import { crc32 } from 'node:zlib';

/** What a W&B run file starts with: its name, a magic number, and the version of the layout. */
const HEADER = Buffer.from([0x3a, 0x57, 0x26, 0x42, 0xe1, 0xbe, 0x00]);

const BLOCK = 32768;
const RECORD_HEADER = 7;
const TYPES = { whole: 1, first: 2, middle: 3, last: 4 } as const;

/** A piece of a record: CRC-32 of type and data, the data's length, the type, the data. */
function piece(type: number, data: Buffer): Buffer {
  const head = Buffer.alloc(RECORD_HEADER);
  head.writeUInt16LE(data.length, 4);
  head.writeUInt8(type, 6);
  head.writeUInt32LE(crc32(Buffer.concat([head.subarray(6), data])), 0);
  return Buffer.concat([head, data]);
}

/**
 * A W&B run file to write records into: the log of LevelDB (its doc/log_format.md, with a plain CRC-32), where no piece of
 * a record crosses a block of 32 KiB.
 */
export function createLog(file: string): { append: (record: Buffer) => void } {
  writeFileSync(file, HEADER);
  let size = HEADER.length;
  const piecesOf = (record: Buffer): Buffer[] => {
    const pieces: Buffer[] = [];
    let at = 0;
    do {
      const left = BLOCK - (size % BLOCK);
      const padding = left < RECORD_HEADER ? Buffer.alloc(left) : Buffer.alloc(0);
      const room = padding.length > 0 ? BLOCK : left;
      const data = record.subarray(at, at + room - RECORD_HEADER);
      const [begins, ends] = [pieces.length === 0, at + data.length === record.length]; // a first piece may be empty
      const type = begins && ends ? 'whole' : begins ? 'first' : ends ? 'last' : 'middle';
      pieces.push(padding, piece(TYPES[type], data));
      size += padding.length + RECORD_HEADER + data.length;
      at += data.length;
    } while (at < record.length);
    return pieces;
  };
  return { append: (record) => appendFileSync(file, Buffer.concat(piecesOf(record))) };
}
