// Makes the tokenizer of the tiny model:
//
//   node --conditions=@q-insight/source --import tsx examples/tiny/train-tokenizer.ts
//
// Byte-level BPE in the form of Qwen2's tokenizer, trained on the questions and on answers to them. It reads any text
// (every byte has a token), but only this vocabulary takes few tokens.
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { tokenizerFiles } from './tokenizer.js';

const folder = path.join(import.meta.dirname, 'tokenizer');
mkdirSync(folder, { recursive: true });
for (const [name, content] of Object.entries(tokenizerFiles())) writeFileSync(path.join(folder, name), content);
console.log(`wrote ${folder}`);
