/** Possible signers of an epoch: by statements, pieces, and identities that took a seat; in words. */
import { expect, test } from 'vitest'
import type { HeldEpoch } from '../../../src/ceremony/epochs/held-epochs.js'
import { remainingOf, remainingWords } from '../../../src/ceremony/epochs/remaining-quorum.js'
import type { Secret } from '../../../src/protocol/core/secret.js'
import { makeRebind, parseRebind, type Rebind } from '../../../src/wire/key/rebind.js'
import { recordDigest } from '../../../src/wire/key/record.js'
import { parseStatement, sayDeleted } from '../../../src/wire/key/attestation.js'
import { handing, type Person } from '../../support/members.js'
import { seededRng } from '../../support/rng.js'
import { backup } from '../../wire/escrow-support.js'
import { alice, bob, carol, CREATED, filled, memberOf } from '../../wire/support.js'

// Two of alice, bob and carol sign; alice's share is split among five, of whom three restore it.
const { record, manifest, shares } = backup('eddsa-ed25519')
const renewed = memberOf('alice', 'new machine')

/** The epoch, once these have destroyed their shares. */
function epoch(gone: readonly (readonly [Person, number])[], more: Partial<HeldEpoch> = {}): HeldEpoch {
  const rebinds = more.rebinds ?? []
  const statements = gone.map(([{ card, identity }, index]) => {
    const said = sayDeleted(record, filled(7), { card, index, signing: identity.signing }, CREATED)
    return parseStatement(said, record, rebinds)
  })
  return {
    digest: recordDigest(record),
    number: 1,
    status: 'parent',
    record,
    rebinds,
    hasShare: false,
    hasSecret: false,
    certificate: null,
    manifest: null,
    piecesDestroyed: [],
    problems: [],
    ...more,
    statements,
  }
}

function rebindOf(old: Person | null, { card, identity } = renewed): Rebind {
  const from = old && handing(old)
  const seat = { index: 1, share: shares[0] as Secret, card, from, created: CREATED }
  return parseRebind(makeRebind(record, seat, identity.signing, seededRng('remaining')), record)
}

const left = (held: HeldEpoch) => remainingOf(held, record)
const words = (held: HeldEpoch) => remainingWords(held, record)

test('as many as must sign, as long as so many have not said that theirs is destroyed', () => {
  expect(words(epoch([]))).toEqual(['Any 2 of alice, bob and carol could still sign with epoch 1.'])
  expect(words(epoch([[bob, 2]]))).toEqual(['alice and carol together could still sign with epoch 1.'])
  const two = epoch([
    [bob, 2],
    [carol, 3],
  ])
  expect(left(two)).toEqual({ needed: 2, shares: ['alice'], pieces: [], enough: false })
  expect(words(two)).toEqual([
    'Nobody can sign with epoch 1 any more, as far as is known here: 2 shares are needed, and that of alice is left.',
  ])
  const all = epoch([
    [alice, 1],
    [bob, 2],
    [carol, 3],
  ])
  expect(words(all)[0]).toContain('2 shares are needed, and none is left')
})

test('with pieces a destroyed share is not gone, until too few holders have theirs', () => {
  const gone = [
    [alice, 1],
    [bob, 2],
  ] as const
  expect(left(epoch(gone, { manifest }))).toEqual({
    needed: 2,
    shares: ['carol'],
    pieces: ['alice'],
    enough: true,
  })
  expect(words(epoch(gone, { manifest }))).toEqual([
    'carol and alice together could still sign with epoch 1.',
    'Any 3 of bob, carol, vault, sister and dave can make your share of it again from their pieces.',
  ])
  const two = epoch(gone, { manifest, piecesDestroyed: ['vault', 'dave'] })
  expect(words(two)[1]).toBe(
    'Any 3 of bob, carol and sister can make your share of it again from their pieces.',
  )
  const three = epoch(gone, { manifest, piecesDestroyed: ['vault', 'dave', 'sister'] })
  expect(left(three)).toEqual({ needed: 2, shares: ['carol'], pieces: [], enough: false })
  expect(words(three)).toHaveLength(1)
})

test('a share that was moved lies on two machines; one that was restored after a loss on the new one alone', () => {
  const names = (held: HeldEpoch) => left(held).shares
  const moved = { rebinds: [rebindOf(alice)] }
  expect(names(epoch([[alice, 1]], moved))).toContain('alice')
  expect(names(epoch([[renewed, 1]], moved))).toContain('alice')
  const both = [
    [alice, 1],
    [renewed, 1],
  ] as const
  expect(names(epoch(both, moved))).not.toContain('alice')
  const restored = { rebinds: [rebindOf(null)] }
  expect(names(epoch([[alice, 1]], restored))).toContain('alice')
  expect(names(epoch([[renewed, 1]], restored))).not.toContain('alice')
})

test('a thief who was accepted, and then replaced, still holds the share', () => {
  const third = memberOf('alice', 'third machine')
  const replaced = { rebinds: [rebindOf(null), rebindOf(alice, third)] }
  const two = [
    [alice, 1],
    [third, 1],
  ] as const
  expect(left(epoch(two, replaced)).shares).toContain('alice')
  expect(left(epoch([...two, [renewed, 1]], replaced)).shares).not.toContain('alice')
})
