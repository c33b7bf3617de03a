// Run by disk-cache.test.ts in processes of its own: opener.ts PREFIX COUNT. Makes one file after the other and writes into each.
import { diskCache } from '../../src/disk-cache/index.js';

const [prefix, count] = process.argv.slice(2) as [string, string];
for (let i = 0; i < Number(count); i += 1) {
  const cache = diskCache(`${prefix}-${i}`);
  cache.set('a', 1);
  cache.close();
}
