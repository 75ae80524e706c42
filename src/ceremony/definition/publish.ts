/**
 * Publishing a definition to its members, who know only its ID, and fetching it. This requires no trust in
 * the publisher: an answer that does not match the ID is refused. Neither side accepts the ceremony by this.
 */
import { askForDefinition, FETCHED } from '../../messaging/session/fetch-definition.js'
import { NO_SESSION, slotsOf, wantCodec } from '../../messaging/channel/letters.js'
import { Mailbox } from '../../messaging/channel/mailbox.js'
import { joinUntil } from '../../messaging/channel/timeouts.js'
import { ceremonySubjects } from '../../messaging/transport/subjects.js'
import { fingerprintOf } from '../../wire/identity/card.js'
import { definitionCodec, definitionKeys, idOfEncoded } from '../../wire/ceremony/definition.js'
import { isVoted, type VotedDefinition } from '../../wire/ceremony/key-definition.js'
import { Failure } from '../../wire/base/failure.js'
import { hex } from '../../wire/base/text.js'
import { type CeremonyFile, checkMember, checkNotExpired, participantsOf, readPublished } from './build.js'
import { definitionLeft } from './durable.js'
import { leaving, memberOf, type World } from '../world.js'

/**
 * Checks that a ceremony can be published from here.
 * @returns its definition
 * @throws Failure `E_KIND` (usage), `E_REHEARSAL` (refused), `E_NOT_MEMBER` (authentication), `E_EXPIRED`
 *   (absent)
 */
export function checkPublishable(file: CeremonyFile, self: World['card'], now: number): VotedDefinition {
  const { definition } = file
  if (!isVoted(definition)) {
    throw new Failure('usage', 'E_KIND', `this defines a ${definition.kind}, which nobody joins by its id`, {
      hint: 'each member builds the same one from the same names: `mpc ecdh handshake --with NAMES`',
    })
  }
  if (definition.rehearsal) {
    throw new Failure('refused', 'E_REHEARSAL', 'this is the definition of a rehearsal')
  }
  checkMember(file, self)
  checkNotExpired(file, now)
  return definition
}

/**
 * Hands out the definition until every other participant has it.
 * @returns their names
 * @throws Failure `E_ABSENT`, naming who did not fetch it in time
 */
export async function publish(world: World, file: CeremonyFile): Promise<readonly string[]> {
  const { card, patience, clock, emit } = world
  const member = (keys: Parameters<typeof memberOf>[0]) => memberOf(keys, fingerprintOf(keys))
  const participants = participantsOf(file).map(member)
  const others = participants.filter(({ fingerprint }) => hex(fingerprint) !== hex(card.fingerprint))
  const mailbox = new Mailbox({
    transport: world.transport,
    subjects: ceremonySubjects(file.id, card.fingerprint),
    definition: file.id,
    self: member(card),
    key: world.identity.signing,
    members: definitionKeys(file.definition).map(member),
    clock,
    emit,
    firm: patience.total !== null,
    equivocated: () => {},
  })
  const have = new Set<string>()
  const has = ({ name, fingerprint }: (typeof others)[number]): void => {
    have.add(hex(fingerprint))
    emit({ event: 'hello', party: name })
  }
  // A member that sends any other letter of this ceremony has its definition.
  mailbox.on('hello', (_, from) => has(from))
  mailbox.on('done', (_, from) => has(from))
  mailbox.on('want', ({ body }, from) => {
    if (wantCodec.decode(body).every(({ kind }) => kind !== 'definition')) has(from)
  })
  const away = () => others.filter(({ fingerprint }) => !have.has(hex(fingerprint)))
  const missing = () => slotsOf(away(), 'done', NO_SESSION, FETCHED)
  const person = leaving(world)
  try {
    mailbox.handOut(definitionCodec.encode(file.definition))
    emit({ event: 'joined', others: others.map(({ name }) => name) })
    const wait = {
      deadline: joinUntil(patience, clock.now()),
      signal: person.signal,
      round: FETCHED,
    }
    await mailbox.until(() => away().length === 0, wait, missing)
    await mailbox.flush()
    emit({ event: 'done' })
    return others.map(({ name }) => name)
  } finally {
    person.stop()
    mailbox.close()
  }
}

/**
 * Fetches the ceremony with this ID from the server, or else from anyone who hands it out.
 * @throws Failure `E_NOT_PUBLISHED` (absent) if nobody does in time; `E_DEFINITION` (authentication)
 */
export async function fetchCeremony(world: World, id: Uint8Array): Promise<CeremonyFile> {
  const { transport, card, identity, patience, clock, emit } = world
  const left = await definitionLeft(world, id)
  if (left) return readPublished(left)
  const person = leaving(world)
  const deadline = joinUntil(patience, clock.now())
  const asking = {
    transport,
    definition: id,
    self: memberOf(card, card.fingerprint),
    key: identity.signing,
    clock,
    emit,
    isIt: (bytes: Uint8Array) => hex(idOfEncoded(bytes)) === hex(id),
  }
  try {
    const wait = { deadline, signal: person.signal, round: FETCHED }
    const { definition, refused } = await askForDefinition(asking, wait)
    if (definition) return readPublished(definition)
    const others = refused === 0 ? '' : `; answers with another ceremony, which were refused: ${refused}`
    throw new Failure('absent', 'E_NOT_PUBLISHED', `nobody handed out this ceremony in time${others}`, {
      hint:
        'compare the 64 digits and the server with its author, who runs `mpc ceremony publish FILE` or ' +
        'takes part meanwhile; or get the file, and give --definition',
    })
  } finally {
    person.stop()
  }
}
