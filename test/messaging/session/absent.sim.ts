/** The failure about those missing at the deadline: some never came, some came and fell silent. */
import { expect, test } from 'vitest'
import { inSession } from '../../../src/messaging/session/restart-loop.js'
import { MemoryNetwork } from '../../../src/messaging/transport/memory.js'
import { decodeEnvelope } from '../../../src/wire/session/envelope.js'
import type { Failure } from '../../../src/wire/base/failure.js'
import { hex } from '../../../src/wire/base/text.js'
import { keygenDefinition, people, type Person, seat } from '../../support/members.js'

const everybody = (await people('alice', 'bob')) as [Person, Person]
const [alice, bob] = everybody
const patience = { join: 1200, round: 1200, total: null }

/** Alice's failure at the deadline; the server keeps back some of what bob says. */
async function heardByAlice(kept: (kind: string) => boolean, present: readonly Person[]): Promise<Failure> {
  const network = new MemoryNetwork()
  network.interfere = ({ bytes }) => {
    const { header } = decodeEnvelope(bytes)
    return hex(header.from) === hex(bob.card.fingerprint) && kept(header.kind) ? [] : [bytes]
  }
  const definition = keygenDefinition(everybody)
  const ends = present.map((who) => {
    const { room, opening } = seat(who, everybody, definition, network.connect(who.member.name), { patience })
    return inSession(room, opening, () => Promise.resolve()).then(
      () => Promise.reject(new Error('it went well')),
      (failure: Failure) => failure,
    )
  })
  return (await Promise.all(ends))[0] as Failure
}

test('nobody came', async () => {
  expect(await heardByAlice(() => false, [alice])).toMatchObject({
    code: 'E_ABSENT',
    message: 'bob did not come in time (hello)',
    party: 'bob',
  })
})

test('one said hello and fell silent: that is told apart from one who never came', async () => {
  const failure = await heardByAlice((kind) => kind !== 'hello', everybody)
  expect(failure).toMatchObject({ code: 'E_ABSENT', party: 'bob' })
  expect(failure.message).toMatch(
    /^bob was last heard \d+ s ago, and did not send in time what is waited for \(reveal\)$/,
  )
})
