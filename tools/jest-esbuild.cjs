// Jest transform: strip types with esbuild. Types are checked by `tsc -b`, not here.
const { transformSync } = require('esbuild');

module.exports = {
  process: (code, path, { supportsStaticESM }) =>
    transformSync(code, {
      loader: 'ts',
      format: supportsStaticESM ? 'esm' : 'cjs',
      target: 'node20',
      sourcemap: 'inline',
      sourcefile: path,
    }),
};
