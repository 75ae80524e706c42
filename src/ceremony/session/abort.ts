/**
 * Abort of a ceremony by a member that has not voted. The end is written to disk first, so that this home
 * never votes in the ceremony; then a signed abort answers every member that waits. After the vote an abort
 * is refused, because the result may be certified already.
 */
import { abortCodec } from '../../messaging/session/abort.js'
import { tryDecode } from '../../messaging/session/blame.js'
import type { Clock } from '../../messaging/channel/clock.js'
import { Intake } from '../../messaging/channel/ingress.js'
import { type Member, NO_SESSION, wantCodec } from '../../messaging/channel/letters.js'
import { ceremonySubjects } from '../../messaging/transport/subjects.js'
import { equalBytes } from '../../protocol/core/codec.js'
import { CeremonyFiles } from '../../storage/home/ceremonies.js'
import type { Home } from '../../storage/home/home.js'
import { lastVote } from '../../storage/home/votes.js'
import type { Card } from '../../wire/identity/card.js'
import type { DefinitionFile } from '../../wire/ceremony/definition.js'
import {
  isReshare,
  playersOf,
  reshareBase,
  type VotedDefinition,
} from '../../wire/ceremony/key-definition.js'
import { decodeEnvelope, type Envelope, sealEnvelope } from '../../wire/session/envelope.js'
import { Failure } from '../../wire/base/failure.js'
import { hex } from '../../wire/base/text.js'
import { keepCeremony } from '../definition/ceremony-store.js'
import { leaving, memberOf, type World } from '../world.js'

export type Abandoning = DefinitionFile & { readonly definition: VotedDefinition }

/** A waiting member asks at least this often, in milliseconds. */
const ASKS_WITHIN = 20_000
const AGAIN = 1000

/**
 * Ends the ceremony for this home. Idempotent.
 * @throws Failure `E_IN_DOUBT` (doubt): this home has voted; `E_DONE`, `E_BUSY` (conflict)
 */
export async function endHere(home: Home, file: Abandoning, now: number): Promise<void> {
  const files = new CeremonyFiles(home, file.id)
  const lock = await files.lock()
  try {
    if ((await files.readCertificate()) !== null) throw done()
    if (await hasVoted(home, file, files)) throw voted(file)
    await keepCeremony(home, file)
    await files.writeEnded(now)
    const prepared = await files.readPending('prepared.cbor')
    if (prepared) await files.setPendingAside(decodeEnvelope(prepared).header.session)
  } finally {
    await lock.release().catch(() => {})
  }
}

/** A participant votes by its receipt, a watcher by its signature. */
async function hasVoted(home: Home, { id, definition }: Abandoning, files: CeremonyFiles): Promise<boolean> {
  if ((await files.readReceipt()) !== null) return true
  if (!isReshare(definition)) return false
  const last = await lastVote(home, reshareBase(definition))
  return last !== null && equalBytes(last, id)
}

/** @throws Failure `E_ENDED` (refused) if this home has ended it */
export async function requireNotEnded(files: CeremonyFiles): Promise<void> {
  if (!(await files.isEnded())) return
  throw new Failure('refused', 'E_ENDED', 'this member has ended this ceremony by `mpc ceremony abort`', {
    hint: 'a new definition makes a new one: `mpc ceremony new`',
  })
}

/**
 * Answers every member that waits for this one with a signed abort.
 * @param text the reason shown beside the refusal; a refusal alone ends nothing for good
 * @returns the names of those told; somebody who comes later must be told by a person
 */
export async function tellOthers(
  world: World,
  { id, definition }: Abandoning,
  text = 'this ceremony is over for good',
): Promise<readonly string[]> {
  const { transport, identity, card, clock, patience, emit } = world
  const self = memberOf(card, card.fingerprint)
  const subjects = ceremonySubjects(id, card.fingerprint)
  const others = playersOf(definition)
    .filter((player) => !isSame(player, card))
    .map((player) => memberOf(player, player.fingerprint))
  const told = new Set<string>()
  /** The last answer to each asker. Answers are limited by asker, since an asker can invent sessions. */
  const said = new Map<string, { readonly where: string; readonly at: number }>()
  const body = abortCodec.encode({ why: 'refused', text, about: [] })
  /** @returns whether the abort was sent within the last second; one serves all who wait at one place */
  const say = (asker: string, session: Uint8Array, round: string): boolean => {
    const where = `${hex(session)} ${round}`
    const recent = [...said].filter(([, { at }]) => clock.now() - at < AGAIN)
    if (recent.some(([, each]) => each.where === where)) return true
    if (recent.some(([by]) => by === asker)) return false
    said.set(asker, { where, at: clock.now() })
    const header = {
      v: 1 as const,
      kind: 'abort' as const,
      definition: id,
      session,
      round,
      from: card.fingerprint,
      to: null,
      time: clock.now(),
      key: null,
    }
    transport.publish(subjects.outbound('abort', null), sealEnvelope(identity.signing, header, body))
    return true
  }
  const isMine = ({ from }: { readonly from: Uint8Array }): boolean => equalBytes(from, card.fingerprint)
  const everybody = new AbortController()
  const accept = (envelope: Envelope, { name, fingerprint }: Member): void => {
    const { kind, session, round } = envelope.header
    const asker = hex(fingerprint)
    const wanted = kind === 'want' ? tryDecode(envelope, wantCodec)?.find(isMine) : undefined
    // A peer that has seen our abort sends its own; count it as told.
    const hears =
      kind === 'hello'
        ? say(asker, NO_SESSION, round)
        : wanted
          ? say(asker, session, wanted.kind === 'hello' ? wanted.round : '')
          : kind === 'abort'
    if (!hears) return
    told.add(name)
    emit({ event: 'hello', party: name })
    if (told.size === others.length) everybody.abort()
  }
  const intake = new Intake({ subjects, definition: id, self, others, clock, accept })
  const stops = subjects.inbound.map((subject) =>
    transport.subscribe(subject, (on, message) => intake.arrive(on, message)),
  )
  emit({ event: 'joined', others: others.map(({ name }) => name) })
  emit({ event: 'round_started', round: 'telling' })
  const person = leaving(world)
  try {
    const signal = AbortSignal.any([everybody.signal, person.signal])
    const span = patience.total === null ? ASKS_WITHIN : Math.max(0, patience.total - clock.now())
    await pause(clock, span, signal)
    await transport.flush()
    return [...told]
  } finally {
    person.stop()
    intake.close()
    for (const stop of stops) stop()
  }
}

/** Waits for `span` milliseconds, or until the signal fires. */
const pause = (clock: Clock, span: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const end = (): void => {
      stopWaiting()
      resolve()
    }
    const stopWaiting = clock.after(span, end)
    signal.addEventListener('abort', end)
    if (signal.aborted) end()
  })

const isSame = (a: Card, b: Card): boolean => equalBytes(a.fingerprint, b.fingerprint)

const done = (): Failure =>
  new Failure('conflict', 'E_DONE', 'this ceremony is done here: its result is certified', {
    hint: '`mpc ceremony list` shows it; nothing was changed',
  })

const voted = ({ id, definition }: Abandoning): Failure =>
  new Failure('doubt', 'E_IN_DOUBT', 'this member has voted in it, so the others may have certified it', {
    hint:
      `\`mpc ceremony finish ${hex(id)}\` ends the doubt` +
      (definition.kind === 'keygen' ? '' : '; or make one that replaces it: --supersedes with this id'),
  })
