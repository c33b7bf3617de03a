import { expect, test } from '@jest/globals';
import { readDegradation } from '../../src/index.js';

const read = (answer: string): unknown => {
  const reading = readDegradation(`<answer>${answer}</answer>`);
  if (!('value' in reading)) return reading.reason;
  const { distortionClass, level, whyNoLevel } = reading.value;
  return `${distortionClass} ${level ?? `(${String(whyNoLevel)})`}`;
};

test.each([
  ['{"distortion_class": "blur", "severity": "slight"}', 'blur slight'],
  ['{"severity": "slight", "distortion_class": "blur"}', 'blur slight'],
  ['{"Distortion Class": "Blur", "Severity": "SLIGHT"}', 'blur slight'],
  ['{"distortion_class": "JPEG", "severity": 2}', 'compression moderate'],
  ['{"distortion_class": "noise", "severity": "5"}', 'noise catastrophic'],
  ['{"distortion_class": "null", "severity": "null"}', 'null null'],
  ['{"distortion_class": null, "severity": null}', 'null null'],
  ["{'distortion_class': None, 'severity': None}", 'null null'],
  ['{"distortion_class": "none", "severity": 0}', 'null null'],
  ['{"distortion_class": "blur"}', 'blur (no key "severity" was found, the keys are "distortion_class")'],
  [
    '{"distortion_class": "blur", "severity": "bad"}',
    'blur ("bad" is none of slight, moderate, obvious, serious, catastrophic, null)',
  ],
  [
    '{"distortion_class": "blur", "severity": 6}',
    'blur ("6" is none of slight, moderate, obvious, serious, catastrophic, null)',
  ],
  ['{"distortion_class": "", "severity": "slight"}', '"" is none of noise, blur, compression, darken, null'],
  ['{"distortion_class": "constructor"}', '"constructor" is none of noise, blur, compression, darken, null'],
  ['{"severity": "slight"}', 'no key "distortion_class" was found, the keys are "severity"'],
  ['blur', 'the answer is not a JSON object: "blur"'],
])('%j gives %j', (answer, expected) => {
  expect(read(answer)).toBe(expected);
});

test('own aliases come before the built-in ones', () => {
  const text = '<answer>{"distortion_class": "Dark", "severity": 1}</answer>';
  expect(readDegradation(text, { aliases: { dark: 'noise' } })).toMatchObject({ value: { distortionClass: 'noise' } });
});
