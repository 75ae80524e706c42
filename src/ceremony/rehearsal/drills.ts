/**
 * A rehearsal after its first signature: somebody joins by a reshare, one custodian splits a share among
 * holders and loses the machine, holders restore the share on another, and it signs there. Each act uses the
 * code of the real command.
 */
import { policyInForce } from '../policy/policy-in-force.js'
import { equalBytes } from '../../protocol/core/codec.js'
import { createFile, readFile, renameDir } from '../../storage/fs/atomic.js'
import { writeDefinition } from '../../wire/ceremony/definition.js'
import { exportRecord } from '../../wire/paper/json-export.js'
import type { KeyRecord } from '../../wire/key/record.js'
import { hex } from '../../wire/base/text.js'
import { acceptRebind, examineRebind } from '../recovery/accept-rebind.js'
import { splitShare } from '../backup/split.js'
import { unsigned } from '../definition/build.js'
import { wipeIdentity } from '../contacts/identity.js'
import { findKey } from '../epochs/find-key.js'
import type { MadeKey } from '../dkg/plan.js'
import { type Actor, actor, checkTranscripts, KEY, meets, seats, type Stage } from './participants.js'
import { signMessage, verify } from './signing.js'
import { buildReshare } from '../definition/build-reshare.js'
import { planReshare, runReshare } from '../dkg/reshare.js'
import { handOn, restore, verifyPiece } from '../recovery/restore.js'
import { knownCards } from '../contacts/contacts.js'
import { importCards } from '../contacts/import-cards.js'

/** The holders of the pieces; any two of them restore the share. */
export const HOLDERS = ['bank', 'notary', 'sister']
const ENOUGH = 2
/** Largest size of a piece file in bytes. */
const PIECE = 1 << 20

/** The result of the drills. */
export type After = {
  readonly joined: string
  /** The record of the epoch that the reshare made. */
  readonly record: KeyRecord
  readonly holders: readonly string[]
  /** The custodian whose share was lost and restored. */
  readonly restored: string
  /** The last signers, including that one. */
  readonly signers: readonly string[]
  readonly signature: Uint8Array
}

/** Plays the drills. @param folder of the homes, left as people would leave it: a lost machine aside */
export async function goOn(stage: Stage, before: readonly Actor[], folder: string): Promise<After> {
  const made: Actor[] = []
  const comes = async (name: string, where = name): Promise<Actor> => {
    const one = await actor(stage, folder, name, where)
    made.push(one)
    return one
  }
  try {
    stage.announce('reshare')
    const newcomer = await comes(stage.newcomer as string)
    const everybody = [...before, newcomer]
    for (const one of everybody) await meets(stage, one, everybody, true)
    const record = await reshare(stage, everybody, folder)

    stage.announce('backup')
    const holders = await Promise.all(HOLDERS.map((name) => comes(name)))
    const loser = before.findLast(({ card }) => card.name !== stage.played) as Actor
    const out = `${folder}/pieces`
    await split(stage, loser, holders, out)

    stage.announce('restore')
    const again = await comes(loser.card.name, `${loser.card.name}-again`)
    const others = everybody.filter((one) => one !== loser)
    await meets(stage, again, others, true)
    await restoreFrom(stage, again, holders.slice(0, ENOUGH), out, record)
    for (const one of others) await accept(stage, one, again)

    stage.announce('sign-again')
    const signers = [again, newcomer, ...before.filter((one) => one !== loser)].slice(0, record.threshold)
    const inOrder = [...before.map((one) => (one === loser ? again : one)), newcomer]
    const { playing } = seats(
      { ...stage, mishap: null, seatOf: stage.watch },
      inOrder.filter((one) => signers.includes(one)),
    )
    const message = await signMessage(stage, playing, record)
    await verify(record, message)
    if (stage.keep !== null) await putOut(folder, loser, again, made, record)
    return {
      joined: newcomer.card.name,
      record,
      holders: HOLDERS,
      restored: again.card.name,
      signers: playing.map(({ card }) => card.name),
      signature: message.signatures[0] as Uint8Array,
    }
  } finally {
    for (const { identity } of made) wipeIdentity(identity)
  }
}

/** The newcomer gets a share, and everybody else a new one. @returns the record of the new epoch */
async function reshare(stage: Stage, everybody: readonly Actor[], folder: string): Promise<KeyRecord> {
  const [author] = everybody as [Actor]
  const key = await findKey(author.home, KEY)
  const members = everybody.map(({ card }) => card.name)
  const plan = { kind: 'reshare' as const, threshold: null, members, dealers: null, minority: false }
  const times = { supersedes: null, notBefore: null, expires: null }
  const known = await knownCards(author.home)
  const file = unsigned(
    buildReshare({ ...plan, ...times }, key, known, {
      now: stage.clock.now(),
      rng: stage.rng,
      policy: await policyInForce(author.home, key),
    }),
  )
  if (stage.keep !== null) await createFile(`${folder}/reshare.mpc`, writeDefinition(file))
  const { playing } = seats({ ...stage, mishap: null, seatOf: stage.watch }, everybody)
  for (const { card } of playing) stage.tell(card.name, { did: 'reshare', file })
  const ended = await Promise.allSettled(
    playing.map(async ({ home, card, world }): Promise<MadeKey> => {
      const made = await runReshare(world, await planReshare(home, card, file, stage.clock.now()))
      stage.tell(card.name, { did: 'reshared', record: made.record })
      return made
    }),
  )
  stage.signal.throwIfAborted()
  const failed = ended.find((each) => each.status === 'rejected')
  if (failed) throw failed.reason
  const made = ended.map((each) => (each as PromiseFulfilledResult<MadeKey>).value)
  await checkTranscripts(playing, made)
  const [{ record }] = made as [MadeKey]
  if (!equalBytes(record.group_point, key.record.group_point)) throw new Error('the reshare made another key')
  return record
}

async function split(stage: Stage, loser: Actor, holders: readonly Actor[], out: string): Promise<void> {
  const key = await findKey(loser.home, KEY)
  stage.tell(loser.card.name, { did: 'split', holders: HOLDERS, threshold: ENOUGH })
  const seals = holders.map(({ card }) => ({ name: card.name, kind: 'card', card }) as const)
  const { clock, rng } = stage
  await splitShare(loser, key, { threshold: ENOUGH, holders: seals, out, now: clock.now(), rng })
  for (const holder of holders) {
    await verifyPiece(await pieceOf(holder, out), { record: key.record }, holder, clock.now())
    stage.tell(holder.card.name, { did: 'check', custodian: loser.card.name, holder: holder.card.name })
  }
}

/** A holder's piece, as a file that it can open. */
async function pieceOf({ card, identity }: Actor, out: string, file = `${card.name}.piece`) {
  const sealed = (await readFile(`${out}/${file}`, PIECE)) as Uint8Array
  return { label: file, sealed, unlock: { kind: 'identity', identities: [identity.age] } } as const
}

async function restoreFrom(
  stage: Stage,
  again: Actor,
  holders: readonly Actor[],
  out: string,
  record: KeyRecord,
): Promise<void> {
  const { card } = again
  for (const holder of holders) {
    const to = { name: card.name, kind: 'card', card } as const
    await handOn(await pieceOf(holder, out), { record }, to, `${out}/${holder.card.name}.reopened`)
    stage.tell(holder.card.name, { did: 'hand-on', to: card.name, holder: holder.card.name })
  }
  const names = holders.map((holder) => holder.card.name)
  const pieces = await Promise.all(names.map((name) => pieceOf(again, out, `${name}.reopened`)))
  await restore(again, { name: null, pieces, given: { record }, now: stage.clock.now(), rng: stage.rng })
  stage.tell(card.name, { did: 'restore', holders: names })
}

/** A custodian accepts the new identity in the old one's seat. */
async function accept(stage: Stage, actor: Actor, again: Actor): Promise<void> {
  const { rebinds } = await findKey(again.home, KEY)
  const { card } = again
  const encoded = rebinds[0]?.encoded as Uint8Array
  const { home } = actor
  await acceptRebind(home, await examineRebind(actor, card, encoded, stage.clock.now()))
  const fingerprint = hex(card.fingerprint)
  await importCards(home, [card], { fingerprint, replace: card.name, now: stage.clock.now(), how: 'rebind' })
  stage.tell(actor.card.name, { did: 'accept', card })
}

/** Leaves the homes, and the files passed between people, as they would be now. */
async function putOut(
  folder: string,
  loser: Actor,
  again: Actor,
  made: readonly Actor[],
  record: KeyRecord,
): Promise<void> {
  await createFile(`${folder}/record.json`, exportRecord(record))
  for (const { card } of made) {
    const name = card === again.card ? `${card.name}-again` : card.name
    await createFile(`${folder}/${name}.card`, Buffer.from(`${card.line}\n`))
  }
  await renameDir(loser.home.root, `${loser.home.root}-lost`)
  await renameDir(again.home.root, loser.home.root)
}
