import type { PromptPart, Sample } from '../sample.js';
import { withoutEndTokens } from './completion-text.js';
import { imageUrl, type ImageLimits } from './images.js';
import { readLabel } from './label.js';
import { promptParts, responseText, type ImagePart, type Message } from './messages.js';
import { Refusal } from './refusal.js';
import { comparingReward, type RewardSet } from './reward-set.js';
import { messageOf } from '../runner/message-of.js';

/** A sample as it comes in: what `POST /v1/score` takes, and what every other protocol is turned into. */
export interface SentSample {
  readonly response: string | readonly Message[];
  readonly id?: string | null;
  readonly group?: string | null;
  readonly prompt?: string | readonly Message[] | null;
  readonly images?: readonly string[] | null;
  readonly ground_truth?: unknown;
  readonly extra?: Readonly<Record<string, unknown>> | null;
  readonly completion_ids?: readonly number[] | null;
  readonly finish_reason?: 'stop' | 'length' | null;
}

/** The samples as rewards see them, in the order sent. Rejects with a refusal that names the sample. */
export async function readSamples(sent: readonly SentSample[], set: RewardSet, limits: ImageLimits): Promise<Sample[]> {
  const read = new Map<string, Promise<string>>(); // an image that several samples share is read once
  const image = (source: string): Promise<string> => {
    const url = read.get(source) ?? imageUrl(source, limits);
    read.set(source, url);
    return url;
  };
  const comparing = comparingReward(set);
  const ids = new Set<string>();
  const samples: Sample[] = [];
  for (const [index, sample] of sent.entries()) {
    const id = sample.id ?? String(index);
    if (ids.has(id)) throw new Refusal('invalid', `the id "${id}" is there twice`, { sample: id });
    ids.add(id);
    if (comparing !== undefined && typeof sample.group !== 'string')
      throw new Refusal('invalid', `sample "${id}": group is required, as the reward "${comparing}" compares samples; send whole groups to /v1/score`, { sample: id, reward: comparing }); // prettier-ignore
    samples.push(await readSample(sample, id, set, image));
  }
  return samples;
}

async function readSample(
  sent: SentSample,
  id: string,
  set: RewardSet,
  image: (source: string) => Promise<string>,
): Promise<Sample> {
  const { extra, ground_truth: truth, completion_ids: completionIds, finish_reason: finishReason } = sent;
  const label = readLabel(truth, extra ?? {});
  if ('problem' in label && set.labels !== 'optional')
    throw new Refusal('invalid', `sample "${id}": ground_truth ${label.problem}`, { sample: id });
  const prompt = await readPrompt(sent, id, image);
  return {
    id,
    group: sent.group ?? id,
    completion: withoutEndTokens(responseText(sent.response)),
    label: 'problem' in label ? { task: 'none' } : label,
    ...(prompt.length === 0 ? {} : { prompt }),
    ...(completionIds ? { completionIds } : {}),
    ...(finishReason ? { finishReason } : {}),
    ...(extra || truth !== undefined ? { metadata: { ...extra, ...(truth === undefined ? {} : { ground_truth: truth }) } } : {}), // prettier-ignore
  };
}

async function readPrompt(
  sent: SentSample,
  id: string,
  image: (source: string) => Promise<string>,
): Promise<PromptPart[]> {
  const images = (sent.images ?? []).map((source): ImagePart => ({ type: 'image', source }));
  const parts: PromptPart[] = [];
  for (const part of [...images, ...promptParts(sent.prompt)]) {
    if (part.type === 'text') parts.push(part);
    else parts.push({ type: 'image', url: await urlOf(part.source, id, image) });
  }
  return parts;
}

async function urlOf(source: string, id: string, image: (source: string) => Promise<string>): Promise<string> {
  try {
    return await image(source);
  } catch (error) {
    throw new Refusal('invalid', `sample "${id}": an image ${messageOf(error)}`, { sample: id });
  }
}
