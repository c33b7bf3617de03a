import { beforeAndNow, meanOf, type History } from './history.js';

/** Something in a run that a person should look at. */
export interface Alarm {
  /** Its name, and its heading in docs/troubleshooting.md. */
  readonly name: string;
  /** What to do first, in a sentence. */
  readonly advice: string;
  /** What is wrong at the last step of a history, with the figures; undefined when nothing is. */
  readonly read: (history: History) => string | undefined;
}

const fixed = (value: number) => value.toFixed(2);
const percent = (share: number) => `${Math.round(100 * share)} %`;

// Why each threshold is where it is: docs/troubleshooting.md, which a test compares with these.

/** Thresholds of the alarms. */
export const THRESHOLDS = {
  formatSteps: 20,
  formatGoodEnough: 0.9,
  formatLeastRise: 0.02,
  zeroVarianceSteps: 10,
  zeroVarianceShare: 0.8,
  klSteps: 10,
  klSmall: 0.2,
  klGrowth: 2,
  klLarge: 1,
  lengthSteps: 10,
  lengthLookBack: 50,
  lengthShare: 0.5,
  lengthCutOff: 0.5,
  entropySteps: 10,
  entropyShare: 0.1,
  entropyOfAnswer: Math.LN2,
  missingSteps: 5,
  missingShare: 0.1,
} as const;

const T = THRESHOLDS;

function formatRewardFlat(history: History): string | undefined {
  const found = beforeAndNow(history, 'rewards/format/mean', T.formatSteps);
  if (found === undefined) return undefined;
  const { before, now } = found;
  if (now >= T.formatGoodEnough || now - before >= T.formatLeastRise) return undefined;
  return `the format reward stays at ${fixed(now)} (${fixed(before)} in the ${T.formatSteps} steps before)`;
}

function zeroVarianceHigh(history: History): string | undefined {
  const share = meanOf(history.slice(-T.zeroVarianceSteps), 'frac_reward_zero_std', T.zeroVarianceSteps);
  if (share === undefined || share <= T.zeroVarianceShare) return undefined;
  return `in ${percent(share)} of the groups all answers get the same reward, so they teach nothing`;
}

function klRising(history: History): string | undefined {
  const found = beforeAndNow(history, 'kl', T.klSteps);
  if (found === undefined) return undefined;
  const { before, now } = found;
  const rising = now > T.klSmall && now > T.klGrowth * before;
  if (!rising && now <= T.klLarge) return undefined;
  return `the KL to the starting model is ${fixed(now)} nats per token (${fixed(before)} in the ${T.klSteps} steps before)`;
}

function lengthCollapse(history: History): string | undefined {
  const window = history.slice(-T.lengthLookBack);
  const early = window.slice(0, T.lengthSteps);
  const [before, now] = [early, history.slice(-T.lengthSteps)].map((rows) =>
    meanOf(rows, 'completions/mean_length', T.lengthSteps),
  );
  if (before === undefined || now === undefined) return undefined;
  // Answers that ran into the limit get shorter when the model learns to end them.
  const cutOff = meanOf(early, 'completions/clipped_ratio', T.lengthSteps) ?? 0;
  if (cutOff > T.lengthCutOff || now >= T.lengthShare * before) return undefined;
  return `answers have ${Math.round(now)} tokens on average, after ${Math.round(before)} some ${window.length} steps ago`;
}

function entropyCollapse(history: History): string | undefined {
  const name = history.at(-1)?.['entropy'] === undefined ? 'sampling/entropy' : 'entropy';
  const last = history.slice(-T.entropySteps);
  const start = meanOf(history.slice(0, T.entropySteps), name, T.entropySteps);
  const now = meanOf(last, name, T.entropySteps);
  const length = meanOf(last, 'completions/mean_length', T.entropySteps);
  if (start === undefined || now === undefined || length === undefined) return undefined;
  const answer = now * length;
  if (now >= T.entropyShare * start && answer >= T.entropyOfAnswer) return undefined;
  return `the entropy is ${now.toPrecision(2)} nats per token (${start.toPrecision(2)} at the start): a whole answer has ${answer.toPrecision(2)} nats, about ${Math.exp(answer).toPrecision(2)} different answers`;
}

function rewardsMissing(history: History): string | undefined {
  const last = history.slice(-T.missingSteps);
  const missing = meanOf(last, 'unscorable', T.missingSteps);
  const all = meanOf(last, 'completions/count', T.missingSteps);
  if (missing === undefined || all === undefined || missing <= T.missingShare * all) return undefined;
  return `${percent(missing / all)} of the answers got no reward at all`;
}

function notANumber(history: History): string | undefined {
  const row = history.at(-1) ?? {};
  const names = Object.keys(row).filter((name) => !Number.isFinite(row[name]));
  return names.length === 0 ? undefined : `not a finite number: ${names.join(', ')}`;
}

/** All alarms there are. */
export const ALARMS: readonly Alarm[] = [
  {
    name: 'format-reward-flat',
    advice:
      'read some answers: if none has the layout, show it in the prompt; if many are cut off, raise grpo.maxTokens',
    read: formatRewardFlat,
  },
  {
    name: 'zero-variance-high',
    advice: 'the questions are too easy or too hard for the model, or the reward does not tell answers apart',
    read: zeroVarianceHigh,
  },
  {
    name: 'kl-rising',
    advice:
      'start again with a lower optimizer.learningRate or a higher grpo.beta, if you like from a checkpoint before the rise',
    read: klRising,
  },
  {
    name: 'length-collapse',
    advice: 'read some answers: is the reasoning gone? Then the rewards do not ask for it',
    read: lengthCollapse,
  },
  {
    name: 'entropy-collapse',
    advice: 'answers of a group are nearly equal: lower optimizer.learningRate, or raise grpo.clipHigh or grpo.beta',
    read: entropyCollapse,
  },
  {
    name: 'rewards-missing',
    advice: "no reward applies to these answers: compare the data's labels with rewards.weights",
    read: rewardsMissing,
  },
  {
    name: 'not-a-number',
    advice: 'start again, if you like from the last checkpoint, with a lower optimizer.learningRate',
    read: notANumber,
  },
];

/** The alarm of a run that an error ended because of a number, such as a gradient that is NaN. */
export const NOT_A_NUMBER = ALARMS.find(({ read }) => read === notANumber)!;

/** Where an alarm is explained, in the repository. */
export const helpFor = (name: string): string => `docs/troubleshooting.md#${name}`;
