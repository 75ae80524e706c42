/** `mpc relay`, `mpc nats config` and `mpc nats setup`: the server of a ceremony. */
import { address, any, name, once, paths, repeatable } from '../../runtime/parse.js'
import type { CommandSpec, Flag } from '../../runtime/command.js'

const serverFlags: readonly Flag[] = [
  { flags: '--definition <file>', text: 'the ceremony whose members may connect', parse: once(any) },
  {
    flags: '--card <file>',
    text: 'with --definition: the card of somebody whom its policy names and who holds no share; repeatable',
    parse: repeatable(any),
  },
  { flags: '--listen <address>', text: 'HOST:PORT; default: 127.0.0.1:4222', parse: once(address) },
  {
    flags: '--tls-cert <file>',
    text: 'the certificate of the server, PEM; beyond this machine one is required',
    parse: once(any),
  },
  { flags: '--tls-key <file>', text: 'the key of the certificate, PEM', parse: once(any) },
]

export const serverCommands: readonly CommandSpec[] = [
  {
    name: 'relay',
    summary: 'run a small server until Ctrl-C; it stores nothing',
    examples: [
      'mpc relay',
      'mpc relay --definition treasury.mpc',
      'mpc relay --definition treasury.mpc --self-signed',
      'mpc relay --definition treasury.mpc --listen 192.0.2.7:4222 --tls-cert relay.pem --tls-key relay.key',
    ],
    flags: [
      ...serverFlags,
      {
        flags: '--self-signed',
        text: 'make a certificate and print its hash, which the others give as --nats-pin; default address: 0.0.0.0:4222',
      },
    ],
    load: async () => (await import('./relay.js')).run,
  },
  {
    name: 'nats config',
    summary: 'print a nats-server configuration that admits these people only',
    examples: [
      'mpc nats config --definition treasury.mpc',
      'mpc nats config --cards bob.card,carol.card',
      'mpc nats config --definition treasury.mpc --jetstream /var/lib/nats --admin alice',
      'mpc nats config --key treasury --jetstream /var/lib/nats',
    ],
    flags: [
      ...serverFlags,
      {
        flags: '--cards <files>',
        text: 'the cards of the people instead, separated by commas',
        parse: once(paths),
      },
      {
        flags: '--tls-ca <file>',
        text: 'the certificate authority of clients, PEM; each client then needs a certificate',
        parse: once(any),
      },
      {
        flags: '--key <name>',
        text: 'a key of this home instead, with the people of now',
        parse: once(name),
      },
      {
        flags: '--jetstream <dir>',
        text: "keep requests that wait: a folder on the server's machine; needs --definition or --key",
        parse: once(any),
      },
      {
        flags: '--admin <name>',
        text: 'with --jetstream: the member who may run `mpc nats setup`',
        parse: once(name),
      },
    ],
    load: async () => (await import('./nats-config.js')).run,
  },
  {
    name: 'nats setup',
    summary: 'make the place for requests of a key that wait, for exactly its people',
    examples: [
      'mpc nats setup --key treasury',
      'mpc nats setup --key treasury --json',
      'mpc nats setup --definition treasury.mpc',
    ],
    flags: [
      { flags: '--key <name>', text: 'the key', parse: once(name) },
      {
        flags: '--definition <file>',
        text: 'before there is a key: the ceremony that makes it',
        parse: once(any),
      },
    ],
    load: async () => (await import('./nats-setup.js')).run,
  },
]
