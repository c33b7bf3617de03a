import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

const { resolve } = createRequire(import.meta.url);

/** The text of a script in `page/`. Browsers run it as it is, so the package ships its sources too. */
export const pageFile = (name: string): string =>
  readFileSync(join(dirname(resolve('@q-insight/trainer/package.json')), 'src/tracking/page', name), 'utf8');

/** The text of a file of uPlot's, as its package ships it. */
export const uplotFile = (name: string): string => readFileSync(join(dirname(resolve('uplot')), name), 'utf8');
