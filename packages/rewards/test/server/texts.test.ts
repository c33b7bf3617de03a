import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { completionIn, withoutEndTokens } from '../../src/server/completion-text.js';
import { nemoGymFace } from '../../src/server/faces/nemo-gym.js';
import { isNestedDeeper } from '../../src/server/nesting.js';

describe('end-of-turn tokens', () => {
  test.each([
    ['good<|im_end|>', 'good'],
    ['good\n<|im_end|>\n<|endoftext|><|endoftext|>', 'good\n'],
    ['good</s><pad><pad>', 'good'],
    ['good <|im_end|> more', 'good <|im_end|> more'],
    ['</answer>', '</answer>'],
    ['good  \n', 'good  \n'],
    ['<|im_end|>', ''],
    ['', ''],
  ])('%j becomes %j', (text, rest) => {
    expect(withoutEndTokens(text)).toBe(rest);
  });

  test('takes linear time', () => {
    const start = performance.now();
    withoutEndTokens(`${' '.repeat(1e6)}>`);
    withoutEndTokens('<pad>'.repeat(2e5));
    withoutEndTokens(`${'<|im_end|> '.repeat(1e5)}.`);
    expect(performance.now() - start).toBeLessThan(20_000); // a quadratic one takes minutes
  });
});

test.each([
  ['user\nRate\nassistant\ngood', 'user\nRate\nassistant\n', 'good'],
  ['<|im_start|>user\n<|image_pad|>…<|im_start|>assistant\ngood', 'another prompt', 'good'],
  ['<|im_start|>assistant\na<|im_end|><|im_start|>assistant\nb', 'x', 'b'],
  ['<|start_header_id|>assistant<|end_header_id|>\n\ngood', 'x', 'good'],
  ['[INST] Rate [/INST] good', 'x', ' good'],
  ['good', 'x', undefined],
])('the completion in %j after the prompt %j is %j', (conversation, prompt, completion) => {
  expect(completionIn(conversation, prompt)).toBe(completion);
});

describe('nesting', () => {
  const depthOf = (value: unknown): number =>
    typeof value === 'object' && value !== null ? 1 + Math.max(0, ...Object.values(value).map(depthOf)) : 0;

  test('is that of the value, whatever stands in its texts', () => {
    const texts = fc.oneof(fc.string(), fc.constantFrom('[', '{"a":', '\\', '"', '\\"', '\\\\"', '}]'));
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 6 }), texts, texts, (value, key, text) => {
        const json = JSON.stringify({ [`k${key}`]: text, value });
        const depth = depthOf(JSON.parse(json));
        expect(isNestedDeeper(json, depth)).toBe(false);
        expect(isNestedDeeper(json, depth - 1)).toBe(true);
      }),
    );
  });

  test('of a text that never ends is found in linear time', () => {
    const start = performance.now();
    expect(isNestedDeeper('"'.repeat(1e6), 1)).toBe(false);
    expect(isNestedDeeper(`"${'\\"'.repeat(1e6)}`, 1)).toBe(false);
    expect(isNestedDeeper(`"${'\\'.repeat(2e6)}"[[`, 1)).toBe(true);
    expect(performance.now() - start).toBeLessThan(20_000);
  });
});

test("NeMo-Gym's reasoning items are put back where the model wrote them", () => {
  const output = [
    { type: 'reasoning', summary: [{ type: 'summary_text', text: 'Grain.' }] },
    { type: 'function_call', name: 'zoom', arguments: '{}' },
    { type: 'message', role: 'user', content: [{ type: 'input_text', text: 'no' }] },
    { type: 'message', role: 'assistant', content: [{ type: 'output_text', text: '<answer>3</answer>' }] },
  ];
  const details = { reason: 'max_output_tokens' };
  const body = { responses_create_params: { input: 'Rate' }, response: { output, incomplete_details: details }, verifier_metadata: { mos: 3 }, row: 7 }; // prettier-ignore
  const [sample] = nemoGymFace.read(body);
  expect(sample).toMatchObject({
    response: '<think>Grain.</think><answer>3</answer>',
    prompt: 'Rate',
    extra: { mos: 3, row: 7 },
    finish_reason: 'length',
  });
});
