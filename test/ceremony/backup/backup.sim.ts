/** Split, verify, hand on and restore, on real files; no network anywhere in it. */
import { cpSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest'
import { sealAgain, splitShare, type SplitOrder } from '../../../src/ceremony/backup/split.js'
import { manifestOf } from '../../../src/ceremony/keys/split-status.js'
import type { HolderSeal } from '../../../src/ceremony/backup/holders.js'
import { heldKeys } from '../../../src/ceremony/epochs/held-epochs.js'
import { printable } from '../../../src/ceremony/recovery/paper.js'
import { findKey, openShare } from '../../../src/ceremony/epochs/find-key.js'
import {
  type Given,
  handOn,
  openPiece,
  type PieceFile,
  restore,
  type RestoreOrder,
  verifyPiece,
} from '../../../src/ceremony/recovery/restore.js'
import type { KeyShare } from '../../../src/protocol/sharing/key-share.js'
import type { Secret } from '../../../src/protocol/core/secret.js'
import type { PartyId } from '../../../src/protocol/core/session.js'
import { readSplit } from '../../../src/storage/home/escrow.js'
import { setFaultPoint } from '../../../src/storage/fs/atomic.js'
import { type Home, openHome } from '../../../src/storage/home/home.js'
import {
  type KeyState,
  listEpochs,
  readEpochFile,
  readState,
  stageEpoch,
} from '../../../src/storage/home/epochs.js'
import { openWith, sealTo, sealWithPassphrase } from '../../../src/storage/sealed/age.js'
import { parseExportedManifest } from '../../../src/wire/paper/json-export.js'
import { noteAgrees, parseNote } from '../../../src/wire/escrow/note.js'
import { parseRebind } from '../../../src/wire/key/rebind.js'
import { encodeRecord, recordDigest, recordPublicKey } from '../../../src/wire/key/record.js'
import { parseShare } from '../../../src/wire/key/share.js'
import { hex } from '../../../src/wire/base/text.js'
import { seededNonces, verifiesElsewhere } from '../../protocol/frost/party.js'
import { cutEverywhere, failureOf } from '../../storage/support.js'
import { people, type Person, rng } from '../../support/members.js'
import { bury } from '../../support/processes.js'
import { outputs, simulate } from '../../support/simulate.js'
import { type Three, withKey } from '../../support/signing.js'
import type { Custodian } from '../../support/worlds.js'
import { expectUsedUpForAWindow } from '../../support/spending.js'
import { sign } from '../../../src/protocol/frost/sign.js'
import { backup } from '../../wire/escrow-support.js'
import { madePrimes, flip } from '../../wire/support.js'

const NOW = 1_900_000_000_000
const PASSPHRASE = 'correct horse'
let three: Three
let dave: Person
let vault: Person

const connect = vi.spyOn(Socket.prototype, 'connect')
afterAll(() => expect(connect).not.toHaveBeenCalled())

beforeAll(async () => {
  three = await withKey()
  ;[dave, vault] = (await people('dave', 'vault')) as [Person, Person]
})

const scratch = async (): Promise<string> => {
  const path = await mkdtemp(join(tmpdir(), 'mpc-backup-'))
  onTestFinished(() => rm(path, { recursive: true, force: true }))
  return path
}
/** A copy of a custodian's home, so that each test splits for the first time. */
const copyOf = async (custodian: Custodian): Promise<Custodian> => {
  const root = join(await scratch(), 'home')
  await cp(custodian.home.root, root, { recursive: true })
  return { ...custodian, home: await openHome(root) }
}
const holders = (): HolderSeal[] => [
  { name: 'bob', kind: 'card', card: three[1].card },
  { name: 'carol', kind: 'card', card: three[2].card },
  { name: 'vault', kind: 'age', recipient: vault.card.age },
  { name: 'sister', kind: 'passphrase', passphrase: PASSPHRASE },
  { name: 'dave', kind: 'card', card: dave.card },
]
const unlockOf = (name: string): PieceFile['unlock'] => {
  if (name === 'sister') return { kind: 'passphrase', passphrase: PASSPHRASE }
  const age = { bob: three[1].identity.age, carol: three[2].identity.age, vault: vault.identity.age }[name]
  return { kind: 'identity', identities: [age ?? dave.identity.age] }
}
const fileIn = (out: string, name: string): PieceFile => {
  const label = join(out, `${name}.piece`)
  return { label, sealed: Uint8Array.from(readFileSync(label)), unlock: unlockOf(name) }
}
const orderFor = (out: string, changes: Partial<SplitOrder> = {}): SplitOrder => ({
  threshold: 3,
  holders: holders(),
  out,
  now: NOW,
  rng,
  workFactor: 4,
  ...changes,
})
async function splitOf(changes: Partial<SplitOrder> = {}) {
  const alice = await copyOf(three[0])
  const key = await findKey(alice.home, 'treasury')
  const out = join(await scratch(), 'out')
  const manifest = await splitShare(alice, key, orderFor(out, changes))
  return { alice, key, out, manifest }
}
const restoring = (pieces: readonly PieceFile[], given: Given = {}): RestoreOrder => ({
  name: 'treasury',
  pieces,
  given,
  now: NOW,
  rng,
})
/** Somebody with a new identity, and a home with nothing in it. */
async function newcomer(name = 'alice') {
  const [person] = (await people(name)) as [Person]
  const home = await openHome(join(await scratch(), 'home'))
  return { ...person, home }
}
const everything = (home: Home): string[] =>
  readdirSync(home.root, { recursive: true, encoding: 'utf8' }).sort()

describe('a split', () => {
  test('writes a piece for each holder and the manifest, for nobody else to read', async () => {
    const { out, manifest } = await splitOf()
    const files = readdirSync(out).sort()
    expect(files).toEqual([...holders().map(({ name }) => `${name}.piece`), 'manifest.json'].sort())
    for (const file of files) expect(statSync(join(out, file)).mode & 0o777).toBe(0o600)
    expect(parseExportedManifest(Uint8Array.from(readFileSync(join(out, 'manifest.json'))))).toEqual(manifest)
    for (const { name } of holders()) {
      const piece = await openPiece(fileIn(out, name), {})
      expect(piece.holder.name).toBe(name)
      const other = { ...fileIn(out, name), unlock: unlockOf(name === 'bob' ? 'carol' : 'bob') }
      expect((await failureOf(() => openPiece(other, {}))).kind).toBe('decryption')
    }
  })

  test('is made once an epoch; a lost piece is sealed again, the same', async () => {
    const { alice, key, out } = await splitOf()
    const again = await scratch()
    const two = { ...orderFor(join(again, 'second')), threshold: 2 }
    const second = await failureOf(() => splitShare(alice, key, two))
    expect(second.message).toMatch(/split before in this epoch, 3 of bob, carol, /)
    expect(second).toMatchObject({ kind: 'conflict', code: 'E_SPLIT_EXISTS' })
    expect(readdirSync(again)).toEqual([])
    const carol = holders().slice(1, 2)
    await sealAgain(alice, key, { holders: carol, out: join(again, 'lost'), workFactor: 4 })
    expect(readdirSync(join(again, 'lost')).sort()).toEqual(['carol.piece', 'manifest.json'])
    const [a, b] = await Promise.all(
      [out, join(again, 'lost')].map((dir) => openPiece(fileIn(dir, 'carol'), {})),
    )
    expect(hex(a?.value.reveal() as Uint8Array)).toBe(hex(b?.value.reveal() as Uint8Array))
    expect(a?.parts).toEqual(b?.parts)
  })

  test('cut short anywhere, by a power cut or a full disk, is finished by the same order', async () => {
    let finished = 0
    const operations = await cutEverywhere(async () => {
      const alice = await copyOf(three[0])
      const key = await findKey(alice.home, 'treasury')
      const folder = await scratch()
      const order = orderFor(join(folder, 'out'))
      return {
        act: () => splitShare(alice, key, order),
        look: async (whole) => {
          const before = readdirSync(folder).filter((name) => !name.startsWith('.tmp-'))
          // All of it or nothing.
          expect(before).toEqual(before.length === 0 ? [] : ['out'])
          if (before.length === 0) await splitShare(alice, key, order)
          finished += Number(!whole && before.length === 0)
          const files = [...holders().map(({ name }) => `${name}.piece`), 'manifest.json'].sort()
          expect(readdirSync(order.out).sort()).toEqual(files)
          const pieces = ['bob', 'carol', 'dave'].map((name) => fileIn(order.out, name))
          const parts = await Promise.all(pieces.map((piece) => openPiece(piece, {})))
          // All of one split, and of the one that is kept here.
          const manifest = parseExportedManifest(
            Uint8Array.from(readFileSync(join(order.out, 'manifest.json'))),
          )
          expect(await manifestOf(alice.home, key)).toEqual(manifest)
          for (const { manifest: theirs } of parts) expect(theirs).toEqual(manifest)
        },
      }
    })
    expect(finished).toBeGreaterThan(operations / 2)
  })

  test('is sealed again to nobody else, and only where it was made', async () => {
    const { alice, key } = await splitOf()
    const out = join(await scratch(), 'out')
    const others: HolderSeal[] = [
      { name: 'carol', kind: 'card', card: dave.card },
      { name: 'carol', kind: 'passphrase', passphrase: PASSPHRASE },
      { name: 'vault', kind: 'age', recipient: dave.card.age },
      { name: 'zoe', kind: 'passphrase', passphrase: PASSPHRASE },
    ]
    for (const holder of others) {
      const failure = await failureOf(() => sealAgain(alice, key, { holders: [holder], out, workFactor: 4 }))
      expect(failure).toMatchObject({ kind: 'usage', code: 'E_HOLDERS' })
    }
    const bob = await copyOf(three[1])
    const none = await failureOf(async () =>
      sealAgain(bob, await findKey(bob.home, 'treasury'), { holders: holders(), out, workFactor: 4 }),
    )
    expect(none).toMatchObject({ kind: 'configuration', code: 'E_NO_SPLIT' })
    expect(readdirSync(join(out, '..'))).toEqual([])
  })

  test.each<[string, string, (order: SplitOrder) => Partial<SplitOrder>]>([
    ['a threshold of 1', 'cannot restore', () => ({ threshold: 1 })],
    ['a threshold above the holders', 'cannot restore', () => ({ threshold: 6 })],
    ['half a threshold', 'cannot restore', () => ({ threshold: 2.5 })],
    [
      'a holder twice by name',
      'bob is named twice',
      (o) => ({ holders: [...o.holders, o.holders[0] as HolderSeal] }),
    ],
    [
      'a holder twice by card',
      'robert is named twice',
      (o) => ({ holders: [...o.holders, { name: 'robert', kind: 'card', card: three[1].card }] }),
    ],
    [
      'what is no recipient',
      'no age recipient',
      (o) => ({ holders: [...o.holders, { name: 'eve', kind: 'age', recipient: 'age1nonsense' }] }),
    ],
    [
      'an empty passphrase',
      'passphrase of eve',
      (o) => ({ holders: [...o.holders, { name: 'eve', kind: 'passphrase', passphrase: '' }] }),
    ],
    [
      'a name that is no name',
      'a holder is named',
      (o) => ({ holders: [...o.holders, { name: '../eve', kind: 'passphrase', passphrase: 'x' }] }),
    ],
  ])('with %s is refused before anything is written', async (_, problem, change) => {
    const alice = await copyOf(three[0])
    const key = await findKey(alice.home, 'treasury')
    const before = everything(alice.home)
    const folder = await scratch()
    const order = orderFor(join(folder, 'out'))
    const failure = await failureOf(() => splitShare(alice, key, { ...order, ...change(order) }))
    expect(failure).toMatchObject({ kind: 'usage', code: 'E_HOLDERS' })
    expect(failure.message).toContain(problem)
    expect(everything(alice.home)).toEqual(before)
    expect(readdirSync(folder)).toEqual([])
  })

  test('into a folder with something in it is refused before anything is written', async () => {
    const alice = await copyOf(three[0])
    const key = await findKey(alice.home, 'treasury')
    const before = everything(alice.home)
    const out = await scratch()
    await writeFile(join(out, 'letter.txt'), 'mine')
    const failure = await failureOf(() => splitShare(alice, key, orderFor(out)))
    expect(failure).toMatchObject({ kind: 'conflict', code: 'E_OUTPUT_EXISTS' })
    expect(everything(alice.home)).toEqual(before)
    expect(readdirSync(out)).toEqual(['letter.txt'])
  })

  test('whose power is cut anywhere leaves all pieces or none, and can be taken up', async () => {
    const few = { holders: holders().slice(2, 4), threshold: 2 }
    const cuts = await cutEverywhere(async () => {
      const alice = await copyOf(three[0])
      const key = await findKey(alice.home, 'treasury')
      const out = join(await scratch(), 'out')
      return {
        act: () => splitShare(alice, key, orderFor(out, few)),
        look: async (whole) => {
          const there = readdirSync(join(out, '..')).includes('out') ? readdirSync(out) : []
          const kept = await readSplit(alice.home, 'treasury', key.digest)
          expect([0, 3]).toContain(there.length)
          expect(kept !== null || there.length === 0).toBe(true)
          if (whole) expect(there).toHaveLength(3)
          if (kept === null || there.length > 0) return
          await sealAgain(alice, key, { holders: few.holders, out, workFactor: 4 })
          expect(readdirSync(out)).toHaveLength(3)
        },
      }
    })
    expect(cuts).toBeGreaterThan(10)
  }, 240_000)
})

describe('a holder', () => {
  test('verifies its piece alone, and says so in a note', async () => {
    const { out, manifest, key } = await splitOf()
    const bob = three[1]
    const signer = { identity: bob.identity, card: bob.card }
    const { piece, note } = await verifyPiece(fileIn(out, 'bob'), { record: key.record }, signer, NOW)
    expect(piece).toMatchObject({ holder: { name: 'bob' }, custodian: { name: 'alice' } })
    const signed = parseNote(note as Uint8Array, () => bob.card.signing)
    expect(signed).toMatchObject({ said: 'verified', time: NOW })
    expect(noteAgrees(signed, manifest)).toBe(true)
    const sisters = await verifyPiece(fileIn(out, 'sister'), {}, null, NOW)
    expect(parseNote(sisters.note as Uint8Array, () => null)).toMatchObject({ by: null })
    expect(sisters.piece).not.toHaveProperty('value')
    // Somebody else who can open it signs nothing in the holder's name.
    expect((await verifyPiece(fileIn(out, 'bob'), {}, dave, NOW)).note).toBeNull()
  })

  test('hands its piece on to who restores, and only a piece that holds', async () => {
    const { out, key } = await splitOf()
    const folder = await scratch()
    const to: HolderSeal = { name: 'alice', kind: 'card', card: dave.card }
    const path = join(folder, 'bob.reopened')
    await handOn(fileIn(out, 'bob'), { record: key.record }, to, path)
    const reopened = { label: path, sealed: Uint8Array.from(readFileSync(path)), unlock: unlockOf('dave') }
    expect((await openPiece(reopened, { record: key.record })).holder.name).toBe('bob')
    expect(await failureOf(() => handOn(fileIn(out, 'bob'), {}, to, path))).toMatchObject({
      kind: 'conflict',
      code: 'E_OUTPUT_EXISTS',
    })
    const damaged = { ...fileIn(out, 'bob'), sealed: flip(fileIn(out, 'bob').sealed, 900) }
    const failure = await failureOf(() => handOn(damaged, {}, to, join(folder, 'other')))
    expect(failure.message).toContain('bob.piece: ')
    expect(readdirSync(folder)).toEqual(['bob.reopened'])
  })
})

describe('a restore', () => {
  test.each([
    [['bob', 'carol', 'vault']],
    [['sister', 'dave', 'bob']],
    [['dave', 'sister', 'vault', 'carol', 'bob']],
  ])('from %j: the share signs with the others, under the same key', async (names) => {
    const { out, key } = await splitOf()
    const alice = await newcomer()
    const restored = await restore(alice, restoring(names.map((name) => fileIn(out, name))))
    expect(restored).toMatchObject({ index: 1, lost: false })
    expect(hex(restored.digest)).toBe(hex(key.digest))
    const rebind = parseRebind(Uint8Array.from(readFileSync(restored.rebind as string)), key.record)
    expect(rebind).toMatchObject({ index: 1, card: alice.card })
    await expectUsedUpForAWindow(alice.home, key.record.key_id, NOW)
    const here = await findKey(alice.home, 'treasury')
    expect(hex(recordPublicKey(here.record))).toBe(hex(recordPublicKey(key.record)))

    const sealed = (await readEpochFile(alice.home, 'treasury', key.digest, 'share.age')) as Uint8Array
    const own = parseShare(await openWith([alice.identity.age], sealed), here.record, 1)
    const carol = await openShare(three[2].home, key, three[2].identity, three[2].card)
    const shares = new Map<PartyId, KeyShare>([
      [1, own.share],
      [3, carol.share],
    ])
    const message = Buffer.from('after the fire')
    const [signature] = outputs(
      simulate([1, 3], (session) =>
        sign(
          session,
          { share: shares.get(session.self) as KeyShare, message, shift: 0n },
          seededNonces('b', session.self),
        ),
      ),
    ).values()
    const publicKey = recordPublicKey(key.record)
    expect(verifiesElsewhere('eddsa-ed25519', publicKey, message, signature as Uint8Array)).toBe(true)
  })

  test('by the same identity needs no rebind', async () => {
    const { out } = await splitOf()
    const home = await openHome(join(await scratch(), 'home'))
    const restored = await restore(
      { ...three[0], home },
      restoring(['bob', 'carol', 'dave'].map((n) => fileIn(out, n))),
    )
    expect(restored.rebind).toBeNull()
  })

  test('of a scheme with auxiliary secrets gives them back', async () => {
    const made = backup('ecdsa-secp256k1', { auxiliary: madePrimes(1) })
    const files = await Promise.all([1, 3, 5].map((holder) => sealed(made.pieceOf(holder), `${holder}`)))
    const owner = await newcomer()
    const { record, index, digest, lost } = await restore(owner, restoring(files))
    const held = (await readEpochFile(owner.home, 'treasury', digest, 'share.age')) as Uint8Array
    const own = parseShare(await openWith([owner.identity.age], held), record, index)
    expect(hex(own.share.share.reveal())).toBe(hex((made.shares[0] as Secret).reveal()))
    expect([lost, own.auxiliary === null]).toEqual([false, false])
  })

  test('without the auxiliary secrets gives the share back, to be refreshed before it signs', async () => {
    const made = backup('ecdsa-secp256k1')
    const files = await Promise.all([1, 3, 5].map((holder) => sealed(made.pieceOf(holder), `${holder}`)))
    const owner = await newcomer()
    const { record, index, digest } = await restore(owner, restoring(files))
    const held = (await readEpochFile(owner.home, 'treasury', digest, 'share.age')) as Uint8Array
    const own = parseShare(await openWith([owner.identity.age], held), record, index)
    expect(hex(own.share.share.reveal())).toBe(hex((made.shares[0] as Secret).reveal()))
    expect(own.auxiliary).toBeNull()
  })

  const sealed = async (plaintext: Uint8Array, label: string): Promise<PieceFile> => ({
    label,
    sealed: await sealTo([vault.card.age], plaintext),
    unlock: { kind: 'identity', identities: [vault.identity.age] },
  })
  const one = backup('eddsa-ed25519')
  const pieces = () => Promise.all([1, 2, 3].map((holder) => sealed(one.pieceOf(holder), `h${holder}.piece`)))
  const others = {
    two: backup('eddsa-ed25519', { seed: 'two' }),
    taproot: backup('schnorr-taproot', { record: { key_id: new Uint8Array(32) } }),
    next: backup('eddsa-ed25519', { record: { epoch: 2, parent: recordDigest(one.record) } }),
  }

  test.each<[string, string, string, string, (good: readonly PieceFile[]) => Promise<readonly PieceFile[]>]>([
    ['one too few', 'absent', 'E_PIECES_FEW', '3 pieces', async ([a, b]) => [a, b] as PieceFile[]],
    ['none', 'absent', 'E_PIECES_FEW', 'no piece', async () => []],
    [
      'a damaged one',
      'decryption',
      'E_CORRUPT',
      'h2.piece: ',
      async ([a, b, c]) =>
        [a, { ...(b as PieceFile), sealed: flip((b as PieceFile).sealed, 800) }, c] as PieceFile[],
    ],
    [
      'one cut short',
      'decryption',
      'E_CORRUPT',
      'h2.piece: ',
      async ([a, b, c]) =>
        [a, { ...(b as PieceFile), sealed: (b as PieceFile).sealed.slice(0, -20) }, c] as PieceFile[],
    ],
    [
      'one sealed to another',
      'decryption',
      'E_DECRYPT',
      'h3.piece: ',
      async ([a, b, c]) =>
        [
          a,
          b,
          { ...(c as PieceFile), unlock: { kind: 'identity', identities: [dave.identity.age] } },
        ] as PieceFile[],
    ],
    [
      'another passphrase',
      'decryption',
      'E_DECRYPT',
      'h3.piece: cannot decrypt: wrong passphrase',
      async ([a, b]) =>
        [
          a,
          b,
          {
            label: 'h3.piece',
            sealed: await sealWithPassphrase('x', one.pieceOf(3), 4),
            unlock: { kind: 'passphrase', passphrase: 'y' },
          },
        ] as PieceFile[],
    ],
    [
      'what is no piece',
      'verification',
      'E_PIECE',
      'x.piece: ',
      async ([a, b]) => [a, b, await sealed(new Uint8Array(9), 'x.piece')] as PieceFile[],
    ],
    [
      'two of one holder',
      'verification',
      'E_PIECE_TWICE',
      'carol',
      async ([a, b]) => [a, b, b] as PieceFile[],
    ],
    [
      'two swapped values',
      'verification',
      'E_PIECE_VALUE',
      'x.piece: the piece of vault',
      async ([a, b]) => [a, b, await sealed(one.pieceOf(3, one.values.get(4)), 'x.piece')] as PieceFile[],
    ],
    [
      'one under another manifest',
      'verification',
      'E_PIECES_DIFFER',
      'bob, carol | vault',
      async ([a, b]) => [a, b, await sealed(others.two.pieceOf(3), 'x.piece')] as PieceFile[],
    ],
    [
      'one of another key',
      'verification',
      'E_PIECE_FOREIGN',
      'the piece of vault',
      async ([a, b]) => [a, b, await sealed(others.taproot.pieceOf(3), 'x.piece')] as PieceFile[],
    ],
    [
      'one of a retired epoch',
      'verification',
      'E_PIECE_RETIRED',
      'the piece of bob (holder 1) is of epoch 1',
      async ([a]) =>
        [
          a,
          await sealed(others.next.pieceOf(2), 'n2.piece'),
          await sealed(others.next.pieceOf(3), 'n3.piece'),
        ] as PieceFile[],
    ],
  ])('with %s is refused by name, before anything is written', async (_, kind, code, words, change) => {
    const alice = await newcomer()
    const before = everything(alice.home)
    const files = await change(await pieces())
    const failure = await failureOf(() => restore(alice, restoring(files)))
    expect(failure).toMatchObject({ kind, code })
    expect(failure.message).toContain(words)
    expect(everything(alice.home)).toEqual(before)
  })

  test('a page says that its epoch is in use only where this home knows, and not by its own record', async () => {
    const { home } = await newcomer()
    const [file] = (await pieces()) as [PieceFile]
    const { record, certificate, manifest } = one
    const beside = { record, certificate, manifest }
    const { bytes } = await printable(file, beside, false)
    const page: PieceFile = { label: 'page.txt', sealed: bytes.reveal(), unlock: null }
    const verified = async () => verifyPiece(page, { ...beside, known: await heldKeys(home) }, null, NOW)
    expect((await verified()).inUse).toBe('unknown')
    expect((await verifyPiece(file, { record }, null, NOW)).inUse).toBe('given')
    const known = (of: typeof one) =>
      stageEpoch(home, 'treasury', recordDigest(of.record), {
        'record.cbor': encodeRecord(of.record),
        'certificate.cbor': of.certificate,
      })
    await known(one)
    expect((await verified()).inUse).toBe('home')
    await known(others.next)
    const retired = await failureOf(verified)
    expect(retired).toMatchObject({ kind: 'verification', code: 'E_PIECE_RETIRED' })
    expect(retired.message).toContain('of a retired epoch: number 1, before 2')
  })

  test('where the record in use is known, a retired epoch is refused at its first piece', async () => {
    const alice = await newcomer()
    const before = everything(alice.home)
    const failure = await failureOf(async () =>
      restore(alice, restoring(await pieces(), { record: others.next.record })),
    )
    expect(failure).toMatchObject({ kind: 'verification', code: 'E_PIECE_RETIRED' })
    expect(failure.message).toContain(
      'h1.piece: the piece of bob (holder 1) is genuine, but of a retired epoch',
    )
    expect(everything(alice.home)).toEqual(before)
  })

  test('overwrites no key, and puts nobody into another member’s seat', async () => {
    const alice = await newcomer()
    await restore(alice, restoring(await pieces()))
    const before = everything(alice.home)
    const again = await failureOf(async () => restore(alice, restoring(await pieces())))
    expect(again).toMatchObject({ kind: 'conflict', code: 'E_KEY_EXISTS' })
    expect(everything(alice.home)).toEqual(before)
    const bob = await newcomer('bob')
    const taken = await failureOf(async () => restore(bob, restoring(await pieces())))
    expect(taken).toMatchObject({ kind: 'authentication', code: 'E_REBIND_CARD' })
    expect(await readState(bob.home, 'treasury')).toBeNull()
  })

  test('leaves nothing with a key that takes the name in the meantime', async () => {
    const alice = await newcomer()
    const other = join(three[0].home.keys, 'treasury')
    const name = join(alice.home.keys, 'treasury')
    setFaultPoint((operation, path) => {
      if (operation === 'link' && path === join(name, 'state.cbor')) cpSync(other, name, { recursive: true })
    })
    onTestFinished(() => setFaultPoint(null))
    const refused = await failureOf(async () => restore(alice, restoring(await pieces())))
    expect(refused).toMatchObject({ kind: 'conflict', code: 'E_KEY_EXISTS' })
    const { epochs } = (await readState(alice.home, 'treasury')) as KeyState
    expect(await listEpochs(alice.home, 'treasury')).toEqual(epochs.map(({ digest }) => digest))
  })

  test('whose power is cut anywhere leaves no key or a whole one, and can be done again', async () => {
    const files = await pieces()
    const epoch = recordDigest(one.record)
    const cuts = await cutEverywhere(async () => {
      const alice = await newcomer()
      return {
        act: () => restore(alice, restoring(files)),
        look: async () => {
          if ((await readState(alice.home, 'treasury')) === null) {
            bury(alice)
            // Where nothing is staged yet, doing it again is doing it.
            if ((await readEpochFile(alice.home, 'treasury', epoch, 'record.cbor')) === null) return
            await restore(alice, restoring(files))
          }
          const { record, digest } = await findKey(alice.home, 'treasury')
          const held = (await readEpochFile(alice.home, 'treasury', digest, 'share.age')) as Uint8Array
          const { share } = parseShare(await openWith([alice.identity.age], held), record, 1)
          expect(hex(share.share.reveal())).toBe(hex(one.share.reveal()))
        },
      }
    })
    expect(cuts).toBeGreaterThan(10)
  }, 240_000)

  test('does not take over what lies under that name from elsewhere', async () => {
    const alice = await newcomer()
    const { record } = others.two
    const digest = recordDigest(record)
    const share = await sealTo([alice.card.age], Buffer.from('another share'))
    await stageEpoch(alice.home, 'treasury', digest, { 'record.cbor': Buffer.from('x'), 'share.age': share })
    const failure = await failureOf(async () => restore(alice, restoring(await pieces())))
    expect(failure).toMatchObject({ kind: 'conflict', code: 'E_EPOCH_EXISTS' })
  })
})
