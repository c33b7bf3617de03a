import { fileURLToPath } from 'node:url';

/** Where the addon's C++ sources are: beside src and dist alike. */
export const NATIVE_FOLDER = fileURLToPath(new URL('../native', import.meta.url));
