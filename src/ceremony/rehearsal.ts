/**
 * A whole ceremony on one machine, with nothing else installed: real identities, handshakes, key generation and
 * signing, each custodian in a home of its own below a temporary folder, over a network inside this process. Nothing of
 * it is kept: the homes are removed with their keys.
 */
import { MemoryNetwork } from '../messaging/memory.js'
import type { Compute } from '../messaging/run.js'
import type { Scheme } from '../protocol/scheme.js'
import type { NonceRng, Rng } from '../protocol/session.js'
import { type Home, openHome } from '../storage/home.js'
import { temporaryFolder } from '../storage/temporary.js'
import { generateAgeIdentity } from '../storage/seal.js'
import type { Card } from '../wire/card.js'
import type { Identity } from '../wire/identity.js'
import { recordPublicKey, type KeyRecord } from '../wire/record.js'
import { verifiesUnder } from '../wire/signature.js'
import { sessionWords } from '../wire/handshake.js'
import { fromHex, hex } from '../wire/text.js'
import { buildKeygen, unsigned } from './definitions.js'
import { createIdentity, openIdentity, wipeIdentity } from './identity.js'
import { findKey } from './keys.js'
import { planKeygen, runKeygen } from './keygen.js'
import type { MakePrimes } from './primes.js'
import { ask, join, payloadHash } from './requests.js'
import { importCards, knownCards } from './trust.js'
import type { World } from './world.js'

const KEY = 'rehearsal'
const MESSAGE = 'a rehearsal, worth nothing'
const MINUTE = 60_000

export type Rehearsed = {
  readonly names: readonly string[]
  readonly words: readonly string[]
  readonly record: KeyRecord
  readonly signers: readonly string[]
  readonly signature: Uint8Array
  readonly message: string
}

/** What the caller shows as it goes on; each step is announced before it begins. */
export type Announce = (step: 'identities' | 'keygen' | 'sign' | 'verify') => void

type Actor = { readonly home: Home; readonly identity: Identity; readonly card: Card }
export type Stage = {
  readonly names: readonly string[]
  readonly threshold: number
  readonly scheme: Scheme
  readonly program: string
  readonly rng: Rng
  readonly nonces: NonceRng
  readonly now: () => number
  readonly compute: Compute
  readonly makePrimes: MakePrimes
  readonly signal: AbortSignal
}

/** Plays it. @throws Failure as the ceremonies do; the homes are removed whatever happens */
export async function rehearse(stage: Stage, announce: Announce): Promise<Rehearsed> {
  await using folder = await temporaryFolder('mpc-rehearsal-')
  announce('identities')
  const actors = await Promise.all(stage.names.map((name) => actor(stage, folder.path, name)))
  try {
    await introduce(stage, actors)
    return await perform(stage, actors, announce)
  } finally {
    for (const { identity } of actors) wipeIdentity(identity)
  }
}

async function perform(stage: Stage, actors: readonly Actor[], announce: Announce): Promise<Rehearsed> {
  const network = new MemoryNetwork()
  const [first] = actors as [Actor]
  announce('keygen')
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
  const file = unsigned(buildKeygen(plan, await knownCards(first.home), { now: stage.now(), rng: stage.rng }))
  const made = await Promise.all(
    actors.map(async (who) => {
      const keygen = await planKeygen(who.home, who.card, file, stage.now())
      return runKeygen(worldOf(stage, who, network), keygen)
    }),
  )
  const { record, attempt } = made[0] as (typeof made)[number]

  announce('sign')
  const payload = Buffer.from(MESSAGE)
  const signers = actors.slice(0, stage.threshold)
  const approval = { payloads: new Set([payloadHash(payload)]), type: 'raw' as const, path: null }
  const signed = await Promise.all(
    signers.map(async (who, i) => {
      const key = await findKey(who.home, KEY)
      const world = worldOf(stage, who, network)
      if (i > 0) return join(world, key, null, approval)
      const named = signers.map(({ card }) => card.fingerprint)
      return ask(world, key, { type: 'raw', payload, path: null, reason: 'rehearsal', signers: named })
    }),
  )
  announce('verify')
  const { signature } = signed[0] as (typeof signed)[number]
  const same = signed.every((other) => hex(other.signature) === hex(signature))
  if (!same || !verifiesUnder(stage.scheme, recordPublicKey(record), payload, signature)) {
    throw new Error('the rehearsal made a signature that does not verify')
  }
  return {
    names: stage.names,
    words: sessionWords(fromHex(attempt, 32) as Uint8Array),
    record,
    signers: signers.map(({ card }) => card.name),
    signature,
    message: MESSAGE,
  }
}

async function actor(stage: Stage, folder: string, name: string): Promise<Actor> {
  const home = await openHome(`${folder}/${name}`)
  const key = await generateAgeIdentity({ postQuantum: false })
  const seal = { kind: 'identity' as const, identities: [key] }
  const card = await createIdentity(home, {
    name,
    postQuantum: false,
    seal,
    now: stage.now(),
    rng: stage.rng,
  })
  return { home, card, identity: await openIdentity(home, seal) }
}

/** Everybody verifies everybody, as people would by reading fingerprints to each other. */
async function introduce(stage: Stage, actors: readonly Actor[]): Promise<void> {
  for (const one of actors) {
    for (const { card } of actors) {
      if (card === one.card) continue
      const options = { fingerprint: hex(card.fingerprint), replace: null, now: stage.now() }
      await importCards(one.home, [card], options)
    }
  }
}

const worldOf = (stage: Stage, who: Actor, network: MemoryNetwork): World => ({
  ...who,
  transport: network.connect(who.card.name),
  person: { present: false, heard: () => Promise.resolve() },
  patience: { join: MINUTE, round: MINUTE, total: null },
  linger: MINUTE,
  program: stage.program,
  now: stage.now,
  rng: stage.rng,
  nonces: stage.nonces,
  compute: stage.compute,
  makePrimes: stage.makePrimes,
  emit: () => undefined,
  signal: stage.signal,
})
