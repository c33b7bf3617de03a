import { describe, expect, test } from '@jest/globals';
import { double, integer } from '../../../src/tracking/protobuf.js';
import { crc32c, maskedCrc32c } from '../../../src/tracking/tensorboard/crc32c.js';
import {
  fileVersion,
  imageValue,
  scalarValue,
  sessionStart,
  summary,
  textValue,
} from '../../../src/tracking/tensorboard/event.js';
import { tfRecord } from '../../../src/tracking/tensorboard/record.js';

const hex = (buffer: Uint8Array) => Buffer.from(buffer).toString('hex');
const moment = { step: 300, time: 1.5 };

/** What tensorboard 2.21.0 serializes (protobuf 7.36.2): the messages of event_pb2 with the same content. */
describe('events are what TensorBoard itself would write', () => {
  const head = '09000000000000f83f10ac02';
  test.each<[string, Buffer, string]>([
    ['version', fileVersion(moment), '1a0d627261696e2e4576656e743a32'],
    ['session start', sessionStart(moment), '3a020801'],
    ['scalar', summary(moment, [scalarValue('reward/mean', 0.1)]), '2a140a120a0b7265776172642f6d65616e15cdcccc3d'],
    [
      'image',
      summary(moment, [imageValue('a', { height: 2, width: 200, png: Uint8Array.of(0x89, 0x50) })]),
      '2a120a100a0161220b080210c801180322028950',
    ],
    ['text', summary(moment, [textValue('a', 'ü')]), '2a1b0a190a01614208080712004202c3bc4a0a0a060a04746578742002'],
  ])('%s', (_, event, expected) => {
    expect(hex(event)).toBe(head + expected);
  });
});

test('CRC-32C: the vectors of RFC 3720, appendix B.4', () => {
  expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa);
  expect(crc32c(new Uint8Array(32).fill(0xff))).toBe(0x62a8ab43);
  expect(crc32c(Uint8Array.from({ length: 32 }, (_, i) => i))).toBe(0x46dd794e);
});

test('masked CRC and record framing: tensorboard 2.21.0', () => {
  expect(maskedCrc32c(Buffer.from('123456789'))).toBe(0xc78ab0e5);
  expect(hex(tfRecord(Buffer.from('abc')))).toBe('0300000000000000b099490e6162636e57f121');
});

test('integers of more than 32 bits; what is none is refused', () => {
  expect(hex(integer(1, 2 ** 40))).toBe('08808080808020');
  expect(hex(integer(16, 0))).toBe('800100');
  expect(hex(double(1, -0.5))).toBe('09000000000000e0bf');
  expect(() => integer(1, -1)).toThrow('expected a whole number of at least 0, got -1');
  expect(() => integer(1, 0.5)).toThrow('got 0.5');
});
