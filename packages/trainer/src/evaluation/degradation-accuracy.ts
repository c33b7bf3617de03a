import { DISTORTION_CLASSES, LEVELS, type DegradationLabel, type DistortionClass } from '@q-insight/rewards';
import { agreement, type Agreement } from './agreement.js';
import { meanOrNull } from './pairs.js';

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

/** How answers about degradations go wrong. */
export interface DegradationErrors {
  /** Answers without a readable class; they are in no matrix. */
  readonly unreadableClasses: number;
  /** Classes, in the order of DISTORTION_CLASSES. */
  readonly classes: Agreement;
  /** Levels from slight to catastrophic, of the answers with the right class (not null) and a level. */
  readonly levels: Agreement;
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
      class: meanOrNull(classes.map(([, accuracy]) => accuracy.class)),
      level: meanOrNull(classes.filter(([name]) => name !== 'null').map(([, accuracy]) => accuracy.level)),
    },
  };
}

/** Confusion matrices with kappas, and how far levels are off. */
export function degradationErrors(verdicts: readonly DegradationVerdict[]): DegradationErrors {
  const readable = verdicts.flatMap(({ label, distortionClass }) =>
    distortionClass === undefined ? [] : [{ truth: label.distortionClass, named: distortionClass }],
  );
  const levelled = verdicts.flatMap(({ label, distortionClass, level }) =>
    distortionClass !== label.distortionClass || label.level === 'null' || level === undefined || level === 'null'
      ? []
      : [{ truth: label.level, named: level }],
  );
  return {
    unreadableClasses: verdicts.length - readable.length,
    classes: agreement(DISTORTION_CLASSES, ...columns(readable)),
    levels: agreement(LEVELS, ...columns(levelled)),
  };
}

const columns = <T>(pairs: readonly { truth: T; named: T }[]) =>
  [pairs.map(({ truth }) => truth), pairs.map(({ named }) => named)] as const;

function accuracyOf(verdicts: readonly DegradationVerdict[]): Accuracy {
  const rightClass = verdicts.filter(({ label, distortionClass }) => distortionClass === label.distortionClass);
  const rightLevel = rightClass.filter(({ label, level }) => label.distortionClass === 'null' || level === label.level);
  const count = verdicts.length;
  return { count, class: rightClass.length / count, level: rightLevel.length / count };
}
