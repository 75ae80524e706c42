/**
 * Loaded before everything else into a process that must not talk to anybody (`--require`), its threads and its
 * children: whatever opens a socket or asks for a name is written down in the file `SOCKETS_SEEN`, and fails. It stands
 * below `net`, `dgram`, `http`, `tls` and `dns`, at the handles of Node itself, so that no library gets around it.
 */
const { appendFileSync } = require('node:fs')

const forbid = (what) => () => {
  appendFileSync(process.env.SOCKETS_SEEN, `${what}\n`)
  throw new Error(`${what}: this process must not talk to anybody`)
}
const forbidIn = (of, name, methods) => {
  for (const method of methods) {
    if (typeof of[method] !== 'function') throw new Error(`this Node has no ${name}.${method}`)
    of[method] = forbid(`${name}.${method}`)
  }
}
forbidIn(process.binding('tcp_wrap').TCP.prototype, 'TCP', [
  'open',
  'bind',
  'bind6',
  'listen',
  'connect',
  'connect6',
])
forbidIn(process.binding('udp_wrap').UDP.prototype, 'UDP', [
  'open',
  'bind',
  'bind6',
  'connect',
  'send',
  'send6',
])
forbidIn(process.binding('pipe_wrap').Pipe.prototype, 'Pipe', ['bind', 'listen', 'connect'])
const cares = process.binding('cares_wrap')
forbidIn(cares, 'dns', ['getaddrinfo', 'getnameinfo'])
forbidIn(cares.ChannelWrap.prototype, 'dns', ['queryAny', 'queryA', 'queryAaaa', 'queryTxt', 'querySrv'])
