/** A key among three custodians on disk, and the two ways to take part in a signature with it. */
import { createPublicKey, randomBytes, verify } from 'node:crypto'
import { findKey } from '../../src/ceremony/epochs/find-key.js'
import { planKeygen, runKeygen } from '../../src/ceremony/dkg/keygen.js'
import { type Approval, ask, join, payloadHash } from '../../src/ceremony/signing/ask-and-join.js'
import type { Signed } from '../../src/ceremony/signing/finished-signature.js'
import type { World } from '../../src/ceremony/world.js'
import { MemoryNetwork } from '../../src/messaging/transport/memory.js'
import { recordPublicKey } from '../../src/wire/key/record.js'
import { keygenDefinition } from './members.js'
import { type Custodian, custodians, fileOf, worldOf } from './worlds.js'

export type Three = readonly [Custodian, Custodian, Custodian]

/** Alice, bob and carol, of whom two must sign with `treasury`. */
export async function withKey(): Promise<Three> {
  const everybody = (await custodians('alice', 'bob', 'carol')) as [Custodian, Custodian, Custodian]
  const network = new MemoryNetwork()
  const file = fileOf(keygenDefinition(everybody))
  await Promise.all(
    everybody.map(async (custodian) => {
      const plan = await planKeygen(custodian.home, custodian.card, file, Date.now())
      return runKeygen(worldOf(custodian, network.connect(custodian.member.name)), plan)
    }),
  )
  return everybody
}

/** Bytes that nobody was asked to sign before. */
export const somePayload = (): Uint8Array => Uint8Array.from(randomBytes(40))

export const approving = (...payloads: readonly Uint8Array[]): Approval => ({
  payloads: new Set(payloads.map(payloadHash)),
  type: 'raw',
  path: null,
})

export async function asks(
  world: World,
  payload: Uint8Array,
  signers: readonly Custodian[] | null,
): Promise<Signed> {
  const key = await findKey(world.home, 'treasury')
  const named = signers && signers.map(({ card }) => card.fingerprint)
  return ask(world, key, { type: 'raw', payload, path: null, reason: 'test', signers: named })
}

export async function joins(world: World, approval: Approval, which: string | null = null): Promise<Signed> {
  return join(world, await findKey(world.home, 'treasury'), which, approval)
}

/** Whether OpenSSL accepts the signature under the key of this home. */
export async function isValid(
  { home }: Custodian,
  payload: Uint8Array,
  signature: Uint8Array,
): Promise<boolean> {
  const { record } = await findKey(home, 'treasury')
  const jwk = { kty: 'OKP', crv: 'Ed25519', x: Buffer.from(recordPublicKey(record)).toString('base64url') }
  return verify(null, payload, createPublicKey({ key: jwk, format: 'jwk' }), signature)
}
