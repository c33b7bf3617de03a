import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from '@jest/globals';
import { readChatTemplate } from '../../../src/models/qwen2.5-vl/chat-template.js';
import { goldenJson, goldenPath, VLM_VARIANTS, type GoldenVlm } from '../../helpers/golden.js';
import { goldenPrompt } from '../../helpers/prompts.js';
import { temporaryFolder } from '../../helpers/temporary.js';

describe.each(VLM_VARIANTS)('%s', (variant) => {
  const { cases } = goldenJson<GoldenVlm>('vlm', variant, 'expected.json');
  const template = readChatTemplate(goldenPath('vlm', variant));

  test.each(cases)('renders as transformers: $name', async (golden) => {
    const render = await template;
    for (const [row, text] of golden.text.entries())
      expect(render((await goldenPrompt(golden, row)).messages)).toBe(text);
  });
});

describe('where it is found', () => {
  const root = temporaryFolder();
  let folders = 0;
  let folder = '';
  beforeEach(() => {
    folder = join(root, String(folders++));
    mkdirSync(folder);
  });
  const write = (name: string, text: string) => {
    writeFileSync(join(folder, name), text);
  };
  const rendered = async () => (await readChatTemplate(folder))([{ role: 'user', content: 'hi' }]);

  test('chat_template.jinja comes before chat_template.json, that before tokenizer_config.json', async () => {
    write('tokenizer_config.json', JSON.stringify({ chat_template: 'c' }));
    expect(await rendered()).toBe('c');
    write('chat_template.json', JSON.stringify({ chat_template: 'b' }));
    expect(await rendered()).toBe('b');
    write('chat_template.jinja', 'a');
    expect(await rendered()).toBe('a');
  });

  test('of several named ones, the default', async () => {
    const named = [
      { name: 'tool_use', template: 'x' },
      { name: 'default', template: 'y' },
    ];
    write('tokenizer_config.json', JSON.stringify({ chat_template: named }));
    expect(await rendered()).toBe('y');
  });

  test('blocks swallow the line break after them, as transformers sets jinja', async () => {
    write('chat_template.jinja', '{% for m in messages %}\n{{ m.role }}\n{% endfor %}\nend');
    expect(await rendered()).toBe('user\nend');
  });

  test('none names the folder', async () => {
    write('tokenizer_config.json', '{}');
    await expect(rendered()).rejects.toThrow(`${folder}: no chat template in`);
  });

  test('a template that does not parse, or refuses the messages, names its file', async () => {
    write('chat_template.jinja', '{% if %}');
    await expect(rendered()).rejects.toThrow(`${join(folder, 'chat_template.jinja')}: `);
    write('chat_template.jinja', "{{ raise_exception('roles must alternate') }}");
    await expect(rendered()).rejects.toThrow(`${join(folder, 'chat_template.jinja')}: roles must alternate`);
  });
});
