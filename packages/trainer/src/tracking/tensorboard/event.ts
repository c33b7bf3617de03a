import { bytes, double, float, integer, message } from '../protobuf.js';

/** Where an event stands: the step, and seconds since 1970. */
export interface Moment {
  readonly step: number;
  readonly time: number;
}

/** A picture that is encoded already. */
export interface EncodedImage {
  readonly width: number;
  readonly height: number;
  readonly png: Uint8Array;
}

const RGB = 3;
const DT_STRING = 7;
const DATA_CLASS_TENSOR = 2;
const SESSION_START = 1;

// Field numbers: TensorBoard's event.proto, summary.proto and tensor.proto.
const event = ({ step, time }: Moment, ...fields: readonly Buffer[]) =>
  Buffer.concat([double(1, time), integer(2, step), ...fields]);

/** The first event of a file. */
export const fileVersion = (moment: Moment): Buffer => event(moment, bytes(3, 'brain.Event:2'));

/** Says that a run went on at this step: a reader forgets what files before said of this step and those after it. */
export const sessionStart = (moment: Moment): Buffer => event(moment, message(7, integer(1, SESSION_START)));

/** Several values of one step. */
export const summary = (moment: Moment, values: readonly Buffer[]): Buffer => event(moment, message(5, ...values));

/** A number, kept in 32 bits. */
export const scalarValue = (tag: string, value: number): Buffer => message(1, bytes(1, tag), float(2, value));

/** A picture. */
export function imageValue(tag: string, { width, height, png }: EncodedImage): Buffer {
  const image = [integer(1, height), integer(2, width), integer(3, RGB), bytes(4, png)];
  return message(1, bytes(1, tag), message(4, ...image));
}

/** A text, shown as Markdown. */
export function textValue(tag: string, text: string): Buffer {
  const metadata = message(9, message(1, bytes(1, 'text')), integer(4, DATA_CLASS_TENSOR));
  const tensor = message(8, integer(1, DT_STRING), message(2), bytes(8, text));
  return message(1, bytes(1, tag), tensor, metadata);
}
