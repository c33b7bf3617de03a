// Runs core and the rewards in headless Chromium, as one minified ES module, and compares each number with Node's: bit for bit
// with exp and log held equal, and to the last digits with each engine's own (see calculations.mjs).
//   npm run test:browser        CHROME_PATH=... names a browser that is not on PATH
import { buildSync } from 'esbuild';
import { Buffer } from 'node:buffer';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL, URL } from 'node:url';
import { chromium } from 'playwright-core';
import { findBrowser } from './find-browser.mjs';

const executablePath = findBrowser();
if (executablePath === undefined) {
  console.error('test:browser: no Chromium found; install one (Debian: chromium-headless-shell) or set CHROME_PATH');
  process.exit(1);
}

/** An exp that is off by one bit in 2^52, and a few such in a sum, relative to the greatest number of a list. */
const LAST_DIGITS = 16 * 2 ** -52;

const folder = mkdtempSync(join(tmpdir(), 'q-insight-browser-'));
try {
  const bundle = bundled();
  const inNode = await resultsInNode(bundle);
  const { version, ...inPage } = await resultsInPage(bundle);
  const failures = [
    ...differences('exp and log held equal', inNode.pinned, inPage.pinned, 0),
    ...differences("the engine's exp and log", inNode.own, inPage.own, LAST_DIGITS),
  ];
  for (const failure of failures) console.error(failure);
  console.log(`bundle ${(bundle.length / 1000).toFixed(1)} kB in Chromium ${version}, beside Node ${process.version}`);
  console.log(`${2 * Object.keys(inNode.own).length - failures.length} passed, ${failures.length} failed`);
  process.exitCode = failures.length === 0 ? 0 : 1;
} catch (error) {
  console.error(`test:browser: ${error.message}`);
  process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}

function bundled() {
  const { outputFiles } = buildSync({
    entryPoints: [fileURLToPath(new URL('calculations.mjs', import.meta.url))],
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'browser', // an import of a Node module would not resolve
    conditions: ['@q-insight/source'],
    external: ['crypto'], // seedrandom asks for it inside a try, for seeds it makes itself; core always gives one
    write: false,
  });
  return outputFiles[0].text;
}

async function resultsInNode(bundle) {
  const path = join(folder, 'bundle.mjs');
  writeFileSync(path, bundle);
  const { results } = await import(pathToFileURL(path).href);
  return results();
}

async function resultsInPage(bundle) {
  // the sandbox needs privileges that containers lack; the page is our own
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
  try {
    const page = await browser.newPage();
    const module = `data:text/javascript;base64,${Buffer.from(bundle).toString('base64')}`;
    const inPage = await page.evaluate(async (address) => (await import(address)).results(), module);
    return { version: browser.version(), ...inPage };
  } finally {
    await browser.close();
  }
}

/** One line for each calculation in which a number is further off than allowed. */
function differences(kind, inNode, inPage, allowed) {
  return Object.entries(inNode).flatMap(([name, bits]) => {
    const expected = bits.map(number);
    const got = (inPage[name] ?? []).map(number);
    const scale = Math.max(...expected.map((x) => (Number.isFinite(x) ? Math.abs(x) : 0)));
    const differs = (x, i) => !Object.is(x, got[i]) && !(Math.abs(x - got[i]) <= allowed * scale);
    const at = expected.findIndex(differs);
    if (at < 0 && got.length === expected.length) return [];
    return [`${name}, ${kind}: [${at}] is ${got[at]} in the browser, ${expected[at]} in Node`];
  });
}

function number(bits) {
  return new Float64Array(BigUint64Array.of(BigInt(`0x${bits}`)).buffer)[0];
}
