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
  /** Tells the labels apart. */
  readonly task: 'score';
  /** The score, 1 (worst) to 5 (best). */
  readonly score: number;
  /** Standard deviation of the opinions, on the scale of `score`. */
  readonly std?: number;
  /** Set where the score was computed from the picture instead of given by people. */
  readonly proxy?: true;
}

/** The distortion in an image; a clean image has class and level 'null'. */
export interface DegradationLabel {
  /** Tells the labels apart. */
  readonly task: 'degradation';
  /** The distortion, or 'null'. */
  readonly distortionClass: DistortionClass;
  /** How strong it is, or 'null'. */
  readonly level: Level | 'null';
}

/** Which of two enhanced images is better. */
export interface ComparisonLabel {
  /** Tells the labels apart. */
  readonly task: 'comparison';
  /** The verdict. */
  readonly better: 'Image A' | 'Image B' | 'Similar';
}

/** No label of the three kinds: the rewards that need one do not apply. Other rewards may find an answer in the metadata. */
export interface NoLabel {
  /** Tells the labels apart. */
  readonly task: 'none';
}

/** What is known of the right answer. The task says which rewards apply. */
export type Label = ScoreLabel | DegradationLabel | ComparisonLabel | NoLabel;

/** A piece of a prompt. */
export type PromptPart =
  | {
      /** Text. */
      readonly type: 'text';
      /** The text. */
      readonly text: string;
    }
  | {
      /** An image. */
      readonly type: 'image';
      /** Where it is: an http(s) or data URL. */
      readonly url: string;
    };

/** One completion to be rewarded. Samples are told apart by `id`, and belong together by `group`, never by position. */
export interface Sample {
  /** Unique in a batch. */
  readonly id: string;
  /** All completions of one prompt share a group. */
  readonly group: string;
  /** What the model wrote, without special tokens. */
  readonly completion: string;
  /** The right answer. */
  readonly label: Label;
  /** What the model was asked, for rewards that judge by it. */
  readonly prompt?: readonly PromptPart[];
  /** The completion's token ids. */
  readonly completionIds?: readonly number[];
  /** 'stop': the model ended its answer; 'length': it was cut off. */
  readonly finishReason?: 'stop' | 'length';
  /** Anything else a reward may need. */
  readonly metadata?: Readonly<Record<string, unknown>>;
}
