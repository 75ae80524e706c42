/**
 * The course of every ceremony that makes shares: a seat, the opening, the rounds, a pending result, votes, a
 * certificate, an epoch of the key. `keygen.ts` and `reshare.ts` define the rounds and who may take part.
 */
import { inSession } from '../../messaging/session/restart-loop.js'
import { CLOCKS_APART, inWords } from '../../messaging/channel/clock.js'
import { Consents } from '../../messaging/session/outgoing-consents.js'
import type { Opened } from '../../messaging/session/handshake.js'
import { NO_SESSION } from '../../messaging/channel/letters.js'
import type { Run, RunOptions } from '../../messaging/session/run.js'
import type { AuxPrimes, AuxiliaryInput } from '../../protocol/cggmp24/auxiliary/data.js'
import { needsAuxiliary, type NewShares, SHOWS_PRIMES } from '../../protocol/engines/engine.js'
import { type PartyId, Session } from '../../protocol/core/session.js'
import { CeremonyFiles } from '../../storage/home/ceremonies.js'
import type { Home } from '../../storage/home/home.js'
import { definitionCodec } from '../../wire/ceremony/definition.js'
import { onlookersOf, type VotedDefinition } from '../../wire/ceremony/key-definition.js'
import { decodeEnvelope } from '../../wire/session/envelope.js'
import { Failure } from '../../wire/base/failure.js'
import { encodeRecord, levelOfKeys, parseRecord, recordDigest } from '../../wire/key/record.js'
import { recordMade } from '../../wire/ceremony/derive-record.js'
import { preparedCodec } from '../../wire/session/prepared.js'
import { parseCertificate } from '../../wire/ceremony/certificate.js'
import { hex, rfc3339 } from '../../wire/base/text.js'
import { transcriptCodec } from '../../wire/session/transcript.js'
import { requireNotEnded } from '../session/abort.js'
import { activate, retiredSince } from './activate.js'
import { largestInMaking, requirePayload } from '../session/largest-letter.js'
import { incomplete, type Made, readPending, store } from './prepared.js'
import { votersOf } from '../../wire/ceremony/voters.js'
import { requireVerified, unverifiedAmong } from '../contacts/require-verified.js'
import { PrimeSupply } from '../keys/prime-supply.js'
import { type Cast, openingOf, seated } from '../session/join.js'
import { keepCeremony, keepSignatures, storedCeremony } from '../definition/ceremony-store.js'
import { encodeFailed, seenIn } from '../session/keep-transcript.js'
import { afterVote } from './unfinished.js'
import { memberOf, type World } from '../world.js'
import { end, resume } from './conclude.js'
import type { MadeKey, MakingPlan, MakingRun } from './plan.js'

/** The inputs of the rounds. */
export type Table = {
  readonly session: Session
  /** The input of the auxiliary data; null if the scheme needs none. */
  readonly auxiliary: (AuxiliaryInput & { readonly primes: AuxPrimes }) | null
  /** The options of `run`. */
  readonly options: RunOptions
}

/** @throws Failure `E_EXPIRED`, `E_TOO_EARLY` (absent); after the vote, expiry no longer matters */
export function checkTime({ not_before, expires, kind }: VotedDefinition, begun: boolean, now: number): void {
  if (!begun && now >= expires) {
    throw new Failure('absent', 'E_EXPIRED', `this definition expired on ${rfc3339(expires)}`, {
      hint: `its author can make a new one with \`mpc ceremony new ${kind}\``,
    })
  }
  if (now < not_before - CLOCKS_APART) {
    const span = inWords(not_before - now)
    throw new Failure('absent', 'E_TOO_EARLY', `by your clock this ceremony begins in ${span}`, {
      hint: `it begins on ${rfc3339(not_before)}; if it should have begun, your clock is behind its author's: set it`,
    })
  }
}

/** Takes part from the first hello to the last letter, or finishes what an earlier process began. */
export async function make(
  world: World,
  plan: MakingPlan,
  play: (world: World, table: Table) => Promise<Run<NewShares>>,
): Promise<MadeKey> {
  const { definition } = plan
  if (!plan.begun) requireVerified(await unverifiedAmong(world.home, plan.players), world.person.present)
  const cast: Cast = {
    id: plan.file.id,
    kind: definition.kind,
    epoch: definition.parent,
    participants: plan.players,
    onlookers: onlookersOf(definition),
    validity: { notBefore: definition.not_before, expires: definition.expires },
    definition: definitionCodec.encode(definition),
    record: null,
  }
  const files = new CeremonyFiles(world.home, plan.file.id)
  // A member that has voted continues as far as its transport lets it.
  if ((await files.readReceipt()) === null) {
    requirePayload(world.transport, largestInMaking(definition, plan.players.length))
  }
  await using primes = needsAuxiliary(definition.scheme)
    ? new PrimeSupply(world, levelOfKeys().primeBits)
    : null
  return seated(primes ? patient(world) : world, cast, files, async (room) => {
    // Another process may have ended it since the plan was made.
    await requireNotEnded(files)
    await keepCeremony(world.home, plan.file)
    room.mailbox.handOut(definitionCodec.encode(definition))
    const run = { world, room, plan, files }
    const pending = await readPending(world, plan, files)
    if (!pending && (await files.readReceipt()) !== null) {
      throw (await retiredSince(world.home, files)) ?? incomplete()
    }
    if (pending) {
      const resumed = await resume(run, pending)
      if (resumed) return resumed
    }
    await primes?.fill(room, NO_SESSION, world.signal)
    const consents = await consentsOf(world.home, plan)
    const opening = openingOf(world, cast, files, plan.file.signatures, consents)
    consents?.listen(room)
    return inSession(room, opening, async (opened, signal) => {
      // Primes that an earlier attempt has shown are used up.
      await primes?.fill(room, opened.sid, signal)
      room.blame.file = (rounds, claims) =>
        encodeFailed(seenIn(definition, null, opened, rounds), null, claims)
      const ran = await play(world, tableOf(run, primes, opened, signal))
      const pending = await store(run, opened, madeBy(plan, opened, ran))
      return end(run, pending, signal)
    })
  })
}

/**
 * Completes a member in doubt with a certificate that somebody else has: this needs no secret and no network.
 * @throws Failure `E_CERTIFICATE` (verification) unless it certifies the very result that this member voted
 *   for: another run of the same definition has other shares
 */
export async function finish(home: Home, plan: MakingPlan, certificate: Uint8Array): Promise<MadeKey> {
  const files = new CeremonyFiles(home, plan.file.id)
  const [prepared, outcome, transcript] = await Promise.all([
    files.readPending('prepared.cbor'),
    files.readPending('record.cbor'),
    files.readPending('transcript.cbor'),
  ])
  if (!prepared || !outcome || !transcript) throw incomplete()
  const record = parseRecord(outcome)
  const { header, body } = decodeEnvelope(prepared)
  const { result } = parseCertificate(certificate, votersOf(plan.definition, record), outcome)
  if (hex(result) !== hex(preparedCodec.decode(body).result)) {
    throw new Failure(
      'verification',
      'E_CERTIFICATE',
      'the certificate is of another run than the one in which this member voted',
    )
  }
  const active = await afterVote(plan, files, async () => {
    // A certificate from an earlier process is just as good, and stays.
    const known = await files.readCertificate()
    if (!known) await files.writeCertificate(certificate)
    return activate(home, plan, files, {
      record,
      transcript: transcriptCodec.decode(transcript),
      certificate: known ?? certificate,
    })
  })
  const digest = recordDigest(record)
  const holds = plan.index !== null
  return { ...active, record, digest, attempt: hex(header.session), holds, away: [] }
}

/** The consents of the watchers of a reshare, starting from the signatures in the file or stored here. */
async function consentsOf(home: Home, { file, definition }: MakingPlan): Promise<Consents | null> {
  if (definition.kind === 'keygen') return null
  const here = await storedCeremony(home, file.id)
  const known = [...file.signatures, ...(here?.signatures ?? [])]
  return new Consents(file.id, definition, known, (held) => keepSignatures(home, file.id, held))
}

// ------------------------------------------------------------------------------------------------ the rounds

/** Proofs about moduli take long, especially on slow machines. In milliseconds. */
const LONG_ROUND = 10 * 60_000

const patient = (world: World): World => ({
  ...world,
  patience: { ...world.patience, round: Math.max(world.patience.round, LONG_ROUND) },
})

function tableOf(
  { world, plan, room }: MakingRun,
  primes: PrimeSupply | null,
  opened: Opened,
  signal: AbortSignal,
): Table {
  const members = new Map<PartyId, ReturnType<typeof memberOf>>(
    plan.players.map((card, i) => [i + 1, memberOf(card, card.fingerprint)]),
  )
  const session = new Session(opened.sid, plan.place, [...members.keys()])
  const beforeSend = (round: string): Promise<void> => {
    if (round === SHOWS_PRIMES) primes?.discard()
    return Promise.resolve()
  }
  const options = { room, opened, session, members, signal, compute: world.compute, beforeSend }
  const auxiliary = primes && { level: levelOfKeys(), epoch: plan.file.id, primes: primes.numbers() }
  return { session, auxiliary, options }
}

/** The record that the rounds produced, and a transcript that still lacks its receipts. */
function madeBy({ definition, file }: MakingPlan, opened: Opened, { output, rounds }: Run<NewShares>): Made {
  const record = recordMade(definition, file.id, output)
  const seen = seenIn(definition, null, opened, rounds)
  return {
    share: output.share,
    auxiliary: output.auxSecret,
    record,
    transcript: {
      format: 'mpc/transcript/v1',
      ...seen,
      payload: null,
      outcome: encodeRecord(record),
      receipts: [],
    },
  }
}
