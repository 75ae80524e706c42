#!/usr/bin/env bash
# `npm run test:nodes`: what leans on the OpenSSL inside Node, on every Node that is supported. Each comes from the npm
# package `node`, into a folder that is thrown away. Arguments are other test files.
set -euo pipefail
cd "$(dirname "$0")/.."

files=("$@")
if [ ${#files[@]} -eq 0 ]; then
  files=(test/protocol/cggmp24/integers/{modexp,ring,paillier,pedersen,side-channels}.test.ts)
fi
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
for version in 20.19 22 24; do
  npm install --silent --no-save --prefix "$folder/$version" "node@$version"
  node="$folder/$version/node_modules/.bin/node"
  echo "node $("$node" --version)"
  "$node" node_modules/vitest/vitest.mjs run --config test/vitest.config.ts "${files[@]}"
done
