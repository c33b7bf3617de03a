export { cacheFolder } from './setup/cache.js';
export { type Installation, readInstallation } from './setup/installation.js';
export { setup, type SetupOptions, type SetupResult } from './setup/setup.js';
