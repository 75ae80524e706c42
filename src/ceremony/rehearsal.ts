/**
 * A whole ceremony on one machine, with nothing else installed: real identities, handshakes, key generation and
 * signing, each custodian in a home of its own, over a network inside this process. What they make says of itself that
 * it is of a rehearsal (`wire/realm.ts`), and is removed in the end unless somebody wants to keep it.
 */
import { verifyTranscript } from '../audit/transcript.js'
import type { Emit } from '../messaging/events.js'
import { MemoryNetwork } from '../messaging/memory.js'
import type { Patience } from '../messaging/patience.js'
import type { Compute } from '../messaging/run.js'
import { equalBytes } from '../protocol/codec.js'
import type { Scheme } from '../protocol/scheme.js'
import type { NonceRng, Rng } from '../protocol/session.js'
import { createFile } from '../storage/files.js'
import { type Home, openHome } from '../storage/home.js'
import { readEpochFile } from '../storage/keys.js'
import { generateAgeIdentity } from '../storage/seal.js'
import { keptFolder, temporaryFolder } from '../storage/temporary.js'
import type { Card } from '../wire/card.js'
import { writeDefinition } from '../wire/definition.js'
import { Failure } from '../wire/failure.js'
import { sessionWords } from '../wire/handshake.js'
import type { Identity } from '../wire/identity.js'
import { isRehearsal } from '../wire/realm.js'
import type { KeyRecord } from '../wire/record.js'
import { fromHex, hex } from '../wire/text.js'
import { buildKeygen, type CeremonyFile, unsigned } from './definitions.js'
import { createIdentity, openIdentity, type Unlock, wipeIdentity } from './identity.js'
import { findKey, type Key } from './keys.js'
import { type MadeKey, planKeygen, runKeygen } from './keygen.js'
import { Dropped, type Mishap, Sabotage } from './mishap.js'
import type { MakePrimes } from './primes.js'
import { type Approval, ask, join } from './requests.js'
import { isSignature } from './target.js'
import { importCards, knownCards } from './trust.js'
import type { Person, World } from './world.js'

export const KEY = 'rehearsal'
/** What opens the identities of a rehearsal that is kept; it is told to everybody. */
export const PASSPHRASE = 'rehearsal'
export const MESSAGE = 'a rehearsal, worth nothing'
const LINGER = 60_000

export type Actor = { readonly home: Home; readonly identity: Identity; readonly card: Card }

/** One custodian as whoever watches sees and hears them: their screen, and the person in front of it. */
export type Seat = {
  readonly person: Person
  readonly emit: Emit
  /** Takes part as defined, or throws. */
  readonly accept: (file: CeremonyFile) => Promise<void>
  readonly made: (made: MadeKey) => void
  /** Asks for this signature, or throws. */
  readonly asks: (key: Key, payload: Uint8Array, signers: readonly string[]) => Promise<void>
  readonly approval: (key: Key) => Approval
  readonly signed: (signature: Uint8Array) => void
  /** Their program ended badly, or was killed. */
  readonly ended: (error: unknown) => void
}

export type Step = 'identities' | 'keygen' | 'sign' | 'verify'

export type Stage = {
  readonly names: readonly string[]
  readonly threshold: number
  readonly scheme: Scheme
  /** Whose part a person plays. They hear the others' words; everybody else trusts everybody else already. */
  readonly played: string | null
  readonly mishap: Mishap | null
  /** Where the homes are to stay; null: nowhere. */
  readonly keep: string | null
  readonly patience: Patience
  readonly program: string
  readonly rng: Rng
  readonly nonces: NonceRng
  readonly compute: Compute
  readonly makePrimes: MakePrimes
  readonly now: () => number
  readonly signal: AbortSignal
  readonly seatOf: (actor: Actor) => Seat
  /** Each step is announced before it begins. */
  readonly announce: (step: Step) => void
}

/** What came of it. After a mishap there may be no key; then it ends with how each ended. */
export type Rehearsed = {
  readonly made: {
    readonly words: readonly string[]
    readonly record: KeyRecord
    readonly signers: readonly string[]
    readonly signature: Uint8Array
  } | null
  /** How each custodian's key generation ended; null: with a key. */
  readonly ended: readonly { readonly name: string; readonly error: Failure | Dropped | null }[]
  /** Absolute path of the homes, if they were to stay. */
  readonly kept: string | null
}

type Playing = Actor & { readonly seat: Seat; readonly world: World }

/**
 * Plays it. @throws Failure as the ceremonies do, of the played custodian if there is one; `E_REHEARSE` (usage) if the
 * mishap names what never happens. The homes are removed whatever happens, unless they are to stay.
 */
export async function rehearse(stage: Stage): Promise<Rehearsed> {
  if (!isRehearsal()) throw new Error('a rehearsal is played by a process that rehearses')
  await using folder =
    stage.keep === null ? await temporaryFolder('mpc-rehearsal-') : await keptFolder(stage.keep)
  stage.announce('identities')
  const actors = await Promise.all(stage.names.map((name) => actor(stage, folder.path, name)))
  try {
    await introduce(stage, actors)
    if (stage.keep !== null) await putOut(folder.path, actors)
    const kept = stage.keep === null ? null : folder.path
    return { ...(await perform(stage, actors, kept)), kept }
  } finally {
    for (const { identity } of actors) wipeIdentity(identity)
  }
}

async function perform(
  stage: Stage,
  actors: readonly Actor[],
  kept: string | null,
): Promise<Omit<Rehearsed, 'kept'>> {
  const network = new MemoryNetwork()
  stage.announce('keygen')
  const file = await defined(stage, actors)
  if (kept !== null) await createFile(`${kept}/${KEY}.mpc`, writeDefinition(file))
  const { playing, sabotage } = seats(stage, actors, network)
  for (const { seat } of playing) await seat.accept(file)
  const keys = await Promise.allSettled(
    playing.map(async ({ home, card, world, seat }) => {
      try {
        const made = await runKeygen(world, await planKeygen(home, card, file, stage.now()))
        seat.made(made)
        return made
      } catch (error) {
        const isKilled = stage.mishap?.kind === 'drop' && stage.mishap.who === card.name
        const ending = isKilled ? new Dropped('killed', { cause: error }) : error
        if (stage.mishap) seat.ended(ending)
        throw ending
      }
    }),
  )
  const ended = endings(stage, playing, keys)
  if (stage.mishap && sabotage) requireHappened(stage.mishap, sabotage)
  if (ended.some(({ error }) => error !== null)) return { made: null, ended }
  const made = keys.map((key) => (key as PromiseFulfilledResult<MadeKey>).value)
  const { record, attempt } = made[0] as MadeKey

  stage.announce('sign')
  const signers = signersAmong(stage, playing)
  const signatures = await sign(stage, signers)

  stage.announce('verify')
  const signature = signatures[0] as Uint8Array
  if (!signatures.every((other) => equalBytes(other, signature)))
    throw new Error('two signatures of one request')
  const payload = Buffer.from(MESSAGE)
  if (!isSignature({ record }, { type: 'raw', payload, path: null }, signature)) {
    throw new Error('the rehearsal made a signature that does not verify')
  }
  await checkTranscripts(playing, made)
  return {
    made: {
      words: sessionWords(fromHex(attempt, 32) as Uint8Array),
      record,
      signers: signers.map(({ card }) => card.name),
      signature,
    },
    ended,
  }
}

async function defined(stage: Stage, actors: readonly Actor[]): Promise<CeremonyFile> {
  const plan = {
    key: KEY,
    scheme: stage.scheme,
    threshold: stage.threshold,
    members: [...stage.names],
    operators: [],
    approvers: [],
    observers: [],
    notBefore: null,
    expires: null,
  }
  const known = await knownCards((actors[0] as Actor).home)
  return unsigned(buildKeygen(plan, known, { now: stage.now(), rng: stage.rng }))
}

/** As many as must sign, in the order of the key; a person who plays is among them. The first asks. */
function signersAmong({ threshold, played }: Stage, playing: readonly Playing[]): readonly Playing[] {
  const place = playing.findIndex(({ card }) => card.name === played)
  return place < threshold
    ? playing.slice(0, threshold)
    : [...playing.slice(0, threshold - 1), playing[place] as Playing]
}

async function sign(stage: Stage, signers: readonly Playing[]): Promise<Uint8Array[]> {
  const payload = Buffer.from(MESSAGE)
  const names = signers.map(({ card }) => card.name)
  const keys = await Promise.all(signers.map(({ home }) => findKey(home, KEY)))
  const [asker] = signers as [Playing]
  await asker.seat.asks(keys[0] as Key, payload, names)
  const ended = await Promise.allSettled(
    signers.map(async ({ world, seat }, i) => {
      const key = keys[i] as Key
      const fingerprints = signers.map(({ card }) => card.fingerprint)
      const asked = { type: 'raw' as const, payload, path: null, reason: 'rehearsal', signers: fingerprints }
      const { signature } = await (i === 0
        ? ask(world, key, asked)
        : join(world, key, null, seat.approval(key)))
      seat.signed(signature)
      return signature
    }),
  )
  endings({ ...stage, mishap: null }, signers, ended)
  return ended.map((each) => (each as PromiseFulfilledResult<Uint8Array>).value)
}

/** How each ended. @throws what the played custodian, or else the first, ended with, where nothing was to go wrong */
function endings(
  stage: Pick<Stage, 'mishap' | 'played' | 'signal'>,
  playing: readonly Playing[],
  results: readonly PromiseSettledResult<unknown>[],
): Rehearsed['ended'] {
  stage.signal.throwIfAborted()
  const ended = playing.map(({ card }, i) => {
    const result = results[i] as PromiseSettledResult<unknown>
    const error: unknown = result.status === 'rejected' ? result.reason : null
    if (error !== null && !(error instanceof Failure) && !(error instanceof Dropped)) throw error
    return { name: card.name, error }
  })
  const failed = ended.filter(({ error }) => error !== null)
  const first = failed.find(({ name }) => name === stage.played) ?? failed[0]
  if (first && !stage.mishap) throw first.error
  return ended
}

/** @throws Failure `E_REHEARSE` (usage) unless it happened */
function requireHappened({ who, at }: Mishap, { letters, happened }: Sabotage): void {
  if (happened) return
  const list = letters.map((letter, i) => `${i + 1} ${letter}`).join(', ')
  throw new Failure('usage', 'E_REHEARSE', `${who} never came to a letter ${at}`, {
    hint: `these are the letters of this key generation: ${list}`,
  })
}

/** Everybody keeps the same public transcript, and it holds. */
async function checkTranscripts(playing: readonly Playing[], made: readonly MadeKey[]): Promise<void> {
  const all = await Promise.all(
    playing.map(({ home }, i) => {
      const { name, digest } = made[i] as MadeKey
      return readEpochFile(home, name, digest, 'transcript.cbor') as Promise<Uint8Array>
    }),
  )
  const [first, ...others] = all as [Uint8Array, ...Uint8Array[]]
  if (!others.every((other) => equalBytes(other, first))) throw new Error('the transcripts differ')
  verifyTranscript(first)
}

// -------------------------------------------------------------------------------------------------------- the actors

async function actor(stage: Stage, folder: string, name: string): Promise<Actor> {
  const home = await openHome(`${folder}/${name}`)
  const seal: Unlock =
    stage.keep === null
      ? { kind: 'identity', identities: [await generateAgeIdentity({ postQuantum: false })] }
      : { kind: 'passphrase', passphrase: PASSPHRASE }
  const { now, rng } = stage
  const card = await createIdentity(home, { name, postQuantum: false, seal, now: now(), rng })
  return { home, card, identity: await openIdentity(home, seal) }
}

/** Everybody verifies everybody, as people would by reading fingerprints to each other; whoever plays hears them later. */
async function introduce(stage: Stage, actors: readonly Actor[]): Promise<void> {
  for (const one of actors) {
    for (const { card } of actors) {
      if (card === one.card) continue
      const fingerprint = one.card.name === stage.played ? null : hex(card.fingerprint)
      await importCards(one.home, [card], { fingerprint, replace: null, now: stage.now() })
    }
  }
}

/** What people pass on to each other, beside the homes that are kept; and what opens them. */
async function putOut(folder: string, actors: readonly Actor[]): Promise<void> {
  for (const { card } of actors)
    await createFile(`${folder}/${card.name}.card`, Buffer.from(`${card.line}\n`))
  await createFile(`${folder}/passphrase`, Buffer.from(`${PASSPHRASE}\n`))
  await createFile(`${folder}/message.txt`, Buffer.from(MESSAGE))
}

function seats(
  stage: Stage,
  actors: readonly Actor[],
  network: MemoryNetwork,
): { playing: readonly Playing[]; sabotage: Sabotage | null } {
  let sabotage: Sabotage | null = null
  const playing = actors.map((one) => {
    const seat = stage.seatOf(one)
    const life = new AbortController()
    stage.signal.addEventListener('abort', () => life.abort(stage.signal.reason))
    if (stage.signal.aborted) life.abort(stage.signal.reason)
    let transport = network.connect(one.card.name)
    if (stage.mishap?.who === one.card.name) {
      const die = () => life.abort(new Dropped('killed'))
      sabotage = new Sabotage(stage.mishap, one.identity.signing, die)
      transport = sabotage.on(transport)
    }
    const { patience, program, now, rng, nonces, compute, makePrimes } = stage
    const shared = { patience, linger: LINGER, program, now, rng, nonces, compute, makePrimes, allowed: [] }
    const { person, emit } = seat
    return { ...one, seat, world: { ...one, ...shared, transport, person, emit, signal: life.signal } }
  })
  return { playing, sabotage }
}
