/**
 * A whole ceremony on one machine, with nothing else installed: real identities, handshakes, key generation
 * and signing, each custodian in its own home, over a network inside this process. Everything it makes is
 * marked as a rehearsal's (`wire/base/realm.ts`), and is removed at the end unless somebody wants to keep it.
 */
import { createFile } from '../../storage/fs/atomic.js'
import { keptFolder, temporaryFolder } from '../../storage/fs/temporary.js'
import { writeDefinition } from '../../wire/ceremony/definition.js'
import { Failure } from '../../wire/base/failure.js'
import { sessionWords } from '../../wire/session/handshake.js'
import { isRehearsal } from '../../wire/base/realm.js'
import type { KeyRecord } from '../../wire/key/record.js'
import { fromHex } from '../../wire/base/text.js'
import { buildKeygen, type CeremonyFile, unsigned } from '../definition/build.js'
import { wipeIdentity } from '../contacts/identity.js'
import { planKeygen, runKeygen } from '../dkg/keygen.js'
import type { MadeKey } from '../dkg/plan.js'
import { Dropped, type Mishap, type Sabotage } from './faults.js'
import { type After, goOn } from './drills.js'
import {
  type Actor,
  actor,
  checkTranscripts,
  type Ended,
  endings,
  KEY,
  meets,
  PASSPHRASE,
  seats,
  signersAmong,
  type Stage,
} from './participants.js'
import { MESSAGE, type SignedItem, signExamples, signMessage, verify } from './signing.js'
import { knownCards } from '../contacts/contacts.js'

/** The result. After a mishap there may be no key, and only `ended`. */
export type Rehearsed = {
  readonly made: {
    readonly words: readonly string[]
    readonly record: KeyRecord
    readonly signers: readonly string[]
    readonly signature: Uint8Array
    /** The transactions that were signed then; none after a mishap. */
    readonly transactions: readonly SignedItem[]
  } | null
  /** The result of the drills, if they were played. */
  readonly after: After | null
  /** How each custodian's key generation ended; null: with a key. */
  readonly ended: readonly Ended[]
  /** Absolute path of the homes, if they stay. */
  readonly kept: string | null
}

/**
 * Plays a rehearsal. The homes are removed in any case, unless they are to be kept.
 * @throws Failure as the ceremonies do, preferring the played custodian's; `E_REHEARSE` (usage) if the mishap
 *   names a letter that never occurs
 */
export async function rehearse(stage: Stage): Promise<Rehearsed> {
  if (!isRehearsal()) throw new Error('a rehearsal is played by a process that rehearses')
  await using folder =
    stage.keep === null ? await temporaryFolder('mpc-rehearsal-') : await keptFolder(stage.keep)
  stage.announce('identities')
  const actors = await Promise.all(stage.names.map((name) => actor(stage, folder.path, name)))
  try {
    for (const one of actors) await meets(stage, one, actors, one.card.name !== stage.played)
    if (stage.keep !== null) await putOut(folder.path, actors)
    const kept = stage.keep === null ? null : folder.path
    const performed = await perform(stage, actors, kept)
    const goes = performed.made !== null && stage.newcomer !== null && stage.mishap === null
    const after = goes && (await stage.goOn()) ? await goOn(stage, actors, folder.path) : null
    return { ...performed, after, kept }
  } finally {
    for (const { identity } of actors) wipeIdentity(identity)
  }
}

async function perform(
  stage: Stage,
  actors: readonly Actor[],
  kept: string | null,
): Promise<Omit<Rehearsed, 'kept' | 'after'>> {
  stage.announce('keygen')
  const file = await defined(stage, actors)
  if (kept !== null) await createFile(`${kept}/${KEY}.mpc`, writeDefinition(file))
  const { playing, sabotage } = seats(stage, actors)
  for (const { seat } of playing) await seat.accept(file)
  const keys = await Promise.allSettled(
    playing.map(async ({ home, card, world, seat }) => {
      try {
        const made = await runKeygen(world, await planKeygen(home, card, file, stage.clock.now()))
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
  const message = await signMessage(stage, signers, record)

  stage.announce('verify')
  await verify(record, message)
  await checkTranscripts(playing, made)
  if (!stage.mishap) stage.announce('transactions')
  const transactions = stage.mishap ? [] : await signExamples(stage, signers, record, kept)
  return {
    made: {
      words: sessionWords(fromHex(attempt, 32) as Uint8Array),
      record,
      signers: signers.map(({ card }) => card.name),
      signature: message.signatures[0] as Uint8Array,
      transactions,
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
    observers: [],
    policy: null,
    notBefore: null,
    expires: null,
  }
  const known = await knownCards((actors[0] as Actor).home)
  return unsigned(buildKeygen(plan, known, { now: stage.clock.now(), rng: stage.rng }))
}

/** @throws Failure `E_REHEARSE` (usage) unless it happened */
function requireHappened({ who, at }: Mishap, { letters, happened }: Sabotage): void {
  if (happened) return
  const list = letters.map((letter, i) => `${i + 1} ${letter}`).join(', ')
  throw new Failure('usage', 'E_REHEARSE', `${who} never came to a letter ${at}`, {
    hint: `these are the letters of this key generation: ${list}`,
  })
}

/** Writes the files that people exchange beside the kept homes, and the homes' passphrase. */
async function putOut(folder: string, actors: readonly Actor[]): Promise<void> {
  for (const { card } of actors)
    await createFile(`${folder}/${card.name}.card`, Buffer.from(`${card.line}\n`))
  await createFile(`${folder}/passphrase`, Buffer.from(`${PASSPHRASE}\n`))
  await createFile(`${folder}/message.txt`, Buffer.from(MESSAGE))
}
