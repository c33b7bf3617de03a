import { expect, test } from '@jest/globals';
import { checkProvenance } from '../../src/index.js';

test('checkProvenance refuses what cannot be compared', () => {
  const plain = { temperature: 0.9 };
  checkProvenance(plain, { temperature: 0.9, topP: 0.95 }); // truncated when sampling, but not renormalised: comparable
  checkProvenance({ ...plain, topP: 0.95, renormalised: true }, { ...plain, topP: 0.95, renormalised: true });
  expect(() => checkProvenance(plain, { temperature: 1 })).toThrow(
    "`sampler.temperature` must be the policy's 0.9, got 1",
  );
  expect(() => checkProvenance(plain, { ...plain, topP: 0.95, renormalised: true })).toThrow(
    '`sampler.renormalised` must',
  );
  const kept = { ...plain, topP: 0.95, renormalised: true };
  expect(() => checkProvenance(kept, { ...kept, topP: 0.9 })).toThrow(
    "`sampler.topP` must be the policy's 0.95, got 0.9",
  );
  expect(() => checkProvenance({ ...kept, topK: 5 }, { ...kept, topK: 9 })).toThrow(
    "`sampler.topK` must be the policy's 5, got 9",
  );
});
