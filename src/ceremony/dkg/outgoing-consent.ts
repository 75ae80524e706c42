/**
 * Watching a reshare. A watcher is an old custodian who neither deals nor receives a share. It agrees by its
 * signature, then waits for the certificate that retires its own share from use. The others need signatures
 * or participation of more than half of the old custodians, and nothing else from a watcher: it may come
 * late, leave, or never come.
 */
import { NO_SESSION, slotsOf, wantCodec } from '../../messaging/channel/letters.js'
import { Mailbox } from '../../messaging/channel/mailbox.js'
import { ceremonySubjects } from '../../messaging/transport/subjects.js'
import { CodecError, equalBytes } from '../../protocol/core/codec.js'
import { CeremonyFiles } from '../../storage/home/ceremonies.js'
import { listEpochs, readEpochFile } from '../../storage/home/epochs.js'
import { castVote } from '../../storage/home/votes.js'
import { consentCodec, outcomeCodec } from '../../wire/ceremony/consent.js'
import { acceptDefinition, custodiansOf, definitionCodec } from '../../wire/ceremony/definition.js'
import { membersOf, reshareBase } from '../../wire/ceremony/key-definition.js'
import { Failure } from '../../wire/base/failure.js'
import { encodeRecord, type KeyRecord, parseRecord, recordDigest } from '../../wire/key/record.js'
import { type Certificate, parseCertificate } from '../../wire/ceremony/certificate.js'
import { hex } from '../../wire/base/text.js'
import { requireNotEnded } from '../session/abort.js'
import { activate, nameOfKey } from './activate.js'
import type { MadeKey, ResharePlan } from './plan.js'
import { votersOf } from '../../wire/ceremony/voters.js'
import { requireVerified, unverifiedAmong } from '../contacts/require-verified.js'
import { keepCeremony, keepSignatures } from '../definition/ceremony-store.js'
import { keepWords, stageRecord, wordsOf } from '../epochs/attestations.js'
import { afterVote } from './unfinished.js'
import { leaving, memberOf, type World } from '../world.js'

/** A result shown by a participant, checked against the definition. */
type Outcome = {
  readonly record: KeyRecord
  readonly certificate: Certificate
  readonly encoded: Uint8Array
}

/**
 * Signs the definition, which is this home's vote from the parent epoch, and records the outcome.
 * @throws Failure `E_WATCHED` (doubt): the signature is out, and nobody reported the outcome in time
 */
export async function watch(world: World, plan: ResharePlan): Promise<MadeKey> {
  const { home, card, identity } = world
  const { file, definition, players } = plan
  const files = new CeremonyFiles(home, file.id)
  const lock = await files.lock()
  try {
    const known = await knownHere(world, plan, files)
    if (known) return known
    await requireNotEnded(files)
    requireVerified(await unverifiedAmong(home, players), world.person.present)
    await keepCeremony(home, file)
    // Votes for at most one definition per epoch, on disk before the signature goes out: two signed reshares
    // could both reach a majority.
    await castVote(home, reshareBase(definition), file.id, definition.supersedes)
    const signature = acceptDefinition(identity.signing, file.id)
    return await afterVote(plan, files, async () => {
      await keepSignatures(home, file.id, [{ fingerprint: card.fingerprint, signature }])
      return attend(world, plan, signature, async ({ record, certificate, encoded }) => {
        const certified = (await files.readCertificate()) ?? encoded
        // With record and certificate on disk, a killed process continues by itself.
        const name = await nameOfKey(home, record.key_id)
        if (name !== null) await stageRecord(home, name, record)
        await files.writeCertificate(certified)
        const active = await activate(home, plan, files, {
          record,
          transcript: null,
          certificate: certified,
        })
        return made(active.name, record, certificate.sid, active.already)
      })
    })
  } finally {
    await lock.release().catch(() => {})
  }
}

const made = (name: string, record: KeyRecord, sid: Uint8Array, already: boolean): MadeKey => ({
  name,
  record,
  digest: recordDigest(record),
  attempt: hex(sid),
  already,
  holds: false,
  watched: true,
  away: [],
})

/** Finishes what an earlier process of this home recorded but may not have activated. */
async function knownHere({ home }: World, plan: ResharePlan, files: CeremonyFiles): Promise<MadeKey | null> {
  const { file, definition } = plan
  const certificate = await files.readCertificate()
  const name = await nameOfKey(home, definition.parent_record.key_id)
  if (!certificate || name === null) return null
  for (const digest of await listEpochs(home, name)) {
    const held = await readEpochFile(home, name, digest, 'record.cbor')
    const record = held && parseRecord(held)
    if (!record || !equalBytes(record.definition, file.id)) continue
    const { sid } = parseCertificate(certificate, votersOf(definition, record), encodeRecord(record))
    const { already } = await activate(home, plan, files, { record, transcript: null, certificate })
    return made(name, record, sid, already)
  }
  return null
}

/**
 * Posts the signature to everyone who comes, until somebody shows the result. Then collects the new
 * custodians' statements that they have gone over: the old share may be destroyed only with those.
 */
async function attend(
  world: World,
  { file, definition, players }: ResharePlan,
  signature: Uint8Array,
  keep: (outcome: Outcome) => Promise<MadeKey>,
): Promise<MadeKey> {
  const { transport, identity, card, patience, clock, emit } = world
  const self = memberOf(card, card.fingerprint)
  const others = players.map((player) => memberOf(player, player.fingerprint))
  const looks = new Map(others.map(({ fingerprint }) => [hex(fingerprint), MOST_LOOKS]))
  const began = clock.now()
  /** When a participant last spoke. Other watchers cannot show a result, so they do not extend the wait. */
  let heard = began
  const mailbox = new Mailbox({
    transport,
    subjects: ceremonySubjects(file.id, card.fingerprint),
    definition: file.id,
    self,
    key: identity.signing,
    members: membersOf(definition).map((member) => memberOf(member, member.fingerprint)),
    clock,
    emit,
    firm: true,
    hearing: {
      heard: ({ fingerprint }) => {
        if (looks.has(hex(fingerprint))) heard = clock.now()
      },
    },
    equivocated: () => {},
  })
  let found: Outcome | null = null
  let stopSaying = null as (() => void) | null
  const say = () => mailbox.post('signature', { session: NO_SESSION }, consentCodec.encode({ signature }))
  const sayAgain = () => {
    stopSaying ??= clock.after(AGAIN, () => {
      stopSaying = null
      say()
    })
  }
  mailbox.on('hello', (_, { name }) => {
    emit({ event: 'hello', party: name })
    sayAgain()
  })
  mailbox.on('want', ({ body }) => {
    const isMine = (slot: { kind: string; from: Uint8Array }) =>
      slot.kind === 'signature' && equalBytes(slot.from, card.fingerprint)
    if (wantCodec.decode(body).some(isMine)) sayAgain()
  })
  mailbox.on('record', ({ body }, { fingerprint }) => {
    const left = looks.get(hex(fingerprint)) ?? 0
    looks.set(hex(fingerprint), left - 1)
    if (left > 0) found ??= outcomeIn(body, file.id, definition)
  })
  const person = leaving(world)
  /**
   * Activity of participants extends the wait, but not for ever: at the latest it ends with the definition,
   * or after one full `patience.join` if that is later.
   */
  const latest = Math.max(began + patience.join, definition.expires)
  const deadline = (): number => patience.total ?? Math.min(heard + patience.join, latest)
  try {
    mailbox.handOut(definitionCodec.encode(definition))
    emit({ event: 'joined', others: others.map(({ name }) => name) })
    say()
    emit({ event: 'round_started', round: 'watching' })
    const missing = () => slotsOf(others, 'record', NO_SESSION)
    for (;;) {
      const wait = { deadline: deadline(), signal: person.signal, round: 'record' }
      const came = await mailbox
        .until(() => found !== null, wait, missing)
        .then(
          () => true,
          (cause: unknown) => {
            if (!person.signal.aborted && deadline() > clock.now()) return false
            throw unknown(cause)
          },
        )
      if (came) break
    }
    emit({ event: 'certificate' })
    const outcome = found as unknown as Outcome
    const { sid } = outcome.certificate
    const key = await keep(outcome)
    mailbox.enter(sid)
    const words = wordsOf(others, key.record, sid)
    // Members post these statements while the participants linger; half of that time is enough.
    const wait = { deadline: clock.now() + world.linger / 2, signal: person.signal, round: 'done' }
    await mailbox.collect(words, wait).catch(() => {})
    // The outcome is already active here, whatever becomes of these statements: they also travel by file.
    await keepWords(world.home, mailbox, key.name, key.record, words).catch(() => {})
    await mailbox.flush()
    emit({ event: 'done' })
    return key
  } finally {
    stopSaying?.()
    person.stop()
    mailbox.close()
  }
}

/** Delay in milliseconds before a repeat, so that one posting answers everyone who asks meanwhile. */
const AGAIN = 50
/** Results examined per participant: each costs a signature and a proof for every participant. */
const MOST_LOOKS = 3

/** The outcome in a body, if it matches the definition and all voters have certified it; null otherwise. */
function outcomeIn(body: Uint8Array, id: Uint8Array, definition: ResharePlan['definition']): Outcome | null {
  try {
    const shown = outcomeCodec.decode(body)
    const record = parseRecord(shown.record)
    const old = definition.parent_record
    const cards = record.members.map(({ card }) => card.line).join()
    const fits =
      equalBytes(record.definition, id) &&
      equalBytes(record.key_id, old.key_id) &&
      equalBytes(record.group_point, old.group_point) &&
      equalBytes(record.parent ?? new Uint8Array(), definition.parent) &&
      record.epoch === old.epoch + 1 &&
      record.threshold === definition.threshold &&
      cards ===
        custodiansOf(definition)
          .map(({ line }) => line)
          .join()
    if (!fits) return null
    const certificate = parseCertificate(shown.certificate, votersOf(definition, record), shown.record)
    return equalBytes(certificate.definition, id) ? { record, certificate, encoded: shown.certificate } : null
  } catch (error) {
    if (error instanceof CodecError || error instanceof Failure) return null
    throw error
  }
}

const unknown = (cause: unknown): Failure =>
  new Failure('doubt', 'E_WATCHED', 'this member has signed the reshare and does not know its outcome yet', {
    cause,
    hint: 'run the same command again while a participant runs it too; until then this home signs as before',
  })
