// Writes the tiny model of examples/tiny with random weights: make-checkpoint.ts FOLDER. Completions then hardly ever end early.
import { randomValues, tinyConfig, writeTinyCheckpoint } from '../../examples/tiny/model.js';

const config = await tinyConfig();
await writeTinyCheckpoint(process.argv[2]!, config, randomValues(config, 'bench'));
