export type { ServeModelOptions } from './options.js';
export { type ModelServer, serveModel } from './serve-model.js';
