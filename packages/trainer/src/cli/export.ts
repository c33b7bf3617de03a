import { Command, Option } from 'commander';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { chooseCheckpoint, modelOf, type ChosenCheckpoint } from './checkpoint.js';

/** Flags of `q-insight export`. */
export interface ExportOptions {
  readonly output: string;
  readonly dtype: 'bf16' | 'f32';
}

/** `q-insight export [CHECKPOINT] --output FOLDER`. */
export function exportCommand(): Command {
  return new Command('export')
    .description('write a trained model as a Hugging Face folder of its own, its adapter merged into the weights')
    .argument('[checkpoint]', "run or checkpoint folder (default: the newest run's trained model)")
    .requiredOption('--output <folder>', 'folder to write, new or empty')
    .addOption(new Option('--dtype <type>', 'how numbers are stored').choices(['bf16', 'f32']).default('bf16'))
    .action(async (named: string | undefined, options: ExportOptions) => {
      const checkpoint = chooseCheckpoint(named);
      await exportModel(checkpoint, options);
      console.log(`${checkpoint.folder} → ${options.output}`);
    });
}

/**
 * Writes the model of a checkpoint so that anything that loads Hugging Face folders loads it.
 *
 * @throws Error when the output folder holds something already, or adapter and base model do not fit
 */
export async function exportModel({ folder, settings }: ChosenCheckpoint, options: ExportOptions): Promise<void> {
  const { output } = options;
  if (existsSync(output) && readdirSync(output).length > 0) {
    throw new Error(`--output ${output}: is not empty; name a new folder`);
  }
  const dtype = options.dtype === 'bf16' ? 'BF16' : 'F32';
  const adapter = join(folder, 'adapter_config.json');
  if (existsSync(adapter)) {
    const { checkpoint } = settings?.model ?? (await modelOf(folder, adapter));
    const { chooseBackend } = await import('../backends/choose-backend.js');
    const { mergeAdapter } = await import('../models/merge-adapter.js');
    await chooseBackend();
    await mergeAdapter(checkpoint, folder, output, { dtype });
  } else {
    const { openCheckpoint, saveCheckpoint } = await import('../models/qwen2.5-vl/weights.js');
    const { config, read } = await openCheckpoint(folder);
    await saveCheckpoint(output, config, read, { dtype, companionsFrom: folder });
  }
}
