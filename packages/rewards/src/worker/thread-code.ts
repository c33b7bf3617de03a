/**
 * What runs in the thread: loads the reward and answers calls. Kept as text, run with `eval`, so that it works the same from
 * sources, from either kind of bundle and under any loader; there is no file whose place would have to be known.
 */
export const THREAD_CODE = `
const { parentPort, workerData } = require('node:worker_threads');
const loaded = import(workerData.module).then((module) => {
  const reward = module[workerData.name];
  if (typeof reward === 'function') return reward;
  if (reward && typeof reward.score === 'function') return (sample) => reward.score(sample);
  throw new Error('the module ' + workerData.module + ' exports no reward named ' + workerData.name);
});
loaded.catch(() => {}); // told to the first call instead
parentPort.on('message', async (sample) => {
  try {
    const score = await loaded;
    parentPort.postMessage({ ok: true, value: await score(sample) });
  } catch (error) {
    parentPort.postMessage({ ok: false, message: error instanceof Error ? error.message : String(error) });
  }
});
`;
