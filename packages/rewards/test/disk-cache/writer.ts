// Run by disk-cache.test.ts in processes of its own: writer.ts FILE FROM TO. Writes value i under key i, in turn, and again
// until it is killed when TO is 'forever'; says so once it has written some.
import { diskCache } from '../../src/disk-cache/index.js';

const [file, from, to] = process.argv.slice(2) as [string, string, string];
const cache = diskCache(file);
const end = to === 'forever' ? Infinity : Number(to);
for (let i = Number(from); i < end; i += 1) {
  cache.set(String(i), i / 7);
  if (i === Number(from) + 9) process.stdout.write('begun\n');
}
cache.close();
