// The command line with a slow fake model, for tests that send signals to a process of its own.
import { program } from '../../src/cli/program.js';
import { fakeParts } from './fake-parts.js';

await program(fakeParts(40), '0.0.0').parseAsync();
