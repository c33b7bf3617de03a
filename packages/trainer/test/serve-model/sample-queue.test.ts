import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import type { SampleRequest, SampleResponse } from '../../src/policies/tinker/protocol/messages.js';
import { baseSnapshot } from '../../src/serve-model/adapter.js';
import { openBaseModel, type BaseModel } from '../../src/serve-model/base-model.js';
import { openJobs } from '../../src/serve-model/jobs.js';
import { modelLimits } from '../../src/serve-model/options.js';
import { openSampleQueue, type Asker } from '../../src/serve-model/sample-queue.js';
import type { JobResult } from '../../src/serve-model/tinker/exchange.js';
import { goldenPath } from '../helpers/golden.js';

const picture = new Uint8Array(readFileSync(goldenPath('vlm', 'images/exact.png')));
let base: BaseModel;

beforeAll(async () => {
  base = await openBaseModel(goldenPath('vlm', 'tied_fp32'), 'tiny');
});
afterAll(() => base.dispose());

/** A prompt of some tokens, with a picture or without, and how it is answered. */
function request(
  length: number,
  changes: Partial<SampleRequest['sampling_params']> = {},
  withPicture = false,
): SampleRequest {
  const tokens = Array.from({ length }, (_, i) => 30 + ((7 * i + length) % 60));
  const image = { type: 'image' as const, data: picture, format: 'png' as const };
  const chunks = [...(withPicture ? [image] : []), { type: 'encoded_text' as const, tokens }];
  const sampling_params = { max_tokens: 12, temperature: 1, top_k: -1, top_p: 1, seed: length, ...changes };
  return { num_samples: 2, prompt: { chunks }, sampling_params };
}

/** A queue that counts how often weights are opened, which is once a batch. */
function open(samples = 64, failures = 0) {
  const jobs = openJobs<JobResult>(100, () => undefined);
  const queue = openSampleQueue(base, jobs, modelLimits({ samples, context: 64 }));
  const opened: string[] = [];
  const weightsOf = (name: string) => ({
    name,
    open: () => {
      opened.push(name);
      return opened.length <= failures ? Promise.reject(new Error('not now')) : Promise.resolve(baseSnapshot(base));
    },
  });
  const ask = async (asked: SampleRequest, weights = 'base', asker?: Asker) => {
    const outcome = await jobs.retrieve(queue.submit(asked, weightsOf(weights), asker), 60_000);
    if (outcome?.state === 'done') return outcome.value.value as SampleResponse;
    throw new Error(outcome?.state === 'failed' ? outcome.error : 'late');
  };
  return { ask, opened };
}

describe('requests that wait together', () => {
  const asked = [
    ...[25, 27, 29, 32].map((length) => request(length)), // up to 32 positions each
    ...[9, 12].map((length) => request(length, {}, true)), // with 16 of the picture, up to 32 as well
  ];

  it('are drawn in one batch, and each gets the very bits that it gets alone', async () => {
    const alone = open();
    const expected: SampleResponse[] = [];
    for (const one of asked) expected.push(await alone.ask(one));
    expect(alone.opened).toHaveLength(6);
    const together = open();
    expect(await Promise.all(asked.map((one) => together.ask(one)))).toEqual(expected);
    expect(together.opened).toHaveLength(1);
  });

  it('are kept apart where weights, lengths or ways of drawing differ, and beyond the limit of samples', async () => {
    const apart = open();
    const others = [request(33), request(32, { max_tokens: 13 }), request(32, { temperature: 0.5 }), request(32, { stop: [] })]; // prettier-ignore
    await Promise.all([request(31), ...others].map((one) => apart.ask(one)));
    await Promise.all([apart.ask(request(31)), apart.ask(request(31), 'other')]);
    expect(apart.opened).toHaveLength(7);
    const few = open(4);
    await Promise.all(asked.map((one) => few.ask(one)));
    expect(few.opened).toHaveLength(3); // two of two samples each at a time
  });

  it('are drawn one by one after a failure in company', async () => {
    const { ask, opened } = open(64, 1);
    const answers = await Promise.all(asked.slice(0, 3).map((one) => ask(one)));
    expect(answers.every(({ sequences }) => sequences.length === 2)).toBe(true);
    expect(opened).toHaveLength(4); // in vain, one alone, and at the turn of the others
  });

  it('fail by themselves for a prompt that cannot be taken', async () => {
    const { ask } = open();
    const results = await Promise.allSettled([ask(request(60)), ask(request(30)), ask(request(31))]);
    expect(results.map(({ status }) => status)).toEqual(['rejected', 'fulfilled', 'fulfilled']);
    expect((results[0] as PromiseRejectedResult).reason).toMatchObject({
      message: 'prompt and max_tokens: 72 tokens exceed the context of 64',
    });
  });
});

describe('one who asks', () => {
  it('can read along, and is given up when it leaves', async () => {
    const { ask, opened } = open();
    const leaving = new AbortController();
    const seen: number[] = [];
    const onTokens: Asker['onTokens'] = ([first]) => {
      seen.push(first!.tokens.length);
      if (seen.length === 3) leaving.abort(new Error('left'));
    };
    const asked = request(10, { max_tokens: 30, stop: [] });
    await expect(ask(asked, 'base', { onTokens, signal: leaving.signal })).rejects.toThrow('left');
    expect(seen).toEqual([1, 5, 9]);
    await expect(ask(asked, 'base', { signal: leaving.signal })).rejects.toThrow('left');
    expect(opened).toHaveLength(1); // the second was not begun
  });

  it('leaves its company to be answered', async () => {
    const { ask, opened } = open();
    const leaving = new AbortController();
    const signal = leaving.signal;
    const onTokens = () => leaving.abort(new Error('left'));
    const [, second] = await Promise.allSettled([ask(request(31), 'base', { onTokens, signal }), ask(request(30))]);
    expect(second).toEqual({ status: 'fulfilled', value: await open().ask(request(30)) });
    expect(opened).toHaveLength(1);
  });
});
