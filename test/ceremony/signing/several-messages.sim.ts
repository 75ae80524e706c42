/** One request that needs several signatures: one order, one run, one approval; and one cheat among its entries. */
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { verifyEvidence } from '../../../src/audit/evidence.js'
import { verifyTranscript } from '../../../src/audit/transcript.js'
import { findKey } from '../../../src/ceremony/epochs/find-key.js'
import type { Key } from '../../../src/ceremony/keys/key.js'
import { type Approval, ask, join, payloadHash } from '../../../src/ceremony/signing/ask-and-join.js'
import type { Signed } from '../../../src/ceremony/signing/finished-signature.js'
import { signingsIn } from '../../../src/ceremony/signing/list-signings.js'
import { NO_SESSION } from '../../../src/messaging/channel/letters.js'
import { Mailbox } from '../../../src/messaging/channel/mailbox.js'
import { MemoryNetwork } from '../../../src/messaging/transport/memory.js'
import { requestSubjects } from '../../../src/messaging/transport/subjects.js'
import { psbt } from '../../../src/payload/bitcoin/psbt.js'
import { shareLetter } from '../../../src/protocol/frost/sign.js'
import { secp256k1 } from '../../../src/protocol/group/curve.js'
import { readFile } from '../../../src/storage/fs/atomic.js'
import type { Failure } from '../../../src/wire/base/failure.js'
import { hex } from '../../../src/wire/base/text.js'
import { parseCertificate } from '../../../src/wire/ceremony/certificate.js'
import { makeRequest, parseRequest, signedCodec } from '../../../src/wire/ceremony/request.js'
import { signaturesCodec } from '../../../src/wire/ceremony/signature.js'
import { derivedKey } from '../../../src/wire/key/derived-key.js'
import { decodeEnvelope } from '../../../src/wire/session/envelope.js'
import { transcriptCodec } from '../../../src/wire/session/transcript.js'
import { changesItem } from '../../protocol/engines/items.js'
import { mpc } from '../../support/cli.js'
import { clock } from '../../support/clock.js'
import { expectSpends, spendingCoins } from '../../support/coins.js'
import { evidenceOf } from '../../support/ecdsa.js'
import { rng } from '../../support/members.js'
import { overheard, resigned } from '../../support/mischief.js'
import { expectOneAnswerEach } from '../../support/nonces.js'
import { raze } from '../../support/processes.js'
import { makeTreasury } from '../../support/reshares.js'
import { type Custodian, custodians, worldOf } from '../../support/worlds.js'

const COINS = 20
let everybody: [Custodian, Custodian, Custodian]
let key: Key
let payload: Uint8Array

beforeAll(async () => {
  everybody = (await custodians('alice', 'bob', 'carol')) as [Custodian, Custodian, Custodian]
  await makeTreasury(everybody, 2, 'schnorr-taproot')
  key = await findKey(everybody[0].home, 'treasury')
  payload = psbt.read(spendingCoins(key.record, COINS))
})
afterAll(() => raze(everybody))

const approval = (): Approval => ({ payloads: new Set([payloadHash(payload)]), type: 'psbt', path: null })

/** Alice asks, and bob signs with her. */
async function signs(
  network: MemoryNetwork,
): Promise<[PromiseSettledResult<Signed>, PromiseSettledResult<Signed>]> {
  const [alice, bob] = everybody
  const world = (who: Custodian) => worldOf(who, network.connect(who.member.name), { linger: 500 })
  const signers = [alice, bob].map(({ card }) => card.fingerprint)
  return Promise.allSettled([
    ask(world(alice), key, { type: 'psbt', payload, path: null, reason: '', signers }),
    findKey(bob.home, 'treasury').then((theirs) => join(world(bob), theirs, null, approval())),
  ])
}

describe('a PSBT with 20 coins', () => {
  let alices: Signed
  let bobs: Signed

  beforeAll(async () => {
    const network = new MemoryNetwork()
    const said = overheard(network)
    const decodes = vi.spyOn(psbt, 'decode')
    const results = await signs(network)
    for (const result of results) if (result.status === 'rejected') throw result.reason as Error
    ;[alices, bobs] = results.map((result) => (result as PromiseFulfilledResult<Signed>).value) as [
      Signed,
      Signed,
    ]
    // Each signer has decoded it once.
    expect(decodes).toHaveBeenCalledTimes(2)
    decodes.mockRestore()
    // Of every entry of both signers, one answer for one commitment.
    expect(expectOneAnswerEach(said)).toBe(2 * COINS * 3)
  })

  test('is signed in one run, and bitcoinjs-lib takes every input', () => {
    expect(alices.signatures).toHaveLength(COINS)
    expect(bobs.signatures).toEqual(alices.signatures)
    expect(alices.target.entries.map(({ path }) => path)).toEqual(
      Array.from({ length: COINS }, (_, i) => `m/0/${i}`),
    )
    expectSpends(alices.target.decoded.assemble(alices.signatures), COINS)
  })

  test('has a transcript that shows all signatures with their keys, and a certificate over all of them', async () => {
    const file = Uint8Array.from((await readFile(alices.transcript as string, 1 << 26)) as Uint8Array)
    const { signatures, missing } = await verifyTranscript(file)
    expect(missing).toEqual([])
    expect(signatures).toEqual(
      alices.signatures.map((signature, i) => ({
        path: `m/0/${i}`,
        publicKey: derivedKey(key.record, `m/0/${i}`).publicKey,
        signature,
      })),
    )
    const parts = transcriptCodec.decode(file)
    const holders = [everybody[0], everybody[1]].map(({ card }) => ({
      fingerprint: card.fingerprint,
      signing: card.signing,
      share: null,
    }))
    const certificate = Uint8Array.from((await readFile(alices.certificate as string, 1 << 20)) as Uint8Array)
    parseCertificate(certificate, holders, parts.outcome)
    const [first, second, ...rest] = alices.signatures as [Uint8Array, Uint8Array, ...Uint8Array[]]
    for (const other of [
      [second, first, ...rest],
      [first, second, ...rest.slice(1)],
    ]) {
      const outcome = signaturesCodec.encode(other)
      await expect(verifyTranscript(transcriptCodec.encode({ ...parts, outcome }))).rejects.toThrow(
        'a signature does not verify',
      )
      expect(() => parseCertificate(certificate, holders, outcome)).toThrow('it is over another result')
    }
  })

  test('is printed again with all signatures, and listed with them', async () => {
    const [alice] = everybody
    const world = worldOf(alice, new MemoryNetwork().connect('alice'), { linger: 0 })
    const again = await join(world, key, hex(alices.request.id), approval())
    expect(again.signatures).toEqual(alices.signatures)
    expect(await signingsIn(alice.home)).toMatchObject([{ state: 'signed', signatures: alices.signatures }])
  })

  test('and `mpc transcript verify` names each with its path', async () => {
    const verify = ['transcript', 'verify', alices.transcript as string, '--json']
    const { json } = await mpc(everybody[0].home.root, verify)
    expect(json).toMatchObject({ code: 0, data: { kind: 'sign', signature: null } })
    expect(
      json.data.signatures.map(({ path, signature }: Record<string, string>) => [path, signature]),
    ).toEqual(alices.signatures.map((signature, i) => [`m/0/${i}`, hex(signature)]))
  })
})

test('a wrong share in entry 7 of 20 names the signer and the entry, to others too, by the file', async () => {
  const [, bob] = everybody
  const { Fn, parseScalar, scalarBytes } = secp256k1
  const change = changesItem('share', COINS, 7, (item) =>
    shareLetter.encode(scalarBytes(Fn.add(parseScalar(shareLetter.decode(item)), 1n))),
  )
  const network = new MemoryNetwork()
  network.interfere = resigned(bob, ({ header, body }) =>
    header.kind === 'letter' && header.round === 'share'
      ? change({ round: 'share', from: 2, to: 1, kind: 'broadcast', body })
      : undefined,
  )
  const [result] = await signs(network)
  expect(result.status).toBe('rejected')
  const failure = (result as PromiseRejectedResult).reason as Failure
  const reason = 'signature share does not verify (entry 7 of 20)'
  expect(failure).toMatchObject({
    kind: 'doubt',
    code: 'E_IN_DOUBT',
    accused: [{ name: 'bob', round: 'share', entry: 7, reason }],
  })
  const { guilty } = await verifyEvidence(await evidenceOf(failure))
  expect(guilty).toMatchObject([{ name: 'bob', round: 'share', kind: 'proven', entry: 7, reason }])
  const file = failure.accused[0]?.evidence as string
  const { json, stdout } = await mpc(everybody[2].home.root, ['transcript', 'verify', file, '--json'])
  expect(json.data.guilty, stdout).toMatchObject([{ name: 'bob', entry: 7, kind: 'proven', reason }])
})

/** The mouth of a custodian who says what it likes about requests. */
function mouthOf(network: MemoryNetwork, who: Custodian): Mailbox {
  return new Mailbox({
    transport: network.connect(`${who.member.name}'s other`),
    subjects: requestSubjects(key.record.key_id, who.card.fingerprint),
    definition: key.record.key_id,
    self: who.member,
    key: who.identity.signing,
    members: everybody.map(({ member }) => member),
    clock,
    emit: () => {},
    equivocated: () => {},
  })
}

test('lists of signatures that are not all of them, in their order, end nothing', async () => {
  const [, bob] = everybody
  const [made] = (await signs(new MemoryNetwork())) as [PromiseFulfilledResult<Signed>, unknown]
  const { signatures } = made.value
  const [first, second, ...rest] = signatures as [Uint8Array, Uint8Array, ...Uint8Array[]]
  const network = new MemoryNetwork()
  const bobs = mouthOf(network, bob)
  let said = 0
  network.interfere = ({ bytes }) => {
    const { header, body } = decodeEnvelope(bytes)
    if (header.kind !== 'request' || said > 0) return [bytes]
    const signingOf = (asker: Uint8Array) =>
      everybody.find(({ card }) => hex(card.fingerprint) === hex(asker))?.card.signing ?? null
    const request = parseRequest(body, signingOf).id
    for (const wrong of [rest, [second, first, ...rest], [first], [...signatures.slice(1), first]]) {
      said += 1
      bobs.post('signature', { session: NO_SESSION }, signedCodec.encode({ request, signatures: wrong }))
    }
    return [bytes]
  }
  const results = await signs(network)
  bobs.close()
  expect(said).toBe(4)
  const [a, b] = results.map((result) => (result as PromiseFulfilledResult<Signed>).value) as [Signed, Signed]
  expect(b.signatures).toEqual(a.signatures)
  // They were made, and not handed over.
  expect([a.transcript, b.transcript]).not.toContain(null)
})

test('a request of a type that no decoder knows is passed over, and the person hears why', async () => {
  const [alice, bob] = everybody
  const network = new MemoryNetwork()
  const request = makeRequest(
    {
      format: 'mpc/request/v1',
      key_id: key.record.key_id,
      record: key.digest,
      type: 'tape-9',
      payload,
      path: null,
      policy: null,
      reason: '',
      signers: [alice, bob].map(({ card }) => card.fingerprint),
      created: clock.now(),
      expires: clock.now() + 3_600_000,
      nonce: rng(32),
      asker: alice.card.fingerprint,
    },
    alice.identity.signing,
  )
  const alices = mouthOf(network, alice)
  alices.on('list', () => alices.post('request', { session: NO_SESSION }, request.encoded))
  const world = worldOf(bob, network.connect('bob'), { patience: { join: 5000, round: 5000, total: null } })
  const failure = await join(world, await findKey(bob.home, 'treasury'), null, approval()).catch(
    (error: Failure) => error,
  )
  alices.close()
  expect(failure).toMatchObject({ code: 'E_NO_REQUEST' })
  expect(world.events).toContainEqual(
    expect.objectContaining({ event: 'skipped', party: 'alice', code: 'E_TYPE' }),
  )
})
