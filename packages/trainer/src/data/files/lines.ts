import { chunksOf } from './chunks.js';

const NEWLINE = 0x0a;

/** The lines of a text file, without their ends, and their numbers from 1. Blank ones are passed over but counted. */
export function* linesOf(file: string): Generator<{ row: number; text: string }> {
  let row = 0;
  let rest: Buffer[] = [];
  const take = (bytes: Buffer): string => {
    row += 1;
    const text = (rest.length === 0 ? bytes : Buffer.concat([...rest, bytes])).toString('utf8').trim();
    rest = [];
    return row === 1 ? text.replace(/^\uFEFF/, '') : text;
  };
  for (const chunk of chunksOf(file)) {
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, start)) {
      const text = take(chunk.subarray(start, end));
      start = end + 1;
      if (text !== '') yield { row, text };
    }
    if (start < chunk.length) rest.push(Buffer.from(chunk.subarray(start))); // the chunk will be overwritten
  }
  const text = take(Buffer.alloc(0));
  if (text !== '') yield { row, text };
}
