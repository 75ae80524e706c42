/** Old shares destroyed: on whose word, in which homes, what is left then, and who can still sign. */
import { createPublicKey, randomBytes, verify } from 'node:crypto'
import { rmSync, writeFileSync } from 'node:fs'
import { cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { splitShare } from '../../../src/ceremony/backup/split.js'
import { type HeldEpoch, heldKey } from '../../../src/ceremony/epochs/held-epochs.js'
import { findKey, openToSign } from '../../../src/ceremony/epochs/find-key.js'
import { planKeygen, runKeygen } from '../../../src/ceremony/dkg/keygen.js'
import type { MadeKey } from '../../../src/ceremony/dkg/plan.js'
import { finish } from '../../../src/ceremony/dkg/run.js'
import { remainingOf, remainingWords } from '../../../src/ceremony/epochs/remaining-quorum.js'
import { oldShares, planRetire, retire } from '../../../src/ceremony/epochs/retire.js'
import { handoverOf, ownWord, takeHandover } from '../../../src/ceremony/epochs/attestations.js'
import { CeremonyFiles } from '../../../src/storage/home/ceremonies.js'
import { storedCeremony } from '../../../src/ceremony/definition/ceremony-store.js'
import { readSplit } from '../../../src/storage/home/escrow.js'
import { setFaultPoint } from '../../../src/storage/fs/atomic.js'
import { MemoryNetwork } from '../../../src/messaging/transport/memory.js'
import {
  type EpochFile,
  epochPath,
  type KeyState,
  readEpochFile,
  readState,
  writeState,
} from '../../../src/storage/home/epochs.js'
import { decodeEnvelope, sealEnvelope } from '../../../src/wire/session/envelope.js'
import type { DefinitionFile } from '../../../src/wire/ceremony/definition.js'
import { type KeyRecord, recordPublicKey } from '../../../src/wire/key/record.js'
import { encodeHandover, parseHandover } from '../../../src/wire/ceremony/handover.js'
import { sayActivated } from '../../../src/wire/key/attestation.js'
import { hex } from '../../../src/wire/base/text.js'
import { failureOf } from '../../storage/support.js'
import { rng } from '../../support/members.js'
import { raze } from '../../support/processes.js'
import { defined, makeTreasury, reshared, signed, takesPart } from '../../support/reshares.js'
import { copyOf, filesWith, hasShare, scalarOf } from '../../support/shares.js'
import { type Custodian, custodians, worldOf } from '../../support/worlds.js'
import { only } from '../../support/only.js'

const NOW = 1_900_000_000_000
const quick = { linger: 2000 }
type Four = readonly [Custodian, Custodian, Custodian, Custodian]

/** Whether OpenSSL accepts a signature of these with the epoch that is in use in their homes. */
async function sign(signers: readonly Custodian[], record: KeyRecord): Promise<boolean> {
  const payload = Uint8Array.from(randomBytes(40))
  const patience = { join: 5000, round: 5000, total: null }
  const results = await signed(signers, payload, { linger: 200, patience })
  const jwk = { kty: 'OKP', crv: 'Ed25519', x: Buffer.from(recordPublicKey(record)).toString('base64url') }
  const key = createPublicKey({ key: jwk, format: 'jwk' })
  return results.every(
    (result) => result.status === 'fulfilled' && verify(null, payload, key, only(result.value)),
  )
}

const epochIn = async ({ home }: Custodian, digest: Uint8Array): Promise<HeldEpoch> =>
  (await heldKey(home, 'treasury')).epochs.find((each) => hex(each.digest) === hex(digest)) as HeldEpoch
const statesOf = async ({ home }: Custodian): Promise<string[]> =>
  ((await readState(home, 'treasury')) as KeyState).epochs.map(({ number, status }) => `${number} ${status}`)
const certificateIn = async ({ home }: Custodian, digest: Uint8Array): Promise<Uint8Array> =>
  (await readEpochFile(home, 'treasury', digest, 'certificate.cbor')) as Uint8Array
const planOf = ({ home, card }: Custodian, digest: Uint8Array | null = null) =>
  planRetire(home, card, 'treasury', digest)
const retires = async (who: Custodian): Promise<readonly string[]> =>
  (await retire(who, await planOf(who), NOW)).destroyed
const said = ({ statements }: HeldEpoch, what: string): string[] =>
  statements.filter((each) => each.said === what).map(({ index }) => String(index))
/** An old program, or an old copy of the home: the epoch before is in use there. */
async function goesBack({ home }: Custodian): Promise<void> {
  const state = (await readState(home, 'treasury')) as KeyState
  const back = { parent: 'active', retired: 'active', active: 'parent', pending: 'pending' } as const
  await writeState(home, 'treasury', {
    ...state,
    epochs: state.epochs.map((each) => ({ ...each, status: back[each.status] })),
  })
}

let [alice, bob, carol, dave] = [] as unknown as Four
let before: MadeKey
let after: MadeKey
let oldScalar: string

// Alice, bob and carol, of whom two sign, deal to alice, bob and dave: carol was not there.
beforeAll(async () => {
  const everybody = (await custodians('alice', 'bob', 'carol', 'dave')) as unknown as Four
  ;[alice, bob, carol, dave] = everybody
  before = await makeTreasury([alice, bob, carol], 2)
  oldScalar = await scalarOf(alice)
  const file = await defined(alice, everybody, { members: ['alice', 'bob', 'dave'] })
  ;[after] = (await reshared([alice, bob, dave], file, quick)) as [MadeKey]
})

describe('going over', () => {
  test('is said by every new custodian in the ceremony, and kept by all who were there', async () => {
    for (const who of [alice, bob, dave]) {
      const epoch = await epochIn(who, after.digest)
      expect(said(epoch, 'activated'), who.member.name).toEqual(expect.arrayContaining(['1', '2', '3']))
      expect(epoch.problems).toEqual([])
    }
    // A joiner knows the epoch before by its record, and holds nothing of it.
    expect(await epochIn(dave, before.digest)).toMatchObject({ status: null, hasShare: false, number: 1 })
    expect((await oldShares(dave.home, dave.card, 'treasury')).retire).toBe('no')
    expect((await oldShares(carol.home, carol.card, 'treasury')).retire).toBe('no')
  })

  test('is asked for again where a word is lost; one that is false counts for nobody, and ends nothing', async () => {
    const both = (await custodians('alice', 'bob')) as [Custodian, Custodian]
    const [a, b] = both
    await makeTreasury(both, 2)
    const file = await defined(a, both, { kind: 'refresh' })
    const network = new MemoryNetwork()
    const lost = new Set<string>()
    network.interfere = ({ bytes }) => {
      const { header } = decodeEnvelope(bytes)
      const isFirst = header.kind === 'activated' && !lost.has(hex(header.from))
      if (isFirst) lost.add(hex(header.from))
      return isFirst ? [] : [bytes]
    }
    const [made] = await Promise.all(both.map((who) => takesPart(who, file, network, { linger: 8000 })))
    expect(lost.size).toBe(2)
    for (const who of both) {
      expect(said(await epochIn(who, made?.digest as Uint8Array), 'activated')).toHaveLength(2)
    }

    // Bob hands on alice's word, and gives none of his own.
    const again = await defined(a, both, { kind: 'refresh' })
    const liar = new MemoryNetwork()
    let word: Uint8Array = new Uint8Array(40)
    liar.interfere = ({ bytes }) => {
      const { header, body } = decodeEnvelope(bytes)
      if (header.kind !== 'activated') return [bytes]
      if (hex(header.from) === hex(a.card.fingerprint)) word = body
      const isBobs = hex(header.from) === hex(b.card.fingerprint)
      return isBobs ? [sealEnvelope(b.identity.signing, header, word)] : [bytes]
    }
    const [last] = await Promise.all(both.map((who) => takesPart(who, again, liar, quick)))
    const heard = await epochIn(a, last?.digest as Uint8Array)
    expect([said(heard, 'activated'), heard.problems]).toEqual([['1'], []])
    expect(await failureOf(() => planOf(a))).toMatchObject({ code: 'E_STATEMENTS', party: 'bob' })
    expect(await sign(both, (last as MadeKey).record)).toBe(true)
  })

  test('is said by nobody whose share is not here, or is not what it should be', async () => {
    const there = await copyOf(alice)
    const at = (file: EpochFile) => epochPath(there.home, 'treasury', after.digest, file)
    const folder = join(dirname(at('record.cbor')), 'statements')
    await rm(folder, { recursive: true })
    const says = () => failureOf(() => ownWord(there, 'treasury', after.record, NOW))
    const share = await readFile(at('share.age'))
    await cp(epochPath(alice.home, 'treasury', before.digest, 'share.age'), at('share.age'))
    expect(await says()).toMatchObject({ kind: 'conflict', code: 'E_KEY_STATE' })
    await rm(at('share.age'))
    expect((await says()).message).toContain('share.age is missing')
    await expect(readdir(folder)).rejects.toMatchObject({ code: 'ENOENT' })
    await writeFile(at('share.age'), share, { mode: 0o600 })
    // Of two processes that say it at the same instant, both say the same.
    const words = await Promise.all(
      [NOW, NOW + 1].map((now) => ownWord(there, 'treasury', after.record, now)),
    )
    expect(words[0]).not.toBeNull()
    expect(words[1]).toEqual(words[0])
    expect(said(await epochIn(there, after.digest), 'activated')).toEqual(['1'])
  })

  test('a statement is refused that is of another epoch, of nobody in its seat, or altered', async () => {
    const there = await copyOf(carol)
    const handover = await handoverOf(alice.home, 'treasury')
    const taking = (statements: readonly Uint8Array[]) =>
      takeHandover(there, 'treasury', parseHandover(encodeHandover({ ...handover, statements })))
    const altered = (handover.statements[0] as Uint8Array).slice()
    altered[altered.length - 1] = (altered[altered.length - 1] as number) ^ 1
    expect(await failureOf(() => taking([altered]))).toMatchObject({
      kind: 'verification',
      code: 'E_STATEMENT',
    })
    const other = { ...after.record, epoch: 3, parent: after.digest }
    const foreign = sayActivated(other, { card: bob.card, index: 2, signing: bob.identity.signing }, NOW)
    expect(await failureOf(() => taking([foreign]))).toMatchObject({ code: 'E_STATEMENT' })
    // Carol claims dave's seat, in his name and in her own.
    const claims = [dave.card, carol.card].map((card) =>
      sayActivated(after.record, { card, index: 3, signing: carol.identity.signing }, NOW),
    ) as [Uint8Array, Uint8Array]
    expect((await failureOf(() => taking([claims[0]]))).message).toContain('not signed by dave')
    expect(await taking([claims[1]])).toMatchObject({ added: 0, strange: 1 })
    expect(said(await epochIn(there, after.digest), 'activated')).toEqual([])
  })
})

describe('a share is destroyed', () => {
  test('only when as many of the new custodians as must sign have gone over', async () => {
    const there = await copyOf(alice)
    const folder = join(dirname(epochPath(there.home, 'treasury', after.digest, 'record.cbor')), 'statements')
    await rm(folder, { recursive: true })
    const refused = await failureOf(() => planOf(there))
    expect(refused).toMatchObject({ kind: 'absent', code: 'E_STATEMENTS', party: 'bob' })
    expect(refused.hint).toContain('bob and dave')
    expect((await oldShares(there.home, there.card, 'treasury')).retire).toBe('later')
    // One word is enough beside the own.
    const { statements, ...handover } = await handoverOf(bob.home, 'treasury')
    const [word] = statements.filter((each) => Buffer.from(each).includes(Buffer.from(dave.card.fingerprint)))
    await takeHandover(there, 'treasury', { ...handover, statements: [word as Uint8Array] })
    expect((await planOf(there)).gone).toEqual(['alice', 'dave'])
    expect(await hasShare(there, before.digest)).toBe(true)
  })

  test('never of the epoch in use, of one that is not here, or where the share in use is not whole', async () => {
    expect(await failureOf(() => planOf(alice, after.digest))).toMatchObject({
      kind: 'conflict',
      code: 'E_EPOCH_IN_USE',
    })
    expect(await failureOf(() => planOf(alice, new Uint8Array(32)))).toMatchObject({
      kind: 'configuration',
      code: 'E_NO_EPOCH',
    })
    expect((await planOf(carol)).epochs).toEqual([])
    const there = await copyOf(alice)
    const plan = await planOf(there)
    await rm(epochPath(there.home, 'treasury', after.digest, 'share.age'))
    expect(await failureOf(() => retire(there, plan, NOW))).toMatchObject({ code: 'E_KEY_STATE' })
    expect(await hasShare(there, before.digest)).toBe(true)
  })

  test('in every file of the home, and the new one signs on', async () => {
    const there = await copyOf(alice)
    const share = epochPath(there.home, 'treasury', before.digest, 'share.age')
    // A run of the ceremony that made the new epoch was set aside, with a share that is as good as the old one.
    const aside = join(
      new CeremonyFiles(there.home, after.record.definition).folder,
      'attempts',
      '77'.repeat(32),
    )
    await mkdir(aside, { recursive: true })
    await cp(share, join(aside, 'share.age'))
    const held = await filesWith(there, oldScalar)
    expect(held).toHaveLength(3)
    const inUse = await filesWith(there, await scalarOf(there))
    expect(inUse).toHaveLength(2)
    // Crashes left these, under names that are swept out an hour later.
    const epochs = dirname(dirname(share))
    const { folder } = new CeremonyFiles(there.home, before.record.definition)
    for (const left of [epochs, folder]) {
      const temporary = join(left, `.tmp-${'5a'.repeat(16)}`)
      await mkdir(temporary)
      await cp(share, join(temporary, 'share.age'))
    }
    const destroyed = await retires(there)
    expect(destroyed.map((path) => path.slice(there.home.root.length)).sort()).toEqual([...held].sort())
    expect(await filesWith(there, oldScalar)).toEqual([])
    expect(await filesWith(there, await scalarOf(there))).toEqual(inUse)
    expect(await statesOf(there)).toEqual(['1 retired', '2 active'])
    expect(said(await epochIn(there, before.digest), 'deleted')).toEqual(['1'])
    expect(await sign([there, bob], before.record)).toBe(true)
    // The ceremony that made it cannot be finished once more.
    const first = await storedCeremony(there.home, before.record.definition)
    const plan = await planKeygen(there.home, there.card, first as DefinitionFile, NOW)
    const world = worldOf(there, new MemoryNetwork().connect('alice'))
    expect(await failureOf(() => runKeygen(world, plan))).toMatchObject({
      kind: 'configuration',
      code: 'E_RETIRED',
    })
    // Again there is nothing to do, and an old program finds nothing to sign with.
    expect((await planOf(there)).epochs).toEqual([])
    expect(await failureOf(() => goesBack(there))).toMatchObject({ code: 'E_KEY_STATE' })
  })

  test('and stays so where another process finishes what made it, wherever that begins', async () => {
    const file = (await storedCeremony(alice.home, before.record.definition)) as DefinitionFile
    let isOver = false
    for (let at = 1; !isOver; at++) {
      const there = await copyOf(alice)
      const { home, card } = there
      const again = await planKeygen(home, card, file, Date.now())
      const certificate = await certificateIn(there, before.digest)
      let operations = 0
      const finishing: Promise<unknown>[] = []
      setFaultPoint(() => {
        if (++operations === at) finishing.push(finish(home, again, certificate).catch(() => {}))
      })
      await retires(there)
      setFaultPoint(null)
      isOver = finishing.length === 0
      await Promise.all(finishing)
      expect(await filesWith(there, oldScalar), `from operation ${at} on`).toEqual([])
      expect(await statesOf(there)).toEqual(['1 retired', '2 active'])
      raze([there])
    }
  })

  test('and neither used nor split by who looked the key up before', async () => {
    const [there, retired] = [await copyOf(alice), await copyOf(alice)]
    const stateIn = ({ home }: Custodian) => join(home.keys, 'treasury', 'state.cbor')
    await retires(retired)
    const inUse = await readFile(stateIn(retired))
    await goesBack(there)
    const key = await findKey(there.home, 'treasury')
    const share = epochPath(there.home, 'treasury', before.digest, 'share.age')
    const out = join(there.home.root, 'pieces')
    const holders = [bob, dave].map(({ card }) => ({ kind: 'card' as const, name: card.name, card }))
    setFaultPoint((operation, path) => {
      if (operation !== 'link' || !path.endsWith('escrow.age')) return
      writeFileSync(stateIn(there), inUse)
      rmSync(share)
    })
    const order = { threshold: 2, holders, out, now: NOW, rng }
    const refused = await failureOf(() => splitShare(there, key, order)).finally(() => setFaultPoint(null))
    expect(refused).toMatchObject({ kind: 'configuration', code: 'E_EPOCH' })
    expect(await readSplit(there.home, 'treasury', before.digest)).toBeNull()
    expect((await epochIn(there, before.digest)).hasSecret).toBe(false)
    await expect(readdir(out)).rejects.toMatchObject({ code: 'ENOENT' })
    const opened = failureOf(() => openToSign(there.home, key, there.identity, there.card))
    expect(await opened).toMatchObject({ kind: 'configuration', code: 'E_EPOCH' })
  })

  test('by its owner alone: the others still sign with the old epoch until they destroy theirs', async () => {
    const [a, b] = [await copyOf(alice), await copyOf(bob)]
    await retires(a)
    const words = async (who: Custodian) => remainingWords(await epochIn(who, before.digest), before.record)
    expect(await words(a)).toEqual(['bob and carol together could still sign with epoch 1.'])
    const old = await copyOf(b)
    await goesBack(old)
    expect(await sign([old, carol], before.record)).toBe(true)
    // Bob has destroyed his, and hands both words to alice: carol alone is not enough.
    await retires(b)
    await takeHandover(b, 'treasury', await handoverOf(a.home, 'treasury'))
    await takeHandover(a, 'treasury', await handoverOf(b.home, 'treasury'))
    for (const who of [a, b]) {
      expect(remainingOf(await epochIn(who, before.digest), before.record)).toEqual({
        needed: 2,
        shares: ['carol'],
        pieces: [],
        enough: false,
      })
      expect((await words(who))[0]).toContain('that of carol is left')
    }
    expect(await sign([a, b], before.record)).toBe(true)
  })

  test('by one who was not there, on the word of those who were, handed over by file', async () => {
    const there = await copyOf(carol)
    expect(await statesOf(there)).toEqual(['1 active'])
    const taken = await takeHandover(there, 'treasury', await handoverOf(dave.home, 'treasury'))
    expect(taken).toEqual({ added: 3, strange: 0, frozen: 1 })
    expect(await statesOf(there)).toEqual(['1 parent'])
    expect(await failureOf(() => findKey(there.home, 'treasury'))).toMatchObject({
      kind: 'configuration',
      code: 'E_NO_KEY',
    })
    expect((await planOf(there)).gone).toEqual(['alice', 'bob', 'dave'])
    expect(await retires(there)).toHaveLength(2)
    expect(await hasShare(there, before.digest)).toBe(false)
  })

  test('of each epoch before, together or one by one; who missed several learns of them in one file', async () => {
    const everybody = (await custodians('alice', 'bob', 'carol')) as [Custodian, Custodian, Custodian]
    const [a, b, c] = everybody
    const made = await makeTreasury(everybody, 2)
    const second = await defined(a, everybody, { members: ['alice', 'bob'] })
    const [next] = (await reshared([a, b], second, quick)) as [MadeKey]
    await reshared([a, b], await defined(a, everybody, { kind: 'refresh' }), quick)
    expect(await statesOf(a)).toEqual(['1 parent', '2 parent', '3 active'])
    expect((await oldShares(a.home, a.card, 'treasury')).epochs).toEqual([1, 2])
    const one = await copyOf(a)
    const plan = await planOf(one, next.digest)
    expect(plan.epochs.map(({ number }) => number)).toEqual([2])
    await retire(one, plan, NOW)
    expect(await statesOf(one)).toEqual(['1 parent', '2 retired', '3 active'])
    expect([await hasShare(one, made.digest), await hasShare(one, next.digest)]).toEqual([true, false])
    await retires(a)
    expect(await statesOf(a)).toEqual(['1 retired', '2 retired', '3 active'])

    expect(await takeHandover(c, 'treasury', await handoverOf(a.home, 'treasury'))).toMatchObject({
      frozen: 1,
    })
    expect(await planOf(c)).toMatchObject({ gone: ['alice', 'bob'], newest: { number: 3 } })
    await retires(c)
    expect(await statesOf(c)).toEqual(['1 retired'])
    await takeHandover(b, 'treasury', await handoverOf(c.home, 'treasury'))
    expect(remainingOf(await epochIn(b, made.digest), made.record)).toMatchObject({
      shares: ['bob'],
      enough: false,
    })
    expect(remainingOf(await epochIn(b, next.digest), next.record)).toMatchObject({
      shares: ['bob'],
      enough: false,
    })
    // A handover older than the state freezes nothing.
    const old = parseHandover(
      encodeHandover({
        records: [made.record],
        certificate: await certificateIn(b, made.digest),
        statements: [],
      }),
    )
    expect(await takeHandover(b, 'treasury', old)).toEqual({ added: 0, strange: 0, frozen: null })
    expect(await statesOf(b)).toEqual(['1 parent', '2 parent', '3 active'])
    expect(await sign([a, b], made.record)).toBe(true)
  })

  test('by one who left, who heard in the ceremony that the others went over', async () => {
    const everybody = (await custodians('alice', 'bob', 'carol')) as [Custodian, Custodian, Custodian]
    const [a, b, c] = everybody
    const made = await makeTreasury([a, b], 2)
    const scalar = await scalarOf(b)
    await reshared(everybody, await defined(a, everybody, { members: ['alice', 'carol'] }), quick)
    expect(await statesOf(b)).toEqual(['1 parent'])
    expect((await oldShares(b.home, b.card, 'treasury')).retire).toBe('now')
    await retires(b)
    expect(await filesWith(b, scalar)).toEqual([])
    // The one that stayed learns of it by file.
    await takeHandover(a, 'treasury', await handoverOf(b.home, 'treasury'))
    expect(said(await epochIn(a, made.digest), 'deleted')).toEqual(['2'])
    expect(await sign([a, c], made.record)).toBe(true)
  }, 30_000)
})
