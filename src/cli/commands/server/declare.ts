/** What everybody meets at: a relay of our own, or the configuration of a nats-server. */
import { address, any, once, paths } from '../../runtime/parse.js'
import type { CommandSpec, Flag } from '../../runtime/command.js'

const serverFlags: readonly Flag[] = [
  { flags: '--definition <file>', text: 'the ceremony whose members may connect', parse: once(any) },
  { flags: '--listen <address>', text: 'HOST:PORT; 127.0.0.1:4222 if left out', parse: once(address) },
  { flags: '--tls-cert <file>', text: 'its certificate, PEM; needed beyond this machine', parse: once(any) },
  { flags: '--tls-key <file>', text: 'the key of the certificate, PEM', parse: once(any) },
]

export const serverCommands: readonly CommandSpec[] = [
  {
    name: 'relay',
    summary: 'be the server, for one room or one machine, until Ctrl-C; nothing is kept',
    examples: [
      'mpc relay',
      'mpc relay --definition treasury.mpc',
      'mpc relay --definition treasury.mpc --listen 192.0.2.7:4222 --tls-cert relay.pem --tls-key relay.key',
    ],
    flags: serverFlags,
    load: async () => (await import('./relay.js')).run,
  },
  {
    name: 'nats config',
    summary: 'print a nats-server configuration that lets in these people, each as itself only',
    examples: ['mpc nats config --definition treasury.mpc', 'mpc nats config --cards bob.card,carol.card'],
    flags: [
      ...serverFlags,
      { flags: '--cards <files>', text: 'their cards instead, separated by commas', parse: once(paths) },
      {
        flags: '--tls-ca <file>',
        text: 'who vouches for clients; each then needs a certificate',
        parse: once(any),
      },
    ],
    load: async () => (await import('./nats-config.js')).run,
  },
]
