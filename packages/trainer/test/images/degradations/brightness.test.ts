import { expect, test } from '@jest/globals';
import * as brightness from '../../../src/images/degradations/brightness.js';

const pixel = { name: 'pixel', width: 2, height: 1, data: Uint8Array.of(200, 100, 50, 10, 4, 0) };
const random = () => 0;

test('hsvShift takes the shift from the largest colour and keeps their ratios', () => {
  // V = 200/255 - .3 = .4843: 123.5, half and quarter of it; the second pixel falls below 0
  expect([...brightness.hsvShift('darken')(pixel, 3, random).data]).toEqual([123, 61, 30, 0, 0, 0]);
});

test('rgbShift takes the same from all colours', () => {
  // 255 * .2 = 51
  expect([...brightness.rgbShift('darken')(pixel, 3, random).data]).toEqual([149, 49, 0, 0, 0, 0]);
});

test('hsvGamma raises the largest colour to the power, in 8 bits', () => {
  // 255 * (200/255)^2.2 = 149.4 -> 149; half of it 74.5; quarter 37.25. 255 * (10/255)^2.2 = .2 -> 0
  expect([...brightness.hsvGamma('darken')(pixel, 3, random).data]).toEqual([149, 74, 37, 0, 0, 0]);
});

test('rgbGamma raises every colour to the power', () => {
  // 255 * (v/255)^2.1: 153.1, 35.7, 8.3, .28, .04, 0
  expect([...brightness.rgbGamma('darken')(pixel, 3, random).data]).toEqual([153, 35, 8, 0, 0, 0]);
});
