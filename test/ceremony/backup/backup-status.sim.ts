/** The word of holders' notes on a backup; and how few people reach a key once shares are split. */
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { splitShare } from '../../../src/ceremony/backup/split.js'
import { backupStateOf, backupStatus, keepNote } from '../../../src/ceremony/keys/split-status.js'
import type { HolderSeal } from '../../../src/ceremony/backup/holders.js'
import { findKey } from '../../../src/ceremony/epochs/find-key.js'
import type { Key } from '../../../src/ceremony/keys/key.js'
import { reachOf } from '../../../src/ceremony/backup/access-structure.js'
import { readEpochFile, stageEpoch, writeState } from '../../../src/storage/home/epochs.js'
import type { EscrowHolder, Manifest, Recipient } from '../../../src/wire/escrow/manifest.js'
import { makeNote } from '../../../src/wire/escrow/note.js'
import { encodeRecord, recordDigest } from '../../../src/wire/key/record.js'
import { failureOf } from '../../storage/support.js'
import { people, type Person, rng } from '../../support/members.js'
import { type Three, withKey } from '../../support/signing.js'
import { memberOf, madeKey } from '../../wire/support.js'

const NOW = 1_900_000_000_000
let three: Three
let key: Key
let manifest: Manifest
let [vault, safe] = [] as unknown as [Person, Person]

beforeAll(async () => {
  three = await withKey()
  ;[vault, safe] = (await people('vault', 'safe')) as [Person, Person]
  key = await findKey(three[0].home, 'treasury')
  const out = join(await mkdtemp(join(tmpdir(), 'mpc-status-')), 'out')
  const holders: HolderSeal[] = [
    { name: 'vault', kind: 'card', card: vault.card },
    { name: 'safe', kind: 'card', card: safe.card },
    { name: 'sister', kind: 'passphrase', passphrase: 'correct horse' },
  ]
  const order = { threshold: 2, holders, out, now: NOW, rng, workFactor: 4 }
  manifest = await splitShare(three[0], key, order)
})
const holder = (name: string): EscrowHolder =>
  manifest.holders.find((each) => each.name === name) as EscrowHolder
const stateOf = async (name: string) =>
  (await backupStatus(three[0].home, key)).holders.find((each) => each.name === name)

describe('the notes of holders', () => {
  test('say who looked last, whatever order they come in, and once', async () => {
    const { home, card } = three[0]
    for (const time of [NOW + 2000, NOW + 1000, NOW + 2000]) {
      await keepNote(
        home,
        key,
        card,
        makeNote(manifest, holder('vault'), 'verified', time, vault.identity.signing),
      )
    }
    expect(await stateOf('vault')).toMatchObject({
      said: 'verified',
      time: NOW + 2000,
      signed: true,
      agrees: true,
    })
    await keepNote(home, key, card, makeNote(manifest, holder('sister'), 'destroyed', NOW, null))
    expect(await stateOf('sister')).toMatchObject({ said: 'destroyed', signed: false, agrees: true })
    expect(await stateOf('safe')).toMatchObject({ said: null, agrees: null })
  })

  test('that name another manifest are seen, and those that nobody signed are refused', async () => {
    const { home, card } = three[0]
    const other = { ...manifest, salt: rng(32) }
    await keepNote(home, key, card, makeNote(other, holder('safe'), 'verified', NOW, safe.identity.signing))
    expect(await stateOf('safe')).toMatchObject({ said: 'verified', agrees: false })
    const forged = makeNote(manifest, holder('safe'), 'verified', NOW + 1, vault.identity.signing)
    expect(await failureOf(() => keepNote(home, key, card, forged))).toMatchObject({ code: 'E_NOTE' })
    const foreign = { ...manifest, custodian: { ...manifest.custodian, index: 2 } }
    const strange = makeNote(foreign, holder('safe'), 'verified', NOW + 1, safe.identity.signing)
    expect(await failureOf(() => keepNote(home, key, card, strange))).toMatchObject({ code: 'E_NOTE' })
  })

  test('are stale once another epoch is in use', async () => {
    const { home } = three[0]
    expect((await backupStatus(home, key)).stale).toBeNull()
    const next = { ...key.record, epoch: 2, parent: key.digest }
    const digest = recordDigest(next)
    const share = (await readEpochFile(home, 'treasury', key.digest, 'share.age')) as Uint8Array
    await stageEpoch(home, 'treasury', digest, { 'record.cbor': encodeRecord(next), 'share.age': share })
    await writeState(home, 'treasury', {
      format: 'mpc/key-state/v1',
      policy: 0,
      key_id: key.record.key_id,
      epochs: [
        { digest: key.digest, number: 1, status: 'retired' },
        { digest, number: 2, status: 'active' },
      ],
    })
    const now = await findKey(home, 'treasury')
    expect(await backupStatus(home, now)).toMatchObject({ manifest: null, stale: 1 })
    expect(await backupStateOf(home, now)).toBe('stale')
  })
})

describe('who reaches a key', () => {
  const names = ['alice', 'bob', 'carol', 'dave', 'erin']
  const persons = names.map((name) => memberOf(name))
  const record = { ...madeKey('eddsa-ed25519', persons).record, threshold: 3 }
  const custodian = (name: string): Recipient => ({
    kind: 'card',
    fingerprint: (persons[names.indexOf(name)] as Person).card.fingerprint,
  })
  const recipientOf = (name: string): Recipient =>
    names.includes(name) ? custodian(name) : { kind: 'age', recipient: name }
  const splitOf = (index: number, threshold: number, ...holders: string[]) => ({
    custodian: { index },
    threshold,
    holders: holders.map((name, i) => ({ index: i + 1, name, to: recipientOf(name) })),
  })

  test.each<[string, ReturnType<typeof splitOf>[], string[], string[]]>([
    ['nothing is split', [], ['alice', 'bob', 'carol'], []],
    ['one is split among outsiders', [splitOf(1, 3, 'h1', 'h2', 'h3')], ['alice', 'bob', 'carol'], []],
    [
      'two custodians hold the pieces of a third',
      [splitOf(1, 2, 'bob', 'carol', 'h1')],
      ['bob', 'carol'],
      [],
    ],
    [
      'the same two outsiders hold pieces of three shares',
      [1, 2, 3].map((index) => splitOf(index, 2, 'h1', 'h2')),
      ['h1', 'h2'],
      ['h1', 'h2'],
    ],
    [
      'three outsiders are needed, as many as must sign',
      [1, 2, 3].map((index) => splitOf(index, 3, 'h1', 'h2', 'h3')),
      ['alice', 'bob', 'carol'],
      ['h1', 'h2', 'h3'],
    ],
    [
      'one outsider and one custodian have two shares of others between them',
      [splitOf(2, 2, 'alice', 'h1'), splitOf(3, 2, 'alice', 'h1')],
      ['alice', 'h1'],
      [],
    ],
  ])('where %s', (_, splits, smallest, outsiders) => {
    expect(reachOf(record, splits)).toEqual({ smallest, outsiders })
  })
})
