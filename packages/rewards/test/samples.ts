import type { Label, Sample } from '../src/sample.js';

export const SCORE_LABEL = { task: 'score', score: 3.1 } as const satisfies Label;
export const BLUR_LABEL = { task: 'degradation', distortionClass: 'blur', level: 'moderate' } as const satisfies Label;
export const IMAGE_A_LABEL = { task: 'comparison', better: 'Image A' } as const satisfies Label;

/** A sample with the completion and label of interest. */
export function sampleOf(completion: string, label: Label = SCORE_LABEL, id = 's'): Sample {
  return { id, group: 'g', completion, label };
}
