import { createPublicKey, verify } from 'node:crypto'
import { beforeAll, describe, expect, test } from 'vitest'
import { findKey } from '../../../src/ceremony/epochs/find-key.js'
import { planKeygen, runKeygen } from '../../../src/ceremony/dkg/keygen.js'
import { ask, join, payloadHash } from '../../../src/ceremony/signing/ask-and-join.js'
import type { Signed } from '../../../src/ceremony/signing/finished-signature.js'
import { MemoryNetwork } from '../../../src/messaging/transport/memory.js'
import { recordPublicKey } from '../../../src/wire/key/record.js'
import { hex } from '../../../src/wire/base/text.js'
import { keygenDefinition } from '../../support/members.js'
import { type Custodian, custodians, fileOf, worldOf } from '../../support/worlds.js'
import { only } from '../../support/only.js'

let everybody: Custodian[]
const payload = Buffer.concat([Buffer.alloc(3), Buffer.from('pay nobody')])

beforeAll(async () => {
  everybody = await custodians('alice', 'bob', 'carol')
  const network = new MemoryNetwork()
  const file = fileOf(keygenDefinition(everybody))
  await Promise.all(
    everybody.map(async (custodian) => {
      const plan = await planKeygen(custodian.home, custodian.card, file, Date.now())
      return runKeygen(worldOf(custodian, network.connect(custodian.member.name)), plan)
    }),
  )
})

const approval = { payloads: new Set([payloadHash(payload)]), type: 'raw' as const, path: null }

async function asking(
  network: MemoryNetwork,
  who: Custodian,
  signers: readonly Custodian[] | null,
): Promise<Signed> {
  const key = await findKey(who.home, 'treasury')
  const named = signers && signers.map(({ card }) => card.fingerprint)
  const asked = { type: 'raw' as const, payload, path: null, reason: 'test', signers: named }
  return ask(worldOf(who, network.connect(who.member.name)), key, asked)
}

async function joining(network: MemoryNetwork, who: Custodian): Promise<Signed> {
  const key = await findKey(who.home, 'treasury')
  return join(worldOf(who, network.connect(who.member.name)), key, null, approval)
}

const openssl = (publicKey: Uint8Array, signature: Uint8Array) => {
  const key = { kty: 'OKP', crv: 'Ed25519', x: Buffer.from(publicKey).toString('base64url') }
  return verify(null, payload, createPublicKey({ key, format: 'jwk' }), signature)
}

describe('signing', () => {
  test.each([
    ['the first signer asks', 0, [0, 1]],
    ['the second signer asks', 1, [0, 1]],
    ['the last two sign', 1, [1, 2]],
    ['one asks who does not sign', 0, [1, 2]],
    ['whoever offers signs', 0, null],
  ] as const)('%s', async (_, asker, signing) => {
    const network = new MemoryNetwork()
    const signers = signing && signing.map((i) => everybody[i] as Custodian)
    const askerIs = everybody[asker] as Custodian
    const joiners = (signers ?? ([everybody[0], everybody[2]] as Custodian[])).filter(
      (who) => who !== askerIs,
    )
    const [first, ...others] = await Promise.all([
      asking(network, askerIs, signers),
      ...joiners.map((who) => joining(network, who)),
    ])
    const key = await findKey(askerIs.home, 'treasury')
    expect(openssl(recordPublicKey(key.record), only(first))).toBe(true)
    for (const other of others) {
      expect(hex(only(other))).toBe(hex(only(first)))
      expect(other.certificate).not.toBeNull()
    }
  })
})
