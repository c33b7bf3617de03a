import { DISTORTION_CLASSES, LEVELS, type DegradationLabel, type ScoreLabel } from '@q-insight/rewards';
import seedrandom from 'seedrandom';
import { QUESTIONS } from '../../packages/trainer/src/data/tasks.js';
import { writeAnswer } from './answers.js';
import { QWEN_PATTERN, trainBpe } from './bpe.js';

/** Most tokens there can be, bytes and added ones included; training stops earlier when no pair is seen twice. */
const VOCABULARY_SIZE = 512;
const ANSWERS = 4000;

/** Qwen2.5-VL's added tokens in its order; special ones are dropped from decoded text. */
const ADDED_TOKENS: readonly { content: string; special: boolean }[] = [
  '<|endoftext|>',
  '<|im_start|>',
  '<|im_end|>',
  '<|object_ref_start|>',
  '<|object_ref_end|>',
  '<|box_start|>',
  '<|box_end|>',
  '<|quad_start|>',
  '<|quad_end|>',
  '<|vision_start|>',
  '<|vision_end|>',
  '<|vision_pad|>',
  '<|image_pad|>',
  '<|video_pad|>',
].map((content) => ({ content, special: true }));

/** ChatML as Qwen2.5-VL writes it, without a system message of its own: a tiny model has no use for its tokens. */
const CHAT_TEMPLATE = `{%- for message in messages -%}
{{ '<|im_start|>' + message['role'] + '\\n' }}
{%- if message['content'] is string -%}
{{ message['content'] }}
{%- else -%}
{%- for part in message['content'] -%}
{%- if part['type'] == 'image' -%}
{{ '<|vision_start|><|image_pad|><|vision_end|>' }}
{%- elif part['type'] == 'text' -%}
{{ part['text'] }}
{%- endif -%}
{%- endfor -%}
{%- endif -%}
{{ '<|im_end|>\\n' }}
{%- endfor -%}
{%- if add_generation_prompt -%}
{{ '<|im_start|>assistant\\n' }}
{%- endif -%}`;

/** The files of the tiny model's tokenizer, by name. Trained anew on each call, always to the same result. */
export function tokenizerFiles(): Record<'tokenizer.json' | 'tokenizer_config.json' | 'chat_template.jinja', string> {
  const { vocabulary, merges } = trainBpe(corpus(), VOCABULARY_SIZE - 256 - ADDED_TOKENS.length);
  const firstAdded = Object.keys(vocabulary).length;
  const byteLevel = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: false, use_regex: false };
  const added = ADDED_TOKENS.map((token, i) => ({
    id: firstAdded + i,
    single_word: false,
    lstrip: false,
    rstrip: false,
    normalized: false,
    ...token,
  }));

  const tokenizer = {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: added,
    normalizer: { type: 'NFC' },
    pre_tokenizer: {
      type: 'Sequence',
      pretokenizers: [
        { type: 'Split', pattern: { Regex: QWEN_PATTERN }, behavior: 'Isolated', invert: false },
        byteLevel,
      ],
    },
    post_processor: byteLevel,
    decoder: byteLevel,
    model: {
      type: 'BPE',
      dropout: null,
      unk_token: null,
      continuing_subword_prefix: '',
      end_of_word_suffix: '',
      fuse_unk: false,
      byte_fallback: false,
      ignore_merges: false,
      vocab: vocabulary,
      merges: merges.map((pair) => pair.join(' ')),
    },
  };

  const tokenizerConfig = {
    add_bos_token: false,
    add_prefix_space: false,
    added_tokens_decoder: Object.fromEntries(added.map(({ id, ...token }) => [id, token])),
    additional_special_tokens: ADDED_TOKENS.slice(1).map(({ content }) => content),
    bos_token: null,
    chat_template: CHAT_TEMPLATE,
    clean_up_tokenization_spaces: false,
    eos_token: '<|im_end|>',
    errors: 'replace',
    model_max_length: 2048,
    pad_token: '<|endoftext|>',
    split_special_tokens: false,
    tokenizer_class: 'Qwen2Tokenizer',
    unk_token: null,
  };
  return {
    'tokenizer.json': `${JSON.stringify(tokenizer, null, 1)}\n`,
    'tokenizer_config.json': `${JSON.stringify(tokenizerConfig, null, 2)}\n`,
    'chat_template.jinja': CHAT_TEMPLATE,
  };
}

/** Questions and answers in the proportions of training, plus what begins and ends a turn. */
function corpus(): string[] {
  const random = seedrandom('tokenizer');
  const answers = Array.from({ length: ANSWERS }, (_, i) => writeAnswer(drawLabel(i, random), random));
  const turns = Array.from({ length: ANSWERS / 2 }, () => [...Object.values(QUESTIONS.short), 'user\n', 'assistant\n']);
  return [...answers, ...turns.flat()];
}

function drawLabel(i: number, random: () => number): ScoreLabel | DegradationLabel {
  if (i % 2 === 0) return { task: 'score', score: 1 + 4 * random() };
  const distortionClass = DISTORTION_CLASSES[Math.floor(random() * DISTORTION_CLASSES.length)]!;
  const level = distortionClass === 'null' ? 'null' : LEVELS[Math.floor(random() * LEVELS.length)]!;
  return { task: 'degradation', distortionClass, level };
}
