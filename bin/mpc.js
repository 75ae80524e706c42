#!/usr/bin/env node
// Says so in one line where Node is too old for the rest, instead of failing somewhere in the midst. Such a Node must be
// able to read this file, be it as a module or as a script: no syntax here is newer than `import()`.
/* oxlint-disable no-var, prefer-template, prefer-arrow-callback */
var LOWEST = [20, 19]
var found = process.versions.node.split('.').map(Number)

if (found[0] > LOWEST[0] || (found[0] === LOWEST[0] && found[1] >= LOWEST[1])) {
  void import('../dist/cli/program/process.js')
} else {
  var message = 'mpc needs Node ' + LOWEST.join('.') + ' or newer; this is ' + found.slice(0, 2).join('.')
  var hint = 'install one from https://nodejs.org, or with a version manager such as nvm'
  if (process.argv.indexOf('--json') === -1) process.stderr.write(message + '\n')
  else {
    var error = { code: 'E_NODE', message: message, hint: hint, party: null, accused: [] }
    process.stdout.write(
      JSON.stringify({ ok: false, command: '', code: 3, schema: 'mpc/cli/v1', error: error }) + '\n',
    )
  }
  process.exitCode = 3
}
