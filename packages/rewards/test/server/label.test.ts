import { expect, test } from '@jest/globals';
import { readLabel } from '../../src/server/label.js';

test.each<[unknown, object]>([
  [3.2, { task: 'score', score: 3.2 }],
  ['3.2', { task: 'score', score: 3.2 }],
  [' 4 ', { task: 'score', score: 4 }],
  [{ mos: 3.2 }, { task: 'score', score: 3.2 }],
  [
    { score: '3.2', std: '0.5' },
    { task: 'score', score: 3.2, std: 0.5 },
  ],
  ['{"mos": 3.2, "std": null}', { task: 'score', score: 3.2 }],
  [
    { task: 'score', score: 1, better: 'Image A' },
    { task: 'score', score: 1 },
  ],
  [
    { distortion_class: 'blur', severity: 'slight' },
    { task: 'degradation', distortionClass: 'blur', level: 'slight' },
  ],
  [
    { distortionClass: 'blur', level: 'slight' },
    { task: 'degradation', distortionClass: 'blur', level: 'slight' },
  ],
  [
    { distortion_class: 'null', severity: 'null' },
    { task: 'degradation', distortionClass: 'null', level: 'null' },
  ],
  [{ task: 'degradation', distortion_class: null, severity: null }, { task: 'degradation', distortionClass: 'null', level: 'null' }], // prettier-ignore
  ['{"better": "Similar"}', { task: 'comparison', better: 'Similar' }],
  [
    { task: 'iqa', mos: 2 },
    { task: 'score', score: 2 },
  ],
])('%j is read', (groundTruth, label) => {
  expect(readLabel(groundTruth)).toEqual(label);
});

test('without a ground truth the columns are read; with one they are not', () => {
  expect(readLabel(null, { image: 'a.png', mos: 3, distortion_class: null })).toEqual({ task: 'score', score: 3 });
  expect(readLabel(undefined, { better: 'Image B' })).toEqual({ task: 'comparison', better: 'Image B' });
  expect(readLabel('lab', { mos: 3 })).toHaveProperty('problem');
});

test.each<[unknown, Record<string, unknown>, string]>([
  ['lab', {}, 'got "lab"'],
  ['', {}, 'got ""'],
  [true, {}, 'got true'],
  [[3], {}, 'got [3]'],
  [null, {}, 'got nothing'],
  [null, { image: 'a.png', quality: 3 }, 'got the columns image, quality'],
  [{}, {}, 'got nothing'],
  [72.5, {}, 'must hold a score from 1 to 5, got 72.5'], // a scale of 100 would never be met
  [{ mos: 'high' }, {}, 'must hold a score from 1 to 5, got "high"'],
  [{ mos: 3, std: -1 }, {}, 'must hold a standard deviation of at least 0, got -1'],
  [{ task: 'score' }, {}, 'must hold a score from 1 to 5, got nothing'],
  [{ distortion_class: 'JPEG', severity: 'slight' }, {}, 'must have a distortion_class of noise, blur, compression, darken, null, got "JPEG"'], // prettier-ignore
  [{ distortion_class: 'blur' }, {}, 'got nothing'],
  [{ distortion_class: 'blur', severity: 'null' }, {}, 'must have a severity of'],
  [{ distortion_class: 'null', severity: 'slight' }, {}, 'must have a severity of'],
  [{ better: 'A' }, {}, 'must have a better of Image A, Image B, Similar, got "A"'],
  [{ mos: 3, better: 'Image A' }, {}, 'fits the tasks score and comparison; say which in "task"'],
])('%j with the columns %j cannot be read, and it says why', (groundTruth, columns, problem) => {
  expect(readLabel(groundTruth, columns)).toEqual({ problem: expect.stringContaining(problem) });
});
