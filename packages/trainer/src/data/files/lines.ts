import { chunksOf } from './chunks.js';

const NEWLINE = 0x0a;

/** A line and its number from 1. */
export interface Line {
  readonly row: number;
  /** Without its end. */
  readonly text: string;
}

/** All lines of a text file. */
export function* allLines(file: string): Generator<Line> {
  let row = 0;
  let rest: Buffer[] = [];
  const take = (bytes: Buffer): Line => {
    row += 1;
    const text = (rest.length === 0 ? bytes : Buffer.concat([...rest, bytes])).toString('utf8').replace(/\r$/, '');
    rest = [];
    return { row, text: row === 1 ? text.replace(/^\uFEFF/, '') : text };
  };
  for (const chunk of chunksOf(file)) {
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, start)) {
      yield take(chunk.subarray(start, end));
      start = end + 1;
    }
    if (start < chunk.length) rest.push(Buffer.from(chunk.subarray(start))); // the chunk will be overwritten
  }
  if (rest.length > 0) yield take(Buffer.alloc(0));
}

/** The lines that are not blank, without the space around them. */
export function* linesOf(file: string): Generator<Line> {
  for (const { row, text } of allLines(file)) {
    const inner = text.trim();
    if (inner !== '') yield { row, text: inner };
  }
}
