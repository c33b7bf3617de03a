#!/usr/bin/env bash
# Tests, setup, doctor and two training steps on each backend, under another Node: run.sh VERSION, for example 24
# The Node comes from npm, where the package `node` holds it (125 MB).
set -euo pipefail
cd "$(dirname "$0")/../.."
version=${1:?expected a version of Node, for example 24}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
npm install --silent --no-save --prefix "$folder" "node@$version"
export PATH="$folder/node_modules/node/bin:$PATH"
node --version

npm test -- packages/core packages/rewards
npm run -s q-insight -- setup
npm run -s q-insight -- doctor
npm test -- --config jest.tensorflow.config.mjs packages/tensorflow packages/trainer/test/models
for backend in wasm tensorflow; do
  Q_INSIGHT_BACKEND=$backend npm run -s q-insight -- \
    train recipes/tiny.yaml --steps 2 --no-evaluate --output "$folder/$backend"
done
