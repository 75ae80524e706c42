/** Real processes beside a member that cheats or withholds, over a real server: what the honest ones exit with. */
import { readFile } from 'node:fs/promises'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { readCeremony } from '../../../../src/ceremony/definition/build.js'
import { openIdentity, ownCard } from '../../../../src/ceremony/contacts/identity.js'
import { planKeygen, runKeygen } from '../../../../src/ceremony/dkg/keygen.js'
import type { MadeKey } from '../../../../src/ceremony/dkg/plan.js'
import { connectNats } from '../../../../src/messaging/transport/nats.js'
import type { Transport } from '../../../../src/messaging/transport/transport.js'
import { openingLetter } from '../../../../src/protocol/dkg/keygen-public.js'
import { openHome } from '../../../../src/storage/home/home.js'
import { decodeEnvelope, type Envelope, sealEnvelope } from '../../../../src/wire/session/envelope.js'
import type { Identity } from '../../../../src/wire/identity/identity.js'
import { realClock } from '../../../support/clock.js'
import { define, start } from '../../../support/ceremonies.js'
import { type Custodian, custodians, scratch } from '../../../support/cli.js'
import { type Broker, natsSuite } from '../../../support/nats.js'
import { worldOf } from '../../../support/worlds.js'

let server: Broker
let folder: Awaited<ReturnType<typeof scratch>>
let [alice, bob, carol] = [] as unknown as [Custodian, Custodian, Custodian]

/** The replacement that a member's program sends for its envelope: the same, another body, or nothing. */
type Mischief = (envelope: Envelope) => Uint8Array | 'as it is' | 'nothing'

function misbehaving(transport: Transport, identity: Identity, mischief: Mischief): Transport {
  return Object.assign(Object.create(transport) as Transport, {
    publish(subject: string, bytes: Uint8Array) {
      const envelope = decodeEnvelope(bytes)
      const instead = mischief(envelope)
      if (instead === 'nothing') return
      const sent = instead === 'as it is' ? bytes : sealEnvelope(identity.signing, envelope.header, instead)
      transport.publish(subject, sent)
    },
  })
}

/** Plays a custodian's part in this process, in its own home, with its own keys. */
async function play(who: Custodian, file: string, mischief: Mischief): Promise<MadeKey> {
  const home = await openHome(who.home)
  const key = (await readFile(who.unlock[1] as string, 'utf8')).trim().split('\n').at(-1) as string
  const identity = await openIdentity(home, { kind: 'identity', identities: [key] })
  const card = await ownCard(home)
  const transport = await connectNats({ url: server.url, nkey: identity.nkey })
  const plan = await planKeygen(home, card, readCeremony(await readFile(file)), Date.now())
  const member = { name: card.name, fingerprint: card.fingerprint, signing: card.signing }
  const world = worldOf({ identity, card, member, home }, misbehaving(transport, identity, mischief), {
    clock: realClock,
  })
  try {
    return await runKeygen({ ...world, patience: { join: 30_000, round: 30_000, total: null } }, plan)
  } finally {
    await transport.close()
  }
}

natsSuite('faults of a member, over NATS', (startBroker) => {
  beforeAll(async () => {
    server = await startBroker()
  })
  afterAll(() => server.down())
  beforeEach(async () => {
    folder = await scratch()
    ;[alice, bob, carol] = (await custodians(folder.dir, 'alice', 'bob', 'carol')) as [
      Custodian,
      Custodian,
      Custodian,
    ]
  })
  afterEach(() => folder.remove())

  test('a member whose proof of knowledge is wrong is named by everybody: 7', async () => {
    const { file, id } = await define([alice, bob, carol])
    const keygen = ['keygen', '--definition', file, '--accept', id]
    const honest = [alice, carol].map((who) => start(who, server.url, keygen))
    const cheat = play(bob, `${folder.dir}/${file}`, ({ header, body }) => {
      if (header.kind !== 'letter' || header.round !== 'open' || header.to !== null) return 'as it is'
      const letter = openingLetter('eddsa-ed25519')
      const opening = letter.decode(body)
      return letter.encode({ ...opening, u: opening.u.map((byte) => byte ^ 1) })
    })
    cheat.catch(() => undefined)
    for (const { ended } of honest) {
      const { code, json } = await ended
      expect(code).toBe(7)
      expect(json.error).toMatchObject({
        code: 'E_ABORT',
        accused: [
          { name: 'bob', kind: 'proven', round: 'open', reason: 'opening is not what was committed to' },
        ],
      })
    }
    await expect(cheat).rejects.toMatchObject({ kind: 'abort' })
  })

  test('a member that withholds its receipt leaves the others in doubt: 12; it ends when the receipt is shown', async () => {
    const { file, id } = await define([alice, bob, carol])
    const keygen = ['keygen', '--definition', file, '--accept', id]
    const [a, c] = [alice, carol].map((who) => start(who, server.url, [...keygen, '--timeout', '10s']))
    const withheld = play(bob, `${folder.dir}/${file}`, ({ header }) =>
      ['receipt', 'certificate', 'done'].includes(header.kind) ? 'nothing' : 'as it is',
    )
    withheld.catch(() => undefined)
    await a?.until(({ event }) => event === 'receipt_sent')
    // Ctrl-C after the vote aborts nothing.
    a?.child.kill('SIGINT')
    const interrupted = await a?.ended
    expect(interrupted?.code).toBe(12)
    expect(interrupted?.json.error).toMatchObject({ code: 'E_IN_DOUBT', party: 'bob' })
    expect((await c?.ended)?.json).toMatchObject({ code: 12, error: { code: 'E_IN_DOUBT', party: 'bob' } })
    expect((await alice.mpc(['key', 'list', '--json'])).json.data.keys).toEqual([])

    // bob had everybody's receipts: he is done, and brings the certificate.
    const made = await withheld
    expect(made.record.threshold).toBe(2)
    const shown = await bob.mpc(['key', 'show', 'treasury', '--json'])
    const finish = [
      'ceremony',
      'finish',
      file,
      '--certificate',
      shown.json.data.certificate as string,
      '--json',
    ]
    const finished = await alice.mpc(finish)
    expect(finished.json.data).toMatchObject({ public_key: shown.json.data.public_key, key: 'treasury' })
    const foreign = await alice.mpc(['ceremony', 'finish', file, '--certificate', alice.card, '--json'])
    expect(foreign.json).toMatchObject({ code: 9, error: { code: 'E_CERTIFICATE' } })
    // carol asks, and whoever has it hands it out.
    const all = [alice, bob, carol].map((who) => start(who, server.url, ['ceremony', 'finish', file]))
    const ends = await Promise.all(all.map(({ ended }) => ended))
    expect(ends.map(({ code }) => code)).toEqual([0, 0, 0])
    expect(ends[2]?.json.data.public_key).toBe(shown.json.data.public_key)
  })
})
