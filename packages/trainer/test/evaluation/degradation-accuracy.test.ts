import { expect, test } from '@jest/globals';
import type { DegradationLabel } from '@q-insight/rewards';
import {
  degradationAccuracy,
  degradationErrors,
  type DegradationVerdict,
} from '../../src/evaluation/degradation-accuracy.js';

type Named = [DegradationLabel['distortionClass'], DegradationLabel['level']];
const verdict = ([distortionClass, level]: Named, said?: Named | [Named[0]]): DegradationVerdict => ({
  label: { distortionClass, level },
  ...(said !== undefined && { distortionClass: said[0] }),
  ...(said?.[1] !== undefined && { level: said[1] }),
});

test('macro and micro, levels only where the class is right, null without levels', () => {
  const { byClass, micro, macro } = degradationAccuracy([
    verdict(['noise', 'slight'], ['noise', 'slight']),
    verdict(['noise', 'slight'], ['noise', 'obvious']),
    verdict(['noise', 'slight'], ['blur', 'slight']), // the right word for the wrong class is wrong
    verdict(['noise', 'slight']), // could not be read
    verdict(['blur', 'serious'], ['blur']), // class without level
    verdict(['null', 'null'], ['null', 'slight']), // null is right whatever the level says
  ]);
  expect(byClass).toEqual({
    noise: { count: 4, class: 2 / 4, level: 1 / 4 },
    blur: { count: 1, class: 1, level: 0 },
    null: { count: 1, class: 1, level: 1 },
  });
  expect(micro).toEqual({ class: 4 / 6, level: 1 / 5 });
  expect(macro.class).toBeCloseTo((0.5 + 1 + 1) / 3, 12);
  expect(macro.level).toBeCloseTo((0.25 + 0) / 2, 12);
});

test('the averages of Q-Insight, Table 2, from its cells', () => {
  // counts of the test set that fit the published fractions: noise 226, blur 205, compression 222, darken 226, null 121
  const right = { noise: 223, blur: 190, compression: 215, darken: 199, null: 69 } as const;
  const counts = { noise: 226, blur: 205, compression: 222, darken: 226, null: 121 } as const;
  const verdicts = Object.entries(counts).flatMap(([name, count]) => {
    const label = [name, name === 'null' ? 'null' : 'slight'] as Named;
    return Array.from({ length: count }, (_, i) => verdict(label, i < right[name as keyof typeof right] ? label : undefined)); // prettier-ignore
  });
  const { byClass, micro, macro } = degradationAccuracy(verdicts);
  expect(byClass.noise!.class).toBeCloseTo(0.9867, 4);
  expect(byClass.null!.class).toBeCloseTo(0.5702, 4);
  expect(micro.class).toBeCloseTo(0.896, 12); // the printed average of this row is the micro one
  expect(macro.class).toBeCloseTo(0.8665, 3);
});

test('nothing to measure is null', () => {
  expect(degradationAccuracy([])).toEqual({ byClass: {}, micro: { class: null, level: null }, macro: { class: null, level: null } }); // prettier-ignore
  expect(degradationAccuracy([verdict(['null', 'null'])]).micro).toEqual({ class: 0, level: null });
});

test('where answers go wrong: confusion of classes, distance of levels', () => {
  const { unreadableClasses, classes, levels } = degradationErrors([
    verdict(['noise', 'slight'], ['noise', 'obvious']), // two levels off
    verdict(['noise', 'serious'], ['noise', 'serious']),
    verdict(['blur', 'slight'], ['noise', 'slight']), // no matter the level, where the class is wrong
    verdict(['blur', 'slight'], ['blur']),
    verdict(['null', 'null'], ['null', 'null']),
    verdict(['darken', 'slight']),
  ]);
  expect(unreadableClasses).toBe(1);
  expect(classes.confusion).toEqual([[2, 0, 0, 0, 0], [1, 1, 0, 0, 0], [0, 0, 0, 0, 0], [0, 0, 0, 0, 0], [0, 0, 0, 0, 1]]); // prettier-ignore
  expect(classes.accuracy).toBe(4 / 5);
  expect(levels.count).toBe(2);
  expect(levels.ordinalError).toBe(1);
});
