/**
 * Every scheme, and splits from 2 of 2 to 10 of 16: a share is split, its machine is lost, the pieces of any threshold
 * of holders restore it under a new identity, the others accept it, and it signs with each of them; and so from paper.
 */
import { engineOf } from '../../../src/protocol/engines/registry.js'
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { verify as verifyEcdsa } from 'tiny-secp256k1'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { acceptRebind, examineRebind } from '../../../src/ceremony/recovery/accept-rebind.js'
import { certificateOf } from '../../../src/ceremony/backup/piece-files.js'
import { splitShare } from '../../../src/ceremony/backup/split.js'
import type { HolderSeal } from '../../../src/ceremony/backup/holders.js'
import { planKeygen, runKeygen } from '../../../src/ceremony/dkg/keygen.js'
import { findKey, openToSign } from '../../../src/ceremony/epochs/find-key.js'
import type { Key } from '../../../src/ceremony/keys/key.js'
import { printable } from '../../../src/ceremony/recovery/paper.js'
import { type Given, type PieceFile, restore } from '../../../src/ceremony/recovery/restore.js'
import { markVerified } from '../../../src/ceremony/contacts/contacts.js'
import type * as workers from '../../../src/cli/threads/workers.js'
import { MemoryNetwork } from '../../../src/messaging/transport/memory.js'
import { SCHEMES, type Scheme } from '../../../src/protocol/group/scheme.js'
import { openHome } from '../../../src/storage/home/home.js'
import { writeIdentity } from '../../../src/storage/home/identity.js'
import type { KeygenDefinition } from '../../../src/wire/ceremony/definition.js'
import { enterRehearsal } from '../../../src/wire/base/realm.js'
import { recordPublicKey } from '../../../src/wire/key/record.js'
import { verifiesElsewhere } from '../../protocol/frost/party.js'
import { failureOf } from '../../storage/support.js'
import { built } from '../../support/built.js'
import { keygenDefinition, people, type Person, rng } from '../../support/members.js'
import { approving, asks, joins, somePayload } from '../../support/signing.js'
import { type Custodian, custodians, fileOf, worldOf } from '../../support/worlds.js'
import { only } from '../../support/only.js'

// At the level of rehearsals, which is the one that is quick.
enterRehearsal()

const { Workers } = await built<typeof workers>('cli/threads/workers.js')
const threads = new Workers()
afterAll(() => threads.close())

const NOW = 1_900_000_000_000
const { compute } = threads
const options = { compute, patience: { join: 120_000, round: 120_000, total: null }, linger: 300 }
let holders: Person[]
const folder = (): Promise<string> => mkdtemp(join(tmpdir(), 'mpc-matrix-'))

beforeAll(async () => {
  holders = await people(...Array.from({ length: 16 }, (_, i) => `h${i + 1}`))
})

async function keyOf(scheme: Scheme): Promise<[Custodian, Custodian, Custodian]> {
  const everybody = (await custodians('alice', 'bob', 'carol')) as [Custodian, Custodian, Custodian]
  const network = new MemoryNetwork()
  const definition = keygenDefinition(everybody) as KeygenDefinition
  const file = fileOf({ ...definition, scheme, engine: engineOf(scheme).name, rehearsal: true })
  await Promise.all(
    everybody.map(async (custodian) => {
      const plan = await planKeygen(custodian.home, custodian.card, file, Date.now())
      return runKeygen(worldOf(custodian, network.connect(custodian.member.name), options), plan)
    }),
  )
  return everybody
}

/** The same home, as it is now, to be changed. */
async function copyOf(custodian: Custodian): Promise<Custodian> {
  const root = join(await folder(), 'home')
  await cp(custodian.home.root, root, { recursive: true })
  return { ...custodian, home: await openHome(root) }
}

/** All ways to choose so many of these; of very many, some in which each of them is chosen. */
function choices<T>(all: readonly T[], count: number): (readonly T[])[] {
  if (all.length > 5)
    return [all.slice(0, count), all.slice(-count), all.filter((_, i) => i % 5 !== 1).slice(0, count)]
  if (count === 0) return [[]]
  return all.flatMap((one, i) => choices(all.slice(i + 1), count - 1).map((others) => [one, ...others]))
}

/** By OpenSSL, tiny-secp256k1 and the other noble: nobody of them made the signature. */
function verifies(
  scheme: Scheme,
  publicKey: Uint8Array,
  payload: Uint8Array,
  signature: Uint8Array,
): boolean {
  if (scheme !== 'ecdsa-secp256k1') return verifiesElsewhere(scheme, publicKey, payload, signature)
  return verifyEcdsa(createHash('sha256').update(payload).digest(), publicKey, signature, true)
}

describe.each(SCHEMES)('a share of %s', (scheme) => {
  test.each([
    [2, 2],
    [2, 3],
    [3, 5],
    [10, 16],
  ])('comes back from any %i of %i pieces, and signs', async (threshold, count) => {
    const [alice, ...others] = await keyOf(scheme)
    const key = await findKey(alice.home, 'treasury')
    const certificate = await certificateOf(alice.home, key)
    const out = join(await folder(), 'out')
    const chosen = holders.slice(0, count)
    const seals = chosen.map(({ card }): HolderSeal => ({ name: card.name, kind: 'card', card }))
    const manifest = await splitShare(alice, key, { threshold, holders: seals, out, now: NOW, rng })
    await rm(alice.home.root, { recursive: true })

    const pieces = chosen.map(({ card, identity }): PieceFile => {
      const label = join(out, `${card.name}.piece`)
      const unlock = { kind: 'identity', identities: [identity.age] } as const
      return { label, sealed: Uint8Array.from(readFileSync(label)), unlock }
    })
    const few = pieces.slice(1, threshold)
    const tooFew = await failureOf(async () => restoring(await newcomer(), few, {}))
    expect(tooFew).toMatchObject({ kind: 'absent', code: 'E_PIECES_FEW' })

    const subsets = choices(pieces, threshold)
    for (const [i, some] of subsets.entries()) {
      const fresh = await newcomer()
      const { rebind, lost } = await restoring(fresh, some, {})
      expect(lost).toBe(false)
      // That it is the share was proved by its public share; that it signs is shown for some of many.
      const every = subsets.length > 3 ? 4 : 1
      const signs = scheme === 'ecdsa-secp256k1' ? i === 0 : i % every === 0
      if (signs) await signsWith(scheme, key, fresh, rebind as string, others)
    }

    const given = { record: key.record, certificate, manifest }
    const pages = await Promise.all(
      (subsets.at(-1) as readonly PieceFile[]).map(async (file): Promise<PieceFile> => {
        const { bytes } = await printable(file, given, false)
        return { label: `page of ${file.label}`, sealed: bytes.reveal(), unlock: null }
      }),
    )
    const fresh = await newcomer()
    const { rebind, lost } = await restoring(fresh, pages, given)
    expect(lost).toBe(scheme === 'ecdsa-secp256k1')
    if (!lost) return signsWith(scheme, key, fresh, rebind as string, others)
    const here = await findKey(fresh.home, 'treasury')
    const refused = await failureOf(() => openToSign(fresh.home, here, fresh.identity, fresh.card))
    expect(refused).toMatchObject(LOST)
  })
})

/** The failure of a share from paper alone where a scheme needs more: it is dealt anew before it signs. */
const LOST = { kind: 'configuration', code: 'E_AUXILIARY_LOST' }

const restoring = (owner: Custodian, pieces: readonly PieceFile[], given: Given) =>
  restore(owner, { name: null, pieces, given, now: NOW, rng })

/** Alice with a new identity, and a home with nothing in it. */
async function newcomer(): Promise<Custodian> {
  const [person] = (await people('alice')) as [Person]
  const home = await openHome(join(await folder(), 'home'))
  await writeIdentity(home, { sealed: new Uint8Array(), card: person.card.line })
  return { ...person, home }
}

/** The others accept who has restored the share, and each of them makes a signature with it. */
async function signsWith(
  scheme: Scheme,
  key: Key,
  fresh: Custodian,
  rebind: string,
  others: readonly Custodian[],
): Promise<void> {
  const statement = Uint8Array.from(readFileSync(rebind))
  for (const before of others) {
    const other = await copyOf(before)
    await markVerified(fresh.home, other.card, 'fingerprint', NOW)
    await acceptRebind(other.home, await examineRebind(other, fresh.card, statement, NOW))
    await markVerified(other.home, fresh.card, 'rebind', NOW)
    const network = new MemoryNetwork()
    const payload = somePayload()
    const [{ signatures }] = await Promise.all([
      asks(worldOf(fresh, network.connect('alice'), options), payload, [fresh, other]),
      joins(worldOf(other, network.connect(other.member.name), options), approving(payload)),
    ])
    expect(verifies(scheme, recordPublicKey(key.record), payload, only({ signatures }))).toBe(true)
  }
}
