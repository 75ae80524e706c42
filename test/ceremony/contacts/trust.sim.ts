import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createIdentity, openIdentity, ownCard, sealedBy } from '../../../src/ceremony/contacts/identity.js'
import { requireVerified, unverifiedAmong } from '../../../src/ceremony/contacts/require-verified.js'
import {
  cardNamed,
  contactsIn,
  knownCards,
  markUnverified,
  markVerified,
  statusOf,
} from '../../../src/ceremony/contacts/contacts.js'
import { importCards, parseCards } from '../../../src/ceremony/contacts/import-cards.js'
import { generateAgeIdentity, recipientOf } from '../../../src/storage/sealed/age.js'
import { type Home, openHome } from '../../../src/storage/home/home.js'
import { replaceFile } from '../../../src/storage/fs/atomic.js'
import type { Card } from '../../../src/wire/identity/card.js'
import { cardOfIdentity } from '../../../src/wire/identity/identity.js'
import { hex } from '../../../src/wire/base/text.js'
import { scratch } from '../../support/cli.js'
import { type Person, person, rng } from '../../support/members.js'

const now = Date.UTC(2030, 0, 1)
const plain = { fingerprint: null, replace: null, now }
const told = (card: Card) => ({ ...plain, fingerprint: hex(card.fingerprint) })

let dir: string
let remove: () => Promise<void>
let home: Home
let count = 0
let key: string

beforeAll(async () => {
  ;({ dir, remove } = await scratch())
  key = await generateAgeIdentity({ postQuantum: false })
})
afterAll(() => remove())
beforeEach(async () => {
  home = await openHome(join(dir, `home-${count++}`))
})

const seal = () => ({ kind: 'identity' as const, identities: [key] })
const create = (name: string) => createIdentity(home, { name, postQuantum: false, seal: seal(), now, rng })

/** A later card of the same keys, with changes. */
async function reissued({ identity }: Person, changes: { name?: string; number?: number; created?: number }) {
  return cardOfIdentity({ ...identity, ...changes }, await recipientOf(identity.age))
}

describe('a stored card that is damaged', () => {
  let bob: Person
  let erin: Person
  let path: string

  beforeEach(async () => {
    ;[bob, erin] = [await person('bob'), await person('erin')]
    for (const { card } of [bob, erin]) await importCards(home, [card], told(card))
    path = join(home.peers, `${hex(erin.card.fingerprint)}.card`)
  })
  const flip = async (at: number): Promise<void> => {
    const bytes = await readFile(path)
    bytes[at] = (bytes[at] as number) ^ 4
    await writeFile(path, bytes, { mode: 0o600 })
  }
  const problem = () => ({
    kind: 'configuration',
    code: 'E_PEER_FILE',
    message: expect.stringContaining(path) as string,
  })

  it('is passed over, wherever one bit of it is another, and named', async () => {
    const whole = await readFile(path)
    for (let at = 0; at < whole.length; at += 7) {
      await flip(at)
      const { known, damaged } = await contactsIn(home)
      // In the time, the status and what it was verified by some bits make another that may be.
      if (known.length === 2) expect(damaged).toEqual([])
      else {
        expect(known.map(({ card }) => card.name)).toEqual(['bob'])
        expect(damaged.map((each) => each.problem)).toMatchObject([problem()])
      }
      await writeFile(path, whole)
    }
    await flip(whole.length - 20)
    expect((await contactsIn(home)).damaged).toHaveLength(1)
  })

  it('keeps nobody from verified others, and is named where its owner takes part', async () => {
    await flip(-20 + (await readFile(path)).length)
    requireVerified(await unverifiedAmong(home, [bob.card]), false)
    const unverified = await unverifiedAmong(home, [bob.card, erin.card])
    expect(unverified.map(({ name }) => name)).toEqual(['erin'])
    expect(() => requireVerified(unverified, false)).toThrow(expect.objectContaining(problem()))
    // A person hears the words instead, and then it is whole again.
    requireVerified(unverified, true)
    await markVerified(home, erin.card, 'words', now)
    expect(await unverifiedAmong(home, [erin.card])).toEqual([])
    expect((await contactsIn(home)).damaged).toEqual([])
  })

  it('is named for a name that nobody has, which may be its owner', async () => {
    await flip(-20 + (await readFile(path)).length)
    expect((await cardNamed(home, 'bob')).card).toEqual(bob.card)
    await expect(cardNamed(home, 'erin')).rejects.toMatchObject(problem())
  })

  it('gives its name to nobody else, until it is imported anew', async () => {
    await flip(-20 + (await readFile(path)).length)
    const another = await person('erin')
    await expect(importCards(home, [another.card], plain)).rejects.toMatchObject(problem())
    await importCards(home, [erin.card], told(erin.card))
    expect((await contactsIn(home)).damaged).toEqual([])
    await expect(importCards(home, [another.card], plain)).rejects.toMatchObject({ code: 'E_NAME_TAKEN' })
  })
})

describe('the own identity', () => {
  it('opens with what sealed it, and with nothing else', async () => {
    const card = await create('alice')
    expect(await ownCard(home)).toEqual(card)
    expect(await sealedBy(home)).toBe('identity')
    const identity = await openIdentity(home, seal())
    expect(hex(identity.signing.publicKey)).toBe(hex(card.signing))
    const other = {
      kind: 'identity' as const,
      identities: [await generateAgeIdentity({ postQuantum: false })],
    }
    await expect(openIdentity(home, other)).rejects.toMatchObject({ kind: 'decryption' })
    const passphrase = { kind: 'passphrase' as const, passphrase: 'x' }
    await expect(openIdentity(home, passphrase)).rejects.toMatchObject({ kind: 'decryption' })
  })

  it('is refused beside the card of somebody else', async () => {
    await create('alice')
    await replaceFile(home.card, Buffer.from(`${(await person('alice')).card.line}\n`))
    await expect(openIdentity(home, seal())).rejects.toMatchObject({ code: 'E_IDENTITY_CARD' })
  })

  it('is one', async () => {
    await create('alice')
    await expect(create('alice')).rejects.toMatchObject({ kind: 'conflict', code: 'E_IDENTITY_EXISTS' })
  })
})

describe('an imported card', () => {
  it('is believed only with its own fingerprint', async () => {
    const { card } = await person('bob')
    const [first] = await importCards(home, [card], plain)
    expect(first).toMatchObject({ changed: 'added', known: { status: 'unverified' } })
    expect(statusOf(await knownCards(home), card)).toBe('unverified')
    const [second] = await importCards(home, [card], told(card))
    expect(second).toMatchObject({ changed: 'verified', known: { status: 'verified', how: 'fingerprint' } })
    const [third] = await importCards(home, [card], plain)
    expect(third).toMatchObject({ changed: null, known: { status: 'verified' } })
  })

  it('may be replaced by one with a higher number, never by a lower or another of the same', async () => {
    const bob = await person('bob')
    const later = await reissued(bob, { number: 3 })
    await importCards(home, [bob.card], told(bob.card))
    const [updated] = await importCards(home, [later], plain)
    expect(updated).toMatchObject({ changed: 'updated', known: { status: 'verified', card: { number: 3 } } })
    const lower = importCards(home, [await reissued(bob, { number: 2 })], told(bob.card))
    await expect(lower).rejects.toMatchObject({ kind: 'conflict', code: 'E_CARD_OLDER' })
    const twin = importCards(home, [await reissued(bob, { number: 3, created: 5 })], plain)
    await expect(twin).rejects.toMatchObject({ kind: 'conflict', code: 'E_CARD_DIFFERS' })
  })

  it('does not take a name by being renamed', async () => {
    const [bob, mallory] = [await person('bob'), await person('mallory')]
    await importCards(home, [bob.card, mallory.card], plain)
    const renamed = importCards(home, [await reissued(mallory, { name: 'bob', number: 2 })], plain)
    await expect(renamed).rejects.toMatchObject({ code: 'E_NAME_TAKEN' })
    expect((await cardNamed(home, 'bob')).card.line).toBe(bob.card.line)
  })

  it('never takes the own name', async () => {
    const own = await create('alice')
    const { card } = await person('alice')
    await expect(importCards(home, [card], { ...plain, replace: 'alice' })).rejects.toMatchObject({
      code: 'E_NAME_TAKEN',
    })
    const [beside] = await importCards(home, [card], told(card))
    expect(beside?.changed).toBe('beside')
    expect((await cardNamed(home, 'alice')).card.line).toBe(own.line)
    const [self] = await importCards(home, [own], plain)
    expect(self).toMatchObject({ changed: null, known: { status: 'self' } })
  })

  it('is refused together with all others of its file', async () => {
    const [bob, carol, other] = [await person('bob'), await person('carol'), await person('bob')]
    const together = importCards(home, [carol.card, bob.card, other.card], plain)
    await expect(together).rejects.toMatchObject({ code: 'E_NAME_TAKEN' })
    expect(await knownCards(home)).toEqual([])
  })

  it('is a line of text among comments', async () => {
    const { card } = await person('bob')
    expect(parseCards(Buffer.from(`# bob\r\n\r\n  ${card.line}\r\n#\n`))).toEqual([card])
    expect(() => parseCards(Buffer.from('# nothing\n'))).toThrow('there is no card in it')
  })
})

describe('belief', () => {
  it('is in keys and name together: a stranger’s name on known keys is somebody unknown', async () => {
    const bob = await person('bob')
    await importCards(home, [bob.card], told(bob.card))
    const known = await knownCards(home)
    expect(statusOf(known, bob.card)).toBe('verified')
    expect(statusOf(known, { ...bob.card, name: 'carol' })).toBe('unknown')
    expect(statusOf(known, (await person('bob')).card)).toBe('unknown')
  })

  it('in a person who was heard leaves names as they are', async () => {
    const [bob, namesake] = [await person('bob'), await person('bob')]
    await importCards(home, [bob.card], plain)
    await markVerified(home, namesake.card, 'handshake', now)
    expect((await cardNamed(home, 'bob')).card.line).toBe(bob.card.line)
    expect(statusOf(await knownCards(home), namesake.card)).toBe('verified')
    await importCards(home, [namesake.card], { ...plain, replace: 'bob' })
    expect((await cardNamed(home, 'bob')).card.line).toBe(namesake.card.line)
    await markVerified(home, bob.card, 'words', now)
    expect((await cardNamed(home, 'bob')).card.line).toBe(namesake.card.line)
  })

  it('in a person is not given to another name that its keys took meanwhile, and no number falls', async () => {
    const bob = await person('bob')
    await importCards(home, [bob.card], plain)
    const before = await cardNamed(home, 'bob')
    const later = await reissued(bob, { name: 'carol', number: 2 })
    await importCards(home, [later], plain)
    for (const mark of [
      () => markVerified(home, before.card, 'words', now),
      () => markUnverified(home, before, now),
    ]) {
      await mark()
      expect(await cardNamed(home, 'carol')).toMatchObject({
        status: 'unverified',
        card: { line: later.line },
      })
    }
  })
})
