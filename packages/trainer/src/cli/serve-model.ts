import { closeOnSignals } from '@q-insight/rewards/server';
import { Command } from 'commander';
import pc from 'picocolors';
import { wholeNumber } from './options.js';

/** Flags of `q-insight serve-model`. */
export interface ServeModelFlags {
  readonly host: string;
  readonly port: string;
  readonly name?: string;
  readonly checkpoints: string;
  readonly models: string;
  readonly context: string;
}

/** The environment variable that holds the key: a flag could be read by everyone on the machine. */
const KEY = 'Q_INSIGHT_KEY';

/** `q-insight serve-model CHECKPOINT`. */
export function serveModelCommand(): Command {
  return new Command('serve-model')
    .description(
      "let others train and ask a model: Tinker's protocol, and chat completions as OpenAI's clients ask for",
    )
    .argument('<checkpoint>', 'folder in Hugging Face layout')
    .option('--host <address>', `address to listen on; one that others can reach needs a key in ${KEY}`, '127.0.0.1')
    .option('--port <n>', 'port; 0 takes a free one', '8000')
    .option('--name <name>', "what callers know the model by (default: the folder's name)")
    .option('--checkpoints <folder>', 'folder that saved adapters go to', 'served-checkpoints')
    .option('--models <n>', 'models that may be trained at a time', '16')
    .option('--context <tokens>', 'longest sequence, prompt and completion together', '8192')
    .action(async (checkpoint: string, flags: ServeModelFlags) => {
      const { serveModel } = await import('../serve-model/index.js');
      const key = process.env[KEY];
      const server = await serveModel(checkpoint, {
        host: flags.host,
        port: wholeNumber('--port', flags.port, 0),
        checkpoints: flags.checkpoints,
        models: wholeNumber('--models', flags.models, 1),
        context: wholeNumber('--context', flags.context, 2),
        ...(flags.name === undefined ? {} : { name: flags.name }),
        ...(key === undefined ? {} : { key }),
      });
      closeOnSignals(server);
      console.log(
        [
          `${pc.bold(server.url)} serves ${server.name}`,
          `train:  tinker.ServiceClient(base_url="${server.url}"${key === undefined ? ', api_key="tml-any"' : ''})`,
          `chat:   ${server.url}/v1/chat/completions`,
          pc.dim('Ctrl-C ends it when the requests under way are done'),
        ].join('\n'),
      );
    });
}
