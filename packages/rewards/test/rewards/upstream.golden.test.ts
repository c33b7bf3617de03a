import { describe, expect, test } from '@jest/globals';
import { qInsightRewards, thinkFormatReward, type Label, type Reward } from '../../src/index.js';
import { goldenCases } from '../golden.js';
import { sampleOf } from '../samples.js';

interface Case {
  text: string;
  trl_think_format: number;
  qi_format: number;
  qi_cmp_format: number;
  score: { gt: number; reward: number };
  dist: { gt: { distortion_class: string; severity: string }; reward: number };
  cmp: { gt: string; reward: number };
}

const [format, score, degradation, comparison] = qInsightRewards({ style: 'upstream' }) as [
  Reward,
  Reward,
  Reward,
  Reward,
];

describe('style upstream equals the released Python code', () => {
  test.each(goldenCases<Case>('rewards_text').map((c) => [JSON.stringify(c.text).slice(0, 90), c] as const))(
    '%s',
    (_, c) => {
      const scoreLabel: Label = { task: 'score', score: c.score.gt };
      const degradationLabel = {
        task: 'degradation',
        distortionClass: c.dist.gt.distortion_class,
        level: c.dist.gt.severity,
      } as Label;
      const comparisonLabel = { task: 'comparison', better: c.cmp.gt } as Label;
      expect({
        trl_think_format: thinkFormatReward().score(sampleOf(c.text)),
        qi_format: format.score(sampleOf(c.text, scoreLabel)),
        qi_cmp_format: format.score(sampleOf(c.text, comparisonLabel)),
        score: score.score(sampleOf(c.text, scoreLabel)),
        dist: degradation.score(sampleOf(c.text, degradationLabel)),
        cmp: comparison.score(sampleOf(c.text, comparisonLabel)),
      }).toEqual({
        trl_think_format: c.trl_think_format,
        qi_format: c.qi_format,
        qi_cmp_format: c.qi_cmp_format,
        score: c.score.reward,
        dist: c.dist.reward,
        cmp: c.cmp.reward,
      });
    },
  );
});
