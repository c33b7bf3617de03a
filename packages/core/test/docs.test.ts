import { describe, expect, test } from '@jest/globals';
import { existsSync, readFileSync } from 'node:fs';
import * as core from '../src/index.js';
import { correctionMetrics, PolicyTally } from '../src/metrics.js';

const page = (name: string) => readFileSync(new URL(`../../../docs/${name}`, import.meta.url), 'utf8');

describe('docs', () => {
  test('algorithm.md names every function once exported, and only files that exist', () => {
    const text = page('algorithm.md');
    for (const [, file] of text.matchAll(/`((?:\w[\w-]*\/)*[\w-]+\.ts)`/g)) {
      expect([file, existsSync(new URL(`../src/${file!}`, import.meta.url))]).toEqual([file, true]);
    }
    const missing = Object.keys(core).filter((name) => !text.includes(`\`${name}`) && !text.includes(`${name}\``));
    const elsewhere = [
      'CLIP',
      'adaptiveEntropy',
      'adaptiveKl',
      'advantageMetrics',
      'cosineCoefficient',
      'presets',
      'samplerDiagnostics',
    ];
    expect(missing.filter((name) => !text.includes(name) && !elsewhere.includes(name))).toEqual([
      'explainLoss',
      'tokenReturns',
      'tokenRewards',
    ]);
  });

  test('metrics.md explains every metric', () => {
    const text = page('metrics.md');
    const one = Float64Array.of(1);
    const mask = Uint8Array.of(1);
    const names = [
      ...Object.keys(new PolicyTally().metrics()),
      ...Object.keys(correctionMetrics(one, mask)),
      ...Object.keys(core.advantageMetrics([1])),
    ];
    for (const name of names) {
      const [family, member] = name.split('/');
      expect([
        name,
        text.includes(name) || (text.includes(`${family!}/`) && text.includes(`/${member ?? ''}\``)),
      ]).toEqual([name, true]);
    }
  });

  test('papers.md names every preset of a paper', () => {
    const text = page('papers.md');
    const systems = /^(trl|verl|openrlhf|ms-swift|easyr1|skyrl|tinker-cookbook|prime-rl|open-instruct|liger)/;
    for (const name of Object.keys(core.presets)) {
      if (!systems.test(name)) expect([name, text.includes(`\`${name}\``)]).toEqual([name, true]);
    }
  });
});
