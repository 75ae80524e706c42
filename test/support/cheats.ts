/** Members that play a key generation or a resharing with real homes and keys, and break its rules in a way of their own. */
import { findKey, openShare } from '../../src/ceremony/epochs/find-key.js'
import { planKeygen } from '../../src/ceremony/dkg/keygen.js'
import { make, type Table } from '../../src/ceremony/dkg/run.js'
import type { MadeKey } from '../../src/ceremony/dkg/plan.js'
import { planReshare } from '../../src/ceremony/dkg/reshare.js'
import type { World } from '../../src/ceremony/world.js'
import { claim } from '../../src/messaging/session/claims.js'
import type { MemoryNetwork } from '../../src/messaging/transport/memory.js'
import { run } from '../../src/messaging/session/run.js'
import { ProtocolAbort } from '../../src/protocol/core/abort.js'
import { makeKey, type NewShares, reshareKey } from '../../src/protocol/engines/engine.js'
import type { Protocol, Reply } from '../../src/protocol/core/round.js'
import type { PartyId } from '../../src/protocol/core/session.js'
import type { DefinitionFile, KeygenDefinition } from '../../src/wire/ceremony/definition.js'
import { isReshare, reshareInputOf } from '../../src/wire/ceremony/key-definition.js'
import { keyOfLetter } from '../../src/wire/session/sealing.js'
import { hex } from '../../src/wire/base/text.js'
import { shadowed } from './mischief.js'
import { type Custodian, worldOf } from './worlds.js'

/** The protocol as somebody plays it who cheats at this table. */
export type Cheat = (protocol: Protocol<NewShares>, table: Table) => Protocol<NewShares>

export async function cheatsInMaking(
  who: Custodian,
  file: DefinitionFile,
  network: MemoryNetwork,
  cheat: Cheat,
  changes: Partial<World> = {},
): Promise<MadeKey> {
  const world = worldOf(who, network.connect(who.member.name), changes)
  if (!isReshare(file.definition)) {
    const { scheme, threshold } = file.definition as KeygenDefinition
    const plan = await planKeygen(who.home, who.card, file, Date.now())
    return make(world, plan, (at, table) => {
      const protocol = makeKey(table.session, { scheme, threshold }, table.auxiliary, at.rng)
      return run(cheat(protocol, table), table.options)
    })
  }
  const input = reshareInputOf(file.definition)
  const plan = await planReshare(who.home, who.card, file, Date.now())
  const own = await openShare(who.home, await findKey(who.home, 'treasury'), who.identity, who.card)
  return make(world, plan, (at, table) => {
    const protocol = reshareKey(table.session, input, own.share.share.clone(), table.auxiliary, at.rng)
    return run(cheat(protocol, table), table.options)
  })
}

/** Deals something else to one party, well sealed. */
export const dealsBadly =
  (round: string, to: PartyId, at = 5): Cheat =>
  (protocol) =>
    shadowed(protocol, (outbox) => {
      const letter = outbox.round === round ? outbox.direct?.get(to) : undefined
      if (letter) letter[at] = (letter[at] as number) ^ 1
    })

/** Says of an honest letter of round `open` that it does not hold. @param alter what becomes of the key that is shown */
export const claimsFalsely =
  (about: PartyId, alter: (key: Uint8Array) => Uint8Array = (key) => key): Cheat =>
  (protocol, table) =>
    claiming(protocol, table, about, alter)

function* claiming(
  protocol: Protocol<NewShares>,
  { options: { room, opened, members } }: Table,
  about: PartyId,
  alter: (key: Uint8Array) => Uint8Array,
): Protocol<NewShares> {
  let step = protocol.next(undefined as unknown as Reply)
  while (!step.done) {
    const isOpening = step.value.kind === 'exchange' && step.value.outbox.round === 'open'
    const reply = yield step.value
    if (isOpening) {
      const from = members.get(about)?.fingerprint as Uint8Array
      const place = {
        kind: 'letter',
        session: opened.sid,
        round: 'open',
        from,
        to: room.self.fingerprint,
      } as const
      const letter = room.mailbox.get(place)
      const key = keyOfLetter(opened.channels.get(hex(from))?.open as Uint8Array, 'open')
      if (letter) claim(room, opened.sid, letter, { key: alter(key), entry: null })
      throw new ProtocolAbort('open', [{ party: about, round: 'open', kind: 'witnessed', reason: 'made up' }])
    }
    step = protocol.next(reply)
  }
  return step.value
}
