/**
 * Making presignatures ahead: the signers of a key meet, run presigning without a message, and give receipts over what
 * came of it. It signs nothing. Every signer derives the definition from the same command, so nobody sends a file. A
 * command that makes more than one run can is several ceremonies, one after another, and keeps what each has made.
 */
import type { Opened } from '../../messaging/session/handshake.js'
import { inSession } from '../../messaging/session/restart-loop.js'
import { run } from '../../messaging/session/run.js'
import type { Room } from '../../messaging/session/session.js'
import { presignatureId } from '../../protocol/cggmp24/presign/rerandomise.js'
import type { Presignature } from '../../protocol/cggmp24/presign/presignature.js'
import { Session } from '../../protocol/core/session.js'
import { needsAuxiliary, wipeSigningKey } from '../../protocol/engines/engine.js'
import { presignMany } from '../../protocol/engines/presigning.js'
import { CeremonyFiles } from '../../storage/home/ceremonies.js'
import { ownVault } from '../../storage/vault/age-vault.js'
import { Failure } from '../../wire/base/failure.js'
import { makeCertificate, type Ran, resultDigest } from '../../wire/ceremony/certificate.js'
import { definitionCodec, definitionId, type Order, type Presigning } from '../../wire/ceremony/definition.js'
import { presignaturesOutcome } from '../../wire/key/presignature.js'
import { encodeSeating } from '../../wire/key/seated-record.js'
import { transcriptHead } from '../../wire/session/transcript.js'
import { requireVerified, unverifiedAmong } from '../contacts/require-verified.js'
import { openToSign, requireInUse } from '../epochs/find-key.js'
import { indexIn, type Key } from '../keys/key.js'
import { cardOf, rebindsOf } from '../requests/signer-set.js'
import { type Cast, openingOf, seated } from '../session/join.js'
import { encodeFailed, seenIn } from '../session/keep-transcript.js'
import { largestInSigning, mostMessages, requirePayload } from '../session/largest-letter.js'
import { gatherReceipts } from '../signing/receipts.js'
import { memberOf, type World } from '../world.js'
import { type Certified, keepRun } from './pool.js'

/** @throws Failure `E_NO_PRESIGNATURES` (usage) for a key of a scheme that has none */
export function requirePresignable({ name, record }: Key): void {
  if (needsAuxiliary(record.scheme)) return
  throw new Failure('usage', 'E_NO_PRESIGNATURES', `${name} is a key of ${record.scheme}`, {
    hint: 'only keys of ecdsa-secp256k1 have presignatures; the others sign as fast without',
  })
}

/**
 * Makes `total` presignatures with these signers, of whom this member is one.
 * @param signers in the order of the record
 * @returns how many are kept
 * @throws Failure `E_NO_RECEIPT` (absent) if a signer does not confirm what was made; as every ceremony with rounds
 * @throws RangeError for a key without presignatures
 */
export async function presignAhead(
  world: World,
  key: Key,
  signers: Order['signers'],
  total: number,
): Promise<number> {
  const { scheme, threshold } = key.record
  const most = mostMessages(scheme, threshold)
  let made = 0
  for (let first = 1; first <= total; first += most) {
    const count = Math.min(most, total - first + 1)
    made += await presignRun(world, key, definitionOf(key, signers, { total, first, count }))
  }
  return made
}

function definitionOf(
  { record, digest, rebinds }: Key,
  signers: Order['signers'],
  range: Pick<Presigning, 'total' | 'first' | 'count'>,
): Presigning {
  const seats = new Set(signers.map(({ index }) => index))
  return {
    kind: 'presign',
    key_id: record.key_id,
    record: digest,
    signers,
    rebinds: rebinds.filter(({ rebind }) => seats.has(rebind.index)).map((each) => each.digest),
    ...range,
  }
}

/** A run at one of its signers. */
type PresigningRun = {
  readonly world: World
  readonly key: Key
  readonly definition: Presigning
  readonly record: Uint8Array
  readonly room: Room
}

async function presignRun(world: World, key: Key, definition: Presigning): Promise<number> {
  const { signers, count } = definition
  const id = definitionId(definition)
  const files = new CeremonyFiles(world.home, id)
  const record = encodeSeating(key.record, rebindsOf(key, signers))
  const participants = signers.map(({ index }) => cardOf(key.seated, index))
  requireVerified(await unverifiedAmong(world.home, participants), world.person.present)
  const size = { signers: signers.length, request: 0, messages: count }
  requirePayload(world.transport, largestInSigning(key.record.scheme, size))
  const cast: Cast = {
    id,
    kind: 'presign',
    epoch: key.digest,
    participants,
    onlookers: [],
    validity: null,
    definition: definitionCodec.encode(definition),
    record,
  }
  return seated(world, cast, files, (room) =>
    inSession(room, openingOf(world, cast, files, []), (opened, signal) =>
      play({ world, key, definition, record, room }, opened, signal),
    ),
  )
}

async function play(presigning: PresigningRun, opened: Opened, signal: AbortSignal): Promise<number> {
  const { world, key, definition, record, room } = presigning
  const { signers, count } = definition
  const seenOf = (rounds: Parameters<typeof seenIn>[3]) => seenIn(definition, record, opened, rounds)
  room.blame.file = (rounds, claims) => encodeFailed(seenOf(rounds), null, claims)
  const members = new Map(
    signers.map(({ index }) => {
      const card = cardOf(key.seated, index)
      return [index, memberOf(card, card.fingerprint)]
    }),
  )
  const session = new Session(opened.sid, indexIn(key, world.card), [...members.keys()])
  const own = await openToSign(world.home, key, world.identity, world.card)
  const protocol = presignMany(session, { ...own, epoch: key.digest }, count, world.nonces)
  const { compute } = world
  const { output, rounds } = await run(protocol, { room, opened, session, members, signal, compute }).finally(
    () => wipeSigningKey(own),
  )
  try {
    const head = transcriptHead(seenOf(rounds))
    const certified = await certify(
      presigning,
      { definition: room.definition, sid: opened.sid, head },
      output,
    )
    // What another command has changed meanwhile voids them.
    await requireInUse(world.home, key)
    return await keepRun({ home: world.home, vault: ownVault(world) }, key, output, certified)
  } finally {
    for (const presignature of output) presignature[Symbol.dispose]()
  }
}

/** The receipts of all signers. Without them no blame could rest on what was made, so it is thrown away. */
async function certify(
  { world, key, definition, room }: PresigningRun,
  ran: Ran,
  made: readonly Presignature[],
): Promise<Certified> {
  const ids = made.map((presignature) => presignatureId(presignature.public))
  const outcome = presignaturesOutcome(ids)
  const receipts = await gatherReceipts(world, { record: key.seated, order: definition, room, ran, outcome })
  const silent = definition.signers.filter((_, i) => receipts[i] === null)
  const missing = silent.map(({ index }) => cardOf(key.seated, index).name)
  if (missing.length > 0) throw noReceipt(key.name, missing)
  const given = receipts.filter((receipt) => receipt !== null)
  const certificate = makeCertificate(ran, resultDigest(ran, outcome), given)
  return { definition: definitionCodec.encode(definition), ids, certificate }
}

const noReceipt = (name: string, missing: readonly string[]): Failure =>
  new Failure('absent', 'E_NO_RECEIPT', `${missing.join(', ')} did not confirm what this run made`, {
    hint: `nothing of this run was kept here; run \`mpc presign --key ${name}\` again, all of you`,
    missing,
    ...(missing[0] && { party: missing[0] }),
  })
