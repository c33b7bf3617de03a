import { expect, test } from '@jest/globals';
import { ordinalLevelReward, type DegradationLabel } from '../../src/index.js';
import { BLUR_LABEL, SCORE_LABEL, sampleOf } from '../samples.js';

const CLEAN: DegradationLabel = { task: 'degradation', distortionClass: 'null', level: 'null' };
const value = (name: string, level: string, label: DegradationLabel = BLUR_LABEL): unknown =>
  ordinalLevelReward().score(
    sampleOf(`<answer>{"distortion_class": "${name}", "severity": "${level}"}</answer>`, label),
  );

test('1 - |level - label| / 4, once the class is right', () => {
  // the label is moderate, level 2
  expect(['slight', 'moderate', 'obvious', 'serious', 'catastrophic'].map((level) => value('blur', level))).toEqual([
    0.75, 1, 0.75, 0.5, 0.25,
  ]);
  expect(value('noise', 'moderate')).toBe(0);
});

test('null is no level among the others', () => {
  expect(value('blur', 'null')).toBe(0);
  expect(value('null', 'null', CLEAN)).toBe(1);
  expect(value('null', 'slight', CLEAN)).toBe(0);
});

test('unreadable levels earn 0, other tasks null', () => {
  expect(value('blur', 'bad')).toBe(0);
  expect(value('haze', 'slight')).toBe(0);
  expect(ordinalLevelReward().score(sampleOf('', SCORE_LABEL))).toBeNull();
});
