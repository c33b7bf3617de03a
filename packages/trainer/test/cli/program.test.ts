import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { temporaryFolder } from '../helpers/temporary.js';

/** Runs the real command line. */
function cli(...args: string[]) {
  const main = 'packages/trainer/src/cli/main.ts';
  const command = ['--conditions=@q-insight/source', '--import', 'tsx', main, ...args];
  const { status, stdout, stderr } = spawnSync(process.execPath, command, { encoding: 'utf8' });
  return { status, stdout, stderr };
}

describe('q-insight', () => {
  test('lists its commands', () => {
    const { status, stdout } = cli('--help');
    expect(status).toBe(0);
    for (const command of ['train', 'evaluate', 'score', 'explain', 'serve', 'doctor', 'demo'])
      expect(stdout).toContain(`  ${command}`);
  });

  test.each([
    [['trian'], "error: unknown command 'trian' (Did you mean train?)"],
    [['train', 'x.yaml', '--stpes', '3'], "error: unknown option '--stpes' (Did you mean --steps?)"],
    [['train', 'nowhere.yaml'], 'error: nowhere.yaml: no such recipe file'],
    [
      ['train', 'nowhere.yaml', '--set', 'steps'],
      "error: --set steps: expected KEY=VALUE such as grpo.beta=0.01, got 'steps'",
    ],
    [['explain', 'nowhere.jsonl'], 'error: nowhere.jsonl: no such file'],
    [['evaluate', 'nowhere'], 'error: nowhere: not a run folder (no settings.yaml in it)'],
    [['score', 'nowhere.jpg'], 'error: nowhere.jpg: no such file'],
    [['serve', 'nowhere.yaml'], 'error: nowhere.yaml: no such file'],
    [['serve', '--port', 'x'], "error: --port: expected a whole number of at least 0, got 'x'"],
    [
      ['serve', '--host', '0.0.0.0'],
      'error: serveRewards: 0.0.0.0 can be reached from other machines, so a token is needed',
    ],
    [['score'], "error: missing required argument 'photo'"],
  ])('%j ends with one line and exit code 1', (args, line) => {
    const { status, stdout, stderr } = cli(...args);
    expect(stderr).toBe(`${line}\n`);
    expect(stdout).toBe('');
    expect(status).toBe(1);
  });

  test('--debug shows where an error came from', () => {
    const { status, stderr } = cli('train', 'nowhere.yaml', '--debug');
    expect(status).toBe(1);
    expect(stderr).toMatch(/no such recipe file\n\s+at .*yaml-file\.ts/);
  });

  test('a message of several lines is put on one', () => {
    const recipe = join(temporaryFolder(), 'recipe.yaml');
    writeFileSync(recipe, 'a: {b: 1\nc: [');
    const { stderr } = cli('train', recipe);
    expect(stderr.trimEnd().split('\n')).toHaveLength(1);
    expect(stderr).toContain('recipe.yaml:2: not valid YAML');
  });
});
