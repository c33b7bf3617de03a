/** The distortion classes of Q-Insight's degradation task (arXiv 2503.22679, section 3.2), spelled as its prompt spells them. */
export const DISTORTION_CLASSES = ['noise', 'blur', 'compression', 'darken', 'null'] as const;

/** One of {@link DISTORTION_CLASSES}; 'null' means no distortion. */
export type DistortionClass = (typeof DISTORTION_CLASSES)[number];

/** Severity words in rising order, level 1 to 5. */
export const LEVELS = ['slight', 'moderate', 'obvious', 'serious', 'catastrophic'] as const;

/** One of {@link LEVELS}. */
export type Level = (typeof LEVELS)[number];

/** A mean opinion score, or a stand-in for one, in [1, 5]. */
export interface ScoreLabel {
  readonly task: 'score';
  readonly score: number;
}

/** The distortion in an image; a clean image has class and level 'null'. */
export interface DegradationLabel {
  readonly task: 'degradation';
  readonly distortionClass: DistortionClass;
  readonly level: Level | 'null';
}

/** Which of two enhanced images is better. */
export interface ComparisonLabel {
  readonly task: 'comparison';
  readonly better: 'Image A' | 'Image B' | 'Similar';
}

/** What is known of the right answer. The task says which rewards apply. */
export type Label = ScoreLabel | DegradationLabel | ComparisonLabel;

/** One completion to be rewarded. Samples are told apart by `id`, and belong together by `group`, never by position. */
export interface Sample {
  readonly id: string;
  /** All completions of one prompt share a group. */
  readonly group: string;
  readonly completion: string;
  readonly label: Label;
  readonly completionIds?: readonly number[];
  /** 'stop': the model ended its answer; 'length': it was cut off. */
  readonly finishReason?: 'stop' | 'length';
  readonly metadata?: Readonly<Record<string, unknown>>;
}
