import { DISTORTION_CLASSES, type DegradationLabel, type DistortionClass } from '@q-insight/rewards';

/** What was answered to one degradation question: absent where it could not be read. */
export interface DegradationVerdict {
  readonly label: Pick<DegradationLabel, 'distortionClass' | 'level'>;
  readonly distortionClass?: DegradationLabel['distortionClass'];
  readonly level?: DegradationLabel['level'];
}

/** Accuracy among the answers of one class, or of all. */
export interface Accuracy {
  readonly count: number;
  /** Share with the right class. */
  readonly class: number;
  /** Share with the right class and the right level; for null, the same as `class`. */
  readonly level: number;
}

/** Degradation accuracy as the field reports it, both ways of averaging. */
export interface DegradationAccuracy {
  readonly byClass: Partial<Record<DistortionClass, Accuracy>>;
  /** Over all answers; levels over the answers whose label has one (not null). */
  readonly micro: { readonly class: number | null; readonly level: number | null };
  /** Unweighted mean over the classes that occur; levels over those that have levels (Q-Insight, Table 2). */
  readonly macro: { readonly class: number | null; readonly level: number | null };
}

/**
 * Counts right classes and right levels. A level counts only with its class right too (Q-Insight's r_lev), and an answer
 * that could not be read is wrong.
 */
export function degradationAccuracy(verdicts: readonly DegradationVerdict[]): DegradationAccuracy {
  const byClass: Partial<Record<DistortionClass, Accuracy>> = {};
  for (const name of DISTORTION_CLASSES) {
    const own = verdicts.filter((verdict) => verdict.label.distortionClass === name);
    if (own.length > 0) byClass[name] = accuracyOf(own);
  }
  const levelled = verdicts.filter((verdict) => verdict.label.distortionClass !== 'null');
  const classes = Object.entries(byClass);
  return {
    byClass,
    micro: {
      class: verdicts.length === 0 ? null : accuracyOf(verdicts).class,
      level: levelled.length === 0 ? null : accuracyOf(levelled).level,
    },
    macro: {
      class: mean(classes.map(([, accuracy]) => accuracy.class)),
      level: mean(classes.filter(([name]) => name !== 'null').map(([, accuracy]) => accuracy.level)),
    },
  };
}

function accuracyOf(verdicts: readonly DegradationVerdict[]): Accuracy {
  const rightClass = verdicts.filter(({ label, distortionClass }) => distortionClass === label.distortionClass);
  const rightLevel = rightClass.filter(({ label, level }) => label.distortionClass === 'null' || level === label.level);
  const count = verdicts.length;
  return { count, class: rightClass.length / count, level: rightLevel.length / count };
}

function mean(values: readonly number[]): number | null {
  return values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length;
}
