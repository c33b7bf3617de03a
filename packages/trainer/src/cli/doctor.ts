import { Command } from 'commander';
import { availableParallelism, freemem, totalmem } from 'node:os';
import { basename } from 'node:path';
import pc from 'picocolors';
import { readConfig } from '../models/qwen2.5-vl/config.js';
import { openModelFolder } from '../models/safetensors.js';
import { planCheck, plannedSettings, type PlanOptions } from './doctor-plan.js';
import { collect } from './options.js';
import { gradientSelfTest } from './self-test.js';

/** One line of the doctor's report. */
export interface Finding {
  readonly name: string;
  readonly ok: boolean;
  readonly text: string;
}

/** `q-insight doctor`. */
export function doctorCommand(): Command {
  return new Command('doctor')
    .description('check this machine: Node, memory, backend, image decoder, and a gradient with a known value')
    .option(
      '--model <folder>',
      'also read a checkpoint, and say what memory training it takes; the flags below say how',
    )
    .option('--recipe <file>', 'plan for its settings, and its checkpoint unless --model names another')
    .option('--set <key=value>', 'plan for another value of a setting (may be repeated)', collect)
    .option('--group-size <n>', 'answers per prompt (default: 8)')
    .option('--prompts <n>', 'prompts per step (default: 4)')
    .option('--micro-batch <n>', 'answers that go through the model at a time (default: 8)')
    .option('--max-tokens <n>', 'longest answer (default: 256)')
    .option('--prompt-tokens <n>', "a prompt's text (default: 128)")
    .option('--images <n>', 'images of a prompt (default: 1)')
    .option('--image-size <WxH>', 'their size in pixels (default: 448x448)')
    .option('--precision <type>', 'of frozen weights: fp32 or bf16 (default: fp32)')
    .option('--matmul-precision <type>', 'that these are multiplied in: fp32 or bf16 (default: fp32)')
    .action(async (options: PlanOptions) => {
      const findings = await examine(options);
      for (const { name, ok, text } of findings)
        console.log(`${ok ? pc.green('ok ') : pc.red('BAD')} ${name.padEnd(10)} ${text}`);
      if (findings.some(({ ok }) => !ok)) process.exitCode = 1;
    });
}

const gigabytes = (bytes: number) => `${(bytes / 2 ** 30).toFixed(1)} GB`;

/** A check that throws is a finding, not the end of the examination. */
async function finding(name: string, check: () => Promise<Omit<Finding, 'name'>>): Promise<Finding> {
  try {
    return { name, ...(await check()) };
  } catch (error) {
    return { name, ok: false, text: (error as Error).message };
  }
}

/** Runs all checks. */
export async function examine(options: PlanOptions): Promise<Finding[]> {
  const planned = options.model === undefined && options.recipe === undefined ? undefined : plannedSettings(options);
  const findings: Finding[] = [];
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const recent = major > 20 || (major === 20 && minor >= 19);
  findings.push({ name: 'node', ok: recent, text: `${process.version}${recent ? '' : ', needs 20.19 or later'}` });
  findings.push({ name: 'cores', ok: true, text: String(availableParallelism()) });
  const memory = `${gigabytes(freemem())} free of ${gigabytes(totalmem())}`;
  findings.push({ name: 'memory', ok: totalmem() >= 2 * 2 ** 30, text: memory });
  findings.push(await finding('images', imageCheck));
  findings.push(await finding('backend', backendCheck));
  findings.push(await finding('gradient', gradientSelfTest));
  if (planned) {
    findings.push(await finding('model', () => modelCheck(planned.model.checkpoint)));
    if (findings.at(-1)!.ok) findings.push(await finding('training', () => planCheck(planned, options)));
  }
  return findings;
}

async function imageCheck() {
  const { default: sharp } = await import('sharp');
  const pixels = Buffer.from([10, 20, 30, 40, 50, 60]);
  const png = await sharp(pixels, { raw: { width: 2, height: 1, channels: 3 } })
    .png()
    .toBuffer();
  const back = await sharp(png).raw().toBuffer();
  const ok = back.equals(pixels);
  const version = `sharp ${sharp.versions.sharp}, libvips ${sharp.versions.vips}`;
  return { ok, text: ok ? version : `${version}: a PNG did not come back as it was` };
}

async function backendCheck() {
  const { chooseBackend } = await import('../backends/choose-backend.js');
  const warnings: string[] = [];
  const name = await chooseBackend((message) => warnings.push(message));
  const { backendInWords } = await import('../backends/backend-in-words.js');
  return { ok: warnings.length === 0, text: [await backendInWords(name), ...warnings].join('; ') };
}

async function modelCheck(folder: string) {
  const { text, vision } = await readConfig(folder);
  const { tensors } = await openModelFolder(folder);
  const count = [...tensors.values()].reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0);
  const types = [...new Set([...tensors.values()].map(({ dtype }) => dtype))].join(', ');
  const size = `${(count / 1e6).toFixed(2)} M parameters in ${tensors.size} tensors (${types})`;
  const layers = `decoder ${text.numHiddenLayers} layers, vision ${vision.depth} layers`;
  return { ok: true, text: `${basename(folder)}: ${size}; ${layers}` };
}
