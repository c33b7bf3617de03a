// Makes examples without end, in a process beside the one that trains on them.
import { answers, captions, type ExampleSource } from './examples.js';

/** Examples that wait to be read: the other process reads between its steps only. */
const AHEAD = 64;

const { kind, source } = JSON.parse(process.argv[2]!) as { kind: 'captions' | 'answers'; source: ExampleSource };
const make = { captions, answers }[kind](source);
process.on('disconnect', () => process.exit()); // never outlives the training
const waiting: Promise<unknown>[] = [];
for (let index = 0; ; index++) {
  const example = await make(index);
  waiting.push(new Promise((read) => process.send!(example, read)));
  if (waiting.length >= AHEAD) await waiting.shift();
}
