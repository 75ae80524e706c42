/** Homes of one key that use different epochs, where they meet: who is behind is told so, and counts as nobody who went over. */
import { randomBytes } from 'node:crypto'
import { beforeEach, describe, expect, test } from 'vitest'
import { dealersWhoHold } from '../../../src/ceremony/epochs/tell-behind.js'
import { heldKey, seatsGoneOver } from '../../../src/ceremony/epochs/held-epochs.js'
import { findKey } from '../../../src/ceremony/epochs/find-key.js'
import { planRetire } from '../../../src/ceremony/epochs/retire.js'
import { handoverOf, takeHandover } from '../../../src/ceremony/epochs/attestations.js'
import { keysIn } from '../../../src/ceremony/home/status.js'
import { type KeyRecord, recordDigest } from '../../../src/wire/key/record.js'
import { decodeCertificate, makeCertificate } from '../../../src/wire/ceremony/certificate.js'
import {
  encodeHandover,
  type Handover,
  handoverSince,
  parseHandover,
} from '../../../src/wire/ceremony/handover.js'
import { sayLost } from '../../../src/wire/key/attestation.js'
import { failureOf } from '../../storage/support.js'
import { codeOf, expectSigns, statesOf } from '../../support/keys.js'
import { defined, makeTreasury, reshared, signed } from '../../support/reshares.js'
import { copyOf } from '../../support/shares.js'
import { type Custodian, custodians } from '../../support/worlds.js'

const quick = { linger: 1000 }
const brief = { linger: 300, patience: { join: 8000, round: 4000, total: null } }
const payload = () => Uint8Array.from(randomBytes(40))
const reasonOf = (result: PromiseSettledResult<unknown> | undefined): unknown =>
  result?.status === 'rejected' ? result.reason : result

let everybody: readonly Custodian[]
let [alice, bob, carol, copy] = [] as unknown as [Custodian, Custodian, Custodian, Custodian]
/** Of alice and carol, from before the refresh. */
let copies: readonly [Custodian, Custodian]
let record: KeyRecord
beforeEach(async () => {
  everybody = await custodians('alice', 'bob', 'carol')
  ;[alice, bob, carol] = everybody as [Custodian, Custodian, Custodian]
  ;({ record } = await makeTreasury(everybody, 2))
  copies = [await copyOf(alice), await copyOf(carol)]
  ;[copy] = copies
  await reshared(everybody, await defined(bob, everybody, { kind: 'refresh' }), quick)
}, 60_000)

const goneOver = async ({ home }: Custodian): Promise<number[]> => {
  const { epochs } = await heldKey(home, 'treasury')
  return [...seatsGoneOver(epochs.at(-1) as (typeof epochs)[0])].sort((a, b) => a - b)
}

describe('a home that was put back from an older copy', () => {
  test.each(['asks', 'joins'])(
    '%s: hears it at once, says it aloud, and the next refresh mends it',
    async (what) => {
      expect(await goneOver(bob)).toEqual([1, 2, 3])
      const ends = await signed(what === 'asks' ? [copy, bob] : [bob, copy], payload(), brief)
      const [hers, his] = what === 'asks' ? ends : [ends[1], ends[0]]
      expect(reasonOf(hers)).toMatchObject({ kind: 'configuration', code: 'E_BEHIND' })
      if (what === 'joins')
        expect(reasonOf(his)).toMatchObject({ kind: 'absent', code: 'E_BEHIND', party: 'alice' })
      expect(await statesOf(copy)).toEqual(['1 parent'])
      expect(await codeOf(findKey(copy.home, 'treasury'))).toBe('E_BEHIND')
      const [key] = await keysIn(copy.home)
      expect(key?.problem?.hint).toContain('mpc ceremony new refresh --key treasury')

      expect(await goneOver(bob)).toEqual([2, 3])
      const dealers = await dealersWhoHold(bob.home, await findKey(bob.home, 'treasury'))
      expect(dealers).toEqual(['bob', 'carol'])
      const file = await defined(bob, everybody, { kind: 'refresh', dealers })
      await reshared([copy, bob, carol], file, quick)
      expect(await statesOf(copy)).toEqual(['1 parent', '3 active'])
      expect(await goneOver(bob)).toEqual([1, 2, 3])
      await expectSigns([bob, copy], record)
    },
  )

  test('learns it from a file as well', async () => {
    const handover = await handoverOf(bob.home, 'treasury')
    expect(await takeHandover(copy, 'treasury', handover)).toMatchObject({ frozen: 1 })
    expect(await failureOf(() => findKey(copy.home, 'treasury'))).toMatchObject({ code: 'E_BEHIND' })
    // Its words from before it was put back are not its own any more.
    expect((await planRetire(copy.home, copy.card, 'treasury', null)).gone).toEqual(['bob', 'carol'])
  })
})

test('old shares are not destroyed on the word of those who lost what they went over to', async () => {
  expect((await planRetire(bob.home, bob.card, 'treasury', null)).gone).toEqual(['alice', 'bob', 'carol'])
  await signed([bob, copies[0]], payload(), brief)
  expect((await planRetire(bob.home, bob.card, 'treasury', null)).gone).toEqual(['bob', 'carol'])
  await signed([bob, copies[1]], payload(), brief)
  const refused = await failureOf(() => planRetire(bob.home, bob.card, 'treasury', null))
  expect(refused).toMatchObject({ kind: 'absent', code: 'E_STATEMENTS', party: 'alice' })
  // The others have it from her in a file, with her own word.
  expect(await takeHandover(carol, 'treasury', await handoverOf(bob.home, 'treasury'))).toMatchObject({
    frozen: null,
  })
  expect(await goneOver(carol)).toEqual([2])
  // A keeper of its share does not count until it is dealt another.
  expect(await statesOf(carol)).toEqual(['1 parent', '2 active'])
})

test('no custodian can talk a home out of the epoch that it uses', async () => {
  const whole = await handoverOf(bob.home, 'treasury')
  const [first, last] = whole.records as readonly [KeyRecord, KeyRecord]
  const { receipts, ...ran } = decodeCertificate(whole.certificate)
  const strangers = await custodians('dave', 'erin')
  const { record: made } = await makeTreasury(strangers, 2)
  const next = { key_id: first.key_id, epoch: 2, parent: recordDigest(first) }
  const inHerName = { card: copy.card, index: 1, signing: bob.identity.signing }
  const lies: readonly [string, Handover, string][] = [
    [
      'a receipt is missing',
      { ...whole, certificate: makeCertificate(ran, ran.result, receipts.slice(1)) },
      'E_CERTIFICATE',
    ],
    [
      'a member is another',
      {
        ...whole,
        records: [
          first,
          { ...last, members: last.members.map((m, i) => (i ? m : { ...m, card: strangers[0]!.card })) },
        ],
      },
      'E_CERTIFICATE',
    ],
    [
      'the epoch is another',
      { ...whole, records: [first, { ...last, definition: new Uint8Array(32) }] },
      'E_CERTIFICATE',
    ],
    ['it is another key', { ...whole, records: [first, { ...made, ...next }] }, 'E_STATEMENT'],
    ['it does not reach back', { ...whole, records: [last] }, 'E_STATEMENT'],
    ['a statement is false', { ...whole, statements: [sayLost(last, inHerName, Date.now())] }, 'E_STATEMENT'],
  ]
  for (const [what, lie, code] of lies) {
    const believed = async () => takeHandover(copy, 'treasury', parseHandover(encodeHandover(lie)))
    expect(await failureOf(believed), what).toMatchObject({ kind: 'verification', code })
    expect(await statesOf(copy), what).toEqual(['1 active'])
  }
  expect(await takeHandover(copy, 'treasury', whole)).toMatchObject({ frozen: 1 })
})

test('is told from its own epoch on, and nothing where that is the newest, or unknown', async () => {
  await reshared(everybody, await defined(bob, everybody, { kind: 'refresh' }), quick)
  const whole = await handoverOf(bob.home, 'treasury')
  expect(whole.records.map(({ epoch }) => epoch)).toEqual([1, 2, 3])
  const digests = whole.records.map(recordDigest) as [Uint8Array, Uint8Array, Uint8Array]
  const since = handoverSince(whole, digests[1]) as Handover
  expect(since.records.map(({ epoch }) => epoch)).toEqual([2, 3])
  expect(since.statements).toHaveLength(6)
  expect(parseHandover(encodeHandover(since))).toEqual(since)
  expect(handoverSince(whole, digests[2])).toBeNull()
  expect(handoverSince(whole, new Uint8Array(32))).toBeNull()
})
