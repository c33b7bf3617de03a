import { Command } from 'commander';
import { benchmarkCommand } from './benchmark.js';
import { dashboardCommand } from './dashboard.js';
import { dataCommand } from './data.js';
import { degradeCommand } from './degrade.js';
import { demoCommand } from './demo.js';
import { doctorCommand } from './doctor.js';
import { evaluateCommand } from './evaluate.js';
import { explainCommand } from './explain.js';
import { exportCommand } from './export.js';
import type { Parts } from './parts.js';
import { scoreCommand } from './score.js';
import { setupCommand } from './setup.js';
import { serveModelCommand } from './serve-model.js';
import { serveCommand } from './serve.js';
import { trackCommand } from './track.js';
import { trainCommand } from './train.js';

/** The command line `q-insight`: one command a file. */
export function program(parts: Parts, version: string): Command {
  const root = new Command('q-insight')
    .description('train vision-language models with GRPO to judge image quality')
    .version(version)
    .option('--debug', 'show where an error came from')
    .showSuggestionAfterError()
    .configureOutput({ outputError: (text, write) => write(`${text.trim().replaceAll(/\s*\n\s*/g, ' ')}\n`) });
  const commands = [
    trainCommand(parts),
    evaluateCommand(parts),
    benchmarkCommand(parts),
    dataCommand(),
    degradeCommand(),
    scoreCommand(parts),
    explainCommand(),
    exportCommand(),
    trackCommand(),
    dashboardCommand(parts),
    serveCommand(),
    serveModelCommand(),
    setupCommand(),
    doctorCommand(),
    demoCommand(parts),
  ];
  for (const command of commands)
    root.addCommand(command.copyInheritedSettings(root).option('--debug', 'show where an error came from'));
  return root;
}
