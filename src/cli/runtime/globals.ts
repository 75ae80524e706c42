/** The flags that every command takes, before or after its name. */
import type { Command } from 'commander'
import { any, once, span, wholeNumber } from './parse.js'

export type Globals = {
  readonly home: string | null
  readonly json: boolean
  /** False: ask nobody anything, even on a terminal. */
  readonly input: boolean
  readonly plain: boolean
  readonly color: boolean
  /** Milliseconds. */
  readonly timeout: number | null
  /** A file, or `fd:N`. */
  readonly events: string | null
  readonly nats: string | null
  readonly natsCa: string | null
  readonly natsCert: string | null
  readonly natsKey: string | null
  readonly natsCreds: string | null
  /** A file with an age identity that opens `identity.age`. */
  readonly identity: string | null
  readonly passphraseFile: string | null
  readonly passphraseFd: number | null
}

/** Declares them; commander then takes them anywhere on the line. */
export function declareGlobals(program: Command): Command {
  return program
    .option('--home <dir>', 'where this custodian keeps everything (MPC_HOME)', once(any))
    .option('--json', 'one line of JSON on stdout, also on failure')
    .option('--no-input', 'never ask; a missing input is exit 2')
    .option('--plain', 'no symbols, no moving lines: for screen readers and logs')
    .option('--no-color', 'no colour (NO_COLOR)')
    .option('--timeout <time>', 'give up after 30s, 5m, 2h', once(span))
    .option('--events <file>', 'what happens, as NDJSON, to a file or fd:N', once(any))
    .option('--nats <url>', 'the NATS server (MPC_NATS_URL)', once(any))
    .option('--nats-ca <file>', 'who may vouch for the server, PEM', once(any))
    .option('--nats-cert <file>', 'certificate to show to the server, PEM', once(any))
    .option('--nats-key <file>', 'its key, PEM', once(any))
    .option('--nats-creds <file>', 'NATS credentials; else the identity itself answers', once(any))
    .option('--identity <file>', 'age identity that opens identity.age', once(any))
    .option('--passphrase-file <file>', 'file with the passphrase (MPC_PASSPHRASE_FILE)', once(any))
    .option('--passphrase-fd <n>', 'file descriptor to read the passphrase from', once(wholeNumber(0)))
}

/** What was given, with null for what was not. */
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
    natsCert: given.natsCert ?? null,
    natsKey: given.natsKey ?? null,
    natsCreds: given.natsCreds ?? null,
    identity: given.identity ?? null,
    passphraseFile: given.passphraseFile ?? null,
    passphraseFd: given.passphraseFd ?? null,
  }
}
