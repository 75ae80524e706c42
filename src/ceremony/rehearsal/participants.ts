/**
 * The players of a rehearsal, and what several of its acts need: homes, seats on one network, a signature.
 * `rehearsal.ts` and `drills.ts` contain the acts.
 */
import { verifyTranscript } from '../../audit/transcript.js'
import type { Clock } from '../../messaging/channel/clock.js'
import type { Emit } from '../../messaging/channel/events.js'
import { MemoryNetwork } from '../../messaging/transport/memory.js'
import type { Patience } from '../../messaging/channel/timeouts.js'
import type { Compute } from '../../messaging/session/run.js'
import { equalBytes } from '../../protocol/core/codec.js'
import type { Scheme } from '../../protocol/group/scheme.js'
import type { NonceRng, Rng } from '../../protocol/core/session.js'
import { type Home, openHome } from '../../storage/home/home.js'
import { readEpochFile } from '../../storage/home/epochs.js'
import { generateAgeIdentity } from '../../storage/sealed/age.js'
import type { Card } from '../../wire/identity/card.js'
import { Failure } from '../../wire/base/failure.js'
import type { Identity } from '../../wire/identity/identity.js'
import type { KeyRecord } from '../../wire/key/record.js'
import { hex } from '../../wire/base/text.js'
import type { CeremonyFile } from '../definition/build.js'
import { createIdentity, openIdentity } from '../contacts/identity.js'
import type { Unlock } from '../../storage/vault/age-vault.js'
import type { Key } from '../keys/key.js'
import type { MadeKey } from '../dkg/plan.js'
import { Dropped, type Mishap, Sabotage } from './faults.js'
import type { MakePrimes, Person, World } from '../world.js'
import type { Approval } from '../signing/ask-and-join.js'
import type { Example } from '../../payload/examples/examples.js'
import type { Target } from '../../payload/registry/target.js'
import { importCards } from '../contacts/import-cards.js'

export const KEY = 'rehearsal'
/** Opens the identities of a rehearsal that is kept; no secret. */
export const PASSPHRASE = 'rehearsal'
/** It is no secret, so guessing it need not be slow. */
const WORK_FACTOR = 10
const LINGER = 60_000

export type Actor = { readonly home: Home; readonly identity: Identity; readonly card: Card }

/** Something that is signed: the file that it would be in, and what it asks to have signed. */
export type Item = Example & { readonly target: Target }

/** One custodian as an onlooker sees them: their screen, and the person in front of it. */
export type Seat = {
  readonly person: Person
  readonly emit: Emit
  /** Takes part as defined, or throws. */
  readonly accept: (file: CeremonyFile) => Promise<void>
  readonly made: (made: MadeKey) => void
  /** Asks for this signature, or throws. */
  readonly asks: (key: Key, item: Item, signers: readonly string[]) => Promise<void>
  readonly approval: (key: Key) => Approval
  readonly signed: (signatures: readonly Uint8Array[]) => void
  /** Their program ended badly, or was killed. */
  readonly ended: (error: unknown) => void
}

export type Step =
  | 'identities'
  | 'keygen'
  | 'sign'
  | 'verify'
  | 'transactions'
  | 'reshare'
  | 'backup'
  | 'restore'
  | 'sign-again'

/** An act after the first signature, for onlookers. */
export type Deed =
  | { readonly did: 'reshare'; readonly file: CeremonyFile }
  | { readonly did: 'reshared'; readonly record: KeyRecord }
  | { readonly did: 'split'; readonly holders: readonly string[]; readonly threshold: number }
  | { readonly did: 'check'; readonly custodian: string; readonly holder: string }
  | { readonly did: 'hand-on'; readonly to: string; readonly holder: string }
  | { readonly did: 'restore'; readonly holders: readonly string[] }
  | { readonly did: 'accept'; readonly card: Card }

export type Stage = {
  readonly names: readonly string[]
  readonly threshold: number
  readonly scheme: Scheme
  /** The custodian who joins afterwards; null ends the rehearsal with the first signature. */
  readonly newcomer: string | null
  /** The custodian that a person plays, who hears the others' words; the rest trust everybody already. */
  readonly played: string | null
  readonly mishap: Mishap | null
  /** The folder in which the homes stay; null removes them. */
  readonly keep: string | null
  readonly patience: Patience
  readonly program: string
  readonly rng: Rng
  readonly nonces: NonceRng
  readonly compute: Compute
  readonly makePrimes: MakePrimes
  readonly clock: Clock
  readonly signal: AbortSignal
  readonly seatOf: (actor: Actor) => Seat
  /** Whether to go on after the first signature. */
  readonly goOn: () => Promise<boolean>
  /** As `seatOf`, for the acts after the first signature, when no person plays. */
  readonly watch: (actor: Actor) => Seat
  readonly tell: (who: string, deed: Deed) => void
  /** Each step is announced before it begins. */
  readonly announce: (step: Step) => void
}

export type Playing = Actor & { readonly seat: Seat; readonly world: World }

/** As many signers as must sign, in the order of the key, including a played custodian. The first asks. */
export function signersAmong({ threshold, played }: Stage, playing: readonly Playing[]): readonly Playing[] {
  const place = playing.findIndex(({ card }) => card.name === played)
  return place < threshold
    ? playing.slice(0, threshold)
    : [...playing.slice(0, threshold - 1), playing[place] as Playing]
}

/** Checks that everybody keeps the same public transcript, and that it verifies. */
export async function checkTranscripts(playing: readonly Playing[], made: readonly MadeKey[]): Promise<void> {
  const all = await Promise.all(
    playing.map(({ home }, i) => {
      const { name, digest } = made[i] as MadeKey
      return readEpochFile(home, name, digest, 'transcript.cbor') as Promise<Uint8Array>
    }),
  )
  const [first, ...others] = all as [Uint8Array, ...Uint8Array[]]
  if (!others.every((other) => equalBytes(other, first))) throw new Error('the transcripts differ')
  await verifyTranscript(first)
}

/** How somebody's program ended; null for a proper end. */
export type Ended = { readonly name: string; readonly error: Failure | Dropped | null }

/** How each program ended. @throws the played custodian's error, else the first, unless one was planned */
export function endings(
  stage: Pick<Stage, 'mishap' | 'played' | 'signal'>,
  playing: readonly Playing[],
  results: readonly PromiseSettledResult<unknown>[],
): readonly Ended[] {
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

// ---------------------------------------------------------------------------------------------------- actors

/** Creates a custodian in a home of its own. @param where the home's name, if it is not the custodian's */
export async function actor(stage: Stage, folder: string, name: string, where = name): Promise<Actor> {
  const home = await openHome(`${folder}/${where}`)
  const seal: Unlock =
    stage.keep === null
      ? { kind: 'identity', identities: [await generateAgeIdentity({ postQuantum: false })] }
      : { kind: 'passphrase', passphrase: PASSPHRASE }
  const { clock, rng } = stage
  const wanted = { name, postQuantum: false, seal, workFactor: WORK_FACTOR, now: clock.now(), rng }
  const card = await createIdentity(home, wanted)
  return { home, card, identity: await openIdentity(home, seal) }
}

/** `one` verifies these, as people do by reading fingerprints to each other, or only imports their cards. */
export async function meets(
  stage: Stage,
  one: Actor,
  others: readonly Actor[],
  verifies: boolean,
): Promise<void> {
  for (const { card } of others) {
    if (card === one.card) continue
    const fingerprint = verifies ? hex(card.fingerprint) : null
    await importCards(one.home, [card], { fingerprint, replace: null, now: stage.clock.now() })
  }
}

/** Puts everybody at a screen and on one network. */
export function seats(
  stage: Stage,
  actors: readonly Actor[],
): { playing: readonly Playing[]; sabotage: Sabotage | null } {
  const network = new MemoryNetwork()
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
    const { patience, program, clock, rng, nonces, compute, makePrimes } = stage
    const shared = { patience, linger: LINGER, program, clock, rng, nonces, compute, makePrimes, allowed: [] }
    const { person, emit } = seat
    return { ...one, seat, world: { ...one, ...shared, transport, person, emit, signal: life.signal } }
  })
  return { playing, sabotage }
}
