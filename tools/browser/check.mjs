// Runs core and the rewards in headless Chromium, as one minified ES module, and compares each number with Node's: bit for bit
// with exp and log held equal, and to the last digits with each engine's own (see calculations.mjs).
//   npm run test:browser        CHROME_PATH=... names a browser that is not on PATH
import { buildSync } from 'esbuild';
import { Buffer } from 'node:buffer';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL, URL } from 'node:url';
import { findBrowser } from './find-browser.mjs';

const browser = findBrowser();
if (browser === undefined) {
  console.error('test:browser: no Chromium found; install one (Debian: chromium-headless-shell) or set CHROME_PATH');
  process.exit(1);
}

/** An exp that is off by one bit in 2^52, and a few such in a sum, relative to the greatest number of a list. */
const LAST_DIGITS = 16 * 2 ** -52;

const folder = mkdtempSync(join(tmpdir(), 'q-insight-browser-'));
try {
  const bundle = bundled();
  const inNode = await resultsInNode(bundle);
  const inPage = resultsInPage(bundle);
  const failures = [
    ...differences('exp and log held equal', inNode.pinned, inPage.pinned, 0),
    ...differences("the engine's exp and log", inNode.own, inPage.own, LAST_DIGITS),
  ];
  for (const failure of failures) console.error(failure);
  const version = execFileSync(browser, ['--version'], { encoding: 'utf8' }).trim();
  console.log(`bundle ${(bundle.length / 1000).toFixed(1)} kB in ${version}, beside Node ${process.version}`);
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

/** The page writes its results, or what went wrong, into itself; --dump-dom prints it once the module has run. */
function resultsInPage(bundle) {
  const module = `data:text/javascript;base64,${Buffer.from(bundle).toString('base64')}`;
  const page = join(folder, 'page.html');
  writeFileSync(
    page,
    `<!doctype html><meta charset="utf-8"><body><script type="module">
    try {
      const { results } = await import(${JSON.stringify(module)});
      document.body.textContent = 'results:' + JSON.stringify(await results()) + ':end';
    } catch (error) {
      document.body.textContent = 'error: ' + error.stack;
    }
    </script>`,
  );
  // the sandbox needs privileges that containers lack; the page is our own
  const flags = ['--headless', '--no-sandbox', '--disable-gpu', `--user-data-dir=${join(folder, 'profile')}`];
  const { stdout: html, error } = spawnSync(browser, [...flags, '--dump-dom', pathToFileURL(page).href], {
    encoding: 'utf8',
    timeout: 180_000,
    maxBuffer: 2 ** 26,
  });
  if (error !== undefined) throw new Error(`${browser} does not run: ${error.message}`);
  const [, found] = /results:(.*):end/s.exec(html) ?? [];
  if (found === undefined) throw new Error(`the page in ${browser} gave no results: ${html.slice(0, 2000)}`);
  return JSON.parse(found);
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
