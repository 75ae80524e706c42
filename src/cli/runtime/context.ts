/** A command's access to flags, the person, the clock, the home and the network. Each part is loaded on first use. */
import { randomBytes } from 'node:crypto'
import { resolve } from 'node:path'
import type { Unlock } from '../../storage/vault/age-vault.js'
import type { MakePrimes } from '../../ceremony/world.js'
import type { Clock } from '../../messaging/channel/clock.js'
import { joinUntil, type Patience } from '../../messaging/channel/timeouts.js'
import type { Compute } from '../../messaging/session/run.js'
import type { FileText } from '../../messaging/transport/servers.js'
import type { Transport } from '../../messaging/transport/transport.js'
import type { NonceRng, Rng } from '../../protocol/core/session.js'
import type { Home } from '../../storage/home/home.js'
import type { Card } from '../../wire/identity/card.js'
import type { Identity } from '../../wire/identity/identity.js'
import type { Config, Named, Setting } from './config.js'
import type { EmitFor } from './event-stream.js'
import type { Globals } from './globals.js'
import type { Replacing } from './new-passphrase.js'
import type { Terminal } from '../terminal/terminal.js'
import type { Workers } from '../threads/workers.js'

type Env = Readonly<Record<string, string | undefined>>

const MINUTE = 60_000

export class Context {
  readonly clock: Clock = {
    now: Date.now,
    after: (span, act) => {
      const timer = setTimeout(act, span)
      return () => clearTimeout(timer)
    },
  }
  readonly now = this.clock.now
  readonly rng: Rng = (length) => Uint8Array.from(randomBytes(length))
  /** For signing nonces only. */
  readonly nonces: NonceRng = { fresh: (length) => Uint8Array.from(randomBytes(length)) }
  /** Deadlines for people, for a letter, and for the whole command. */
  readonly patience: Patience
  readonly #env: Env
  #home: Promise<Home> | null = null
  #config: Promise<Config> | null = null
  #workers: Promise<Workers> | null = null
  /** The identity, opened before it is asked for. */
  #ahead: Promise<Identity> | null = null

  /**
   * @param signal fires on Ctrl-C, with the Failure as its reason
   * @param emitFor reports events of a ceremony, by its ID, to `--events`
   */
  constructor(
    readonly globals: Globals,
    readonly terminal: Terminal,
    readonly signal: AbortSignal,
    readonly emitFor: EmitFor,
    env: Env,
  ) {
    this.#env = env
    const join = terminal.interactive ? 15 * MINUTE : 2 * MINUTE
    const total = globals.timeout === null ? null : this.now() + globals.timeout
    this.patience = { join, round: 2 * MINUTE, total }
  }

  /** Reads from the home whether this is a rehearsal. This comes before any other file. */
  async enterRealm(): Promise<void> {
    const [{ isRehearsalHome, resolveHome }, { enterRehearsal }] = await Promise.all([
      import('../../storage/home/home.js'),
      import('../../wire/base/realm.js'),
    ])
    const look = async () => isRehearsalHome(resolveHome(this.#env, this.globals.home))
    // A home that cannot be read reports its own error when it is opened.
    if (await look().catch(() => false)) enterRehearsal()
  }

  /** The home, for reading. It is not created if it does not exist. */
  home(): Promise<Home> {
    this.#home ??= import('../../storage/home/home.js').then(({ findHome, resolveHome }) =>
      findHome(resolveHome(this.#env, this.globals.home)),
    )
    return this.#home
  }

  /** The home, created if it does not exist. */
  makeHome(): Promise<Home> {
    this.#home = import('../../storage/home/home.js').then(({ openHome, resolveHome }) =>
      openHome(resolveHome(this.#env, this.globals.home)),
    )
    return this.#home
  }

  /** The path of the home, and the home itself if it exists. */
  async existingHome(): Promise<{ readonly path: string; readonly home: Home | null }> {
    const { existingHome, resolveHome } = await import('../../storage/home/home.js')
    const path = resolve(resolveHome(this.#env, this.globals.home))
    return { path, home: await existingHome(path) }
  }

  config(): Promise<Config> {
    this.#config ??= import('./config.js').then(({ loadConfig }) => loadConfig(this.globals, this.#env))
    return this.#config
  }

  /** Every setting, and where it comes from. */
  async settings(): Promise<readonly Setting[]> {
    const { settingsOf } = await import('./config.js')
    return settingsOf(this.globals, this.#env, await this.config())
  }

  /** The path of the settings, even if the file does not exist; null if it is unknown. */
  async configPath(): Promise<string | null> {
    return (await import('./config.js')).configPath(this.globals, this.#env)
  }

  /** @throws Failure `E_NO_IDENTITY` (configuration) */
  async card(): Promise<Card> {
    const { ownCard } = await import('../../ceremony/contacts/identity.js')
    return ownCard(await this.home())
  }

  /** The identity with its secrets, after asking for a passphrase if necessary. The caller wipes it. */
  async openIdentity(): Promise<Identity> {
    const ahead = this.#ahead
    this.#ahead = null
    const opening = (opened: Promise<Identity>) => this.terminal.busy('Opening your identity', opened)
    return ahead ? opening(ahead) : this.#open(opening)
  }

  /**
   * Begins to open the identity, if a file holds its passphrase: that is stretched off this thread. A failure is that of
   * `openIdentity`.
   */
  openAhead(): void {
    const { identity, passphraseFd, passphraseFile } = this.globals
    const isInFile = passphraseFile !== null || Boolean(this.#env['MPC_PASSPHRASE_FILE'])
    if (this.terminal.interactive || identity !== null || passphraseFd !== null || !isInFile) return
    this.#ahead = this.#open((opened) => opened)
    this.#ahead.catch(() => {})
  }

  /** Forgets an identity that was opened ahead and not used. */
  close(): void {
    void this.#ahead?.then(
      async (identity) => (await import('../../ceremony/contacts/identity.js')).wipeIdentity(identity),
      () => {},
    )
    this.#ahead = null
  }

  async #open(opening: (opened: Promise<Identity>) => Promise<Identity>): Promise<Identity> {
    const { openIdentity, sealedBy } = await import('../../ceremony/contacts/identity.js')
    const { withExistingSecret } = await import('./passphrase.js')
    const home = await this.home()
    const { name } = await this.card()
    return withExistingSecret(this.#sources(), { name, sealedBy: await sealedBy(home) }, (secret) =>
      opening(openIdentity(home, secret)),
    )
  }

  /** Whether the identity can be opened without a question to a person. */
  async opensUnasked(): Promise<boolean> {
    return (await import('./passphrase.js')).isSecretNamed(this.#sources())
  }

  async newSecret(): Promise<Unlock> {
    return (await import('./new-passphrase.js')).newSecret(this.#sources())
  }

  /** The new secret that replaces the one of this home's identity. */
  async replacingSecret(replacing: Replacing): Promise<Unlock> {
    return (await import('./new-passphrase.js')).replacingSecret(this.#sources(), replacing)
  }

  async pieceSecret(label: string, fd: number | null): Promise<Unlock> {
    return (await import('./passphrase.js')).pieceSecret(this.#sources(), label, fd)
  }

  /** The new passphrase of a holder's piece. */
  async holderSecret(name: string, fd: number | null): Promise<string> {
    return (await import('./new-passphrase.js')).holderSecret(this.#sources(), name, fd)
  }

  /**
   * @param identity null where the settings name NATS credentials
   * @param inbox the first token of the subjects for answers; the client's own by default
   * @throws Failure as `connectNats` does
   */
  async connect(identity: Identity | null, inbox?: string): Promise<Transport> {
    const { nats, path } = await this.config()
    const { connectNats } = await import('../../messaging/transport/nats.js')
    const connected = connectNats({
      url: nats.url,
      insecure: nats.insecure,
      configuration: path ?? undefined,
      ca: await this.#text(nats.ca, false),
      pin: nats.pin?.hash,
      cert: await this.#text(nats.cert, false),
      key: await this.#text(nats.key, true),
      creds: await this.#text(nats.creds, true),
      nkey: identity && identity.nkey,
      inbox,
      patience: Math.max(0, joinUntil(this.patience, this.now()) - this.now()),
      signal: this.signal,
      retrying: ({ message }) => this.terminal.say(`${message}. Trying again.`),
      now: this.now,
    })
    // Errors print their own lines.
    return this.terminal.busy('Connecting to the server; Ctrl-C leaves', connected, false)
  }

  /** Runs a protocol's jobs in threads, which start with the first job and end with the process. */
  readonly compute: Compute = async (jobs, signal) => {
    this.#workers ??= import('../threads/workers.js').then(({ Workers }) => new Workers())
    return (await this.#workers).compute(jobs, signal)
  }

  readonly makePrimes: MakePrimes = async (...args) =>
    (await import('../threads/primes.js')).makePrimes(...args)

  async #text(file: Named | null, secret: boolean): Promise<FileText | undefined> {
    if (file === null) return undefined
    const { readNamed, readNamedSecret } = await import('./read-input.js')
    const bytes = await (secret ? readNamedSecret : readNamed)(file.path, file.by)
    return { text: Buffer.from(bytes).toString('utf8'), path: file.path }
  }

  #sources() {
    return { globals: this.globals, env: this.#env, terminal: this.terminal, rng: this.rng }
  }
}
