/** The flags of every command, before or after its name. */
import type { Command } from 'commander'
import { any, once, span, wholeNumber } from './parse.js'

export type Globals = {
  readonly home: string | null
  readonly json: boolean
  /** False: prompt nobody, even on a terminal. */
  readonly input: boolean
  readonly plain: boolean
  readonly color: boolean
  /** Milliseconds. */
  readonly timeout: number | null
  /** A file, or `fd:N`. */
  readonly events: string | null
  readonly nats: string | null
  readonly natsCa: string | null
  readonly natsPin: string | null
  readonly natsCert: string | null
  readonly natsKey: string | null
  readonly natsCreds: string | null
  /** A file with an age identity that opens `identity.age`. */
  readonly identity: string | null
  readonly passphraseFile: string | null
  readonly passphraseFd: number | null
}

export function declareGlobals(program: Command): Command {
  return program
    .option('--home <dir>', 'the home of this custodian (MPC_HOME)', once(any))
    .option('--json', 'print one line of JSON on stdout, also on failure')
    .option('--no-input', 'never prompt; exit 2 if an answer is missing')
    .option('--plain', 'print no symbols and no moving lines, for screen readers and logs')
    .option('--no-color', 'print no colour (NO_COLOR)')
    .option('--timeout <time>', 'give up after this time, such as 30s, 5m or 2h', once(span))
    .option('--events <file>', 'write events as NDJSON to a file or fd:N', once(any))
    .option('--nats <url>', 'the NATS server (MPC_NATS_URL)', once(any))
    .option('--nats-ca <file>', 'the certificate authority of the server, PEM (MPC_NATS_CA)', once(any))
    .option('--nats-pin <hash>', 'the hash of the one certificate of the server (MPC_NATS_PIN)', once(any))
    .option('--nats-cert <file>', 'the client certificate, PEM (MPC_NATS_CERT)', once(any))
    .option('--nats-key <file>', 'the key of the client certificate, PEM (MPC_NATS_KEY)', once(any))
    .option(
      '--nats-creds <file>',
      'NATS credentials; default: the identity itself (MPC_NATS_CREDS)',
      once(any),
    )
    .option('--identity <file>', 'the age identity that opens identity.age', once(any))
    .option('--passphrase-file <file>', 'a file with the passphrase (MPC_PASSPHRASE_FILE)', once(any))
    .option('--passphrase-fd <n>', 'a file descriptor with the passphrase', once(wholeNumber(0)))
}

/** The given values; null for absent ones. */
export function globalsOf(program: Command): Globals {
  const given = program.opts<Partial<Globals>>()
  return {
    home: given.home ?? null,
    json: given.json ?? false,
    input: given.input ?? true,
    plain: given.plain ?? false,
    color: given.color ?? true,
    timeout: given.timeout ?? null,
    events: given.events ?? null,
    nats: given.nats ?? null,
    natsCa: given.natsCa ?? null,
    natsPin: given.natsPin ?? null,
    natsCert: given.natsCert ?? null,
    natsKey: given.natsKey ?? null,
    natsCreds: given.natsCreds ?? null,
    identity: given.identity ?? null,
    passphraseFile: given.passphraseFile ?? null,
    passphraseFd: given.passphraseFd ?? null,
  }
}
