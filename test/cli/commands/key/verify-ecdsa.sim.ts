/** `mpc verify` of the two forms that an ECDSA signature has. */
import { createHash, createPublicKey, verify } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { secp256k1 } from '@noble/curves/secp256k1.js'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { hasHighS, verifiesUnder } from '../../../../src/wire/ceremony/signature.js'
import { hex } from '../../../../src/wire/base/text.js'
import { mpc, type Ran, scratch } from '../../../support/cli.js'

const message = Buffer.from('pay 1 to the bearer')
const digest = Uint8Array.from(createHash('sha256').update(message).digest())
const secret = new Uint8Array(32).fill(7)
const publicKey = secp256k1.getPublicKey(secret)
const low = secp256k1.sign(digest, secret, { prehash: false, lowS: true })
const { r, s } = secp256k1.Signature.fromBytes(low)
const high = new secp256k1.Signature(r, secp256k1.Point.Fn.ORDER - s).toBytes()

let dir: string
let remove: () => Promise<void>
beforeAll(async () => {
  ;({ dir, remove } = await scratch())
  await writeFile(join(dir, 'message'), message)
})
afterAll(() => remove())

const verified = (signature: Uint8Array): Promise<Ran> => {
  const flags = ['--public-key', hex(publicKey), '--scheme', 'ecdsa-secp256k1', '--signature', hex(signature)]
  return mpc(join(dir, 'nobody'), ['verify', '--in', 'message', ...flags, '--json'], { cwd: dir })
}

test('the low one is valid; the high one is, for OpenSSL, and no chain takes it: 9', async () => {
  expect((await verified(low)).json).toMatchObject({ code: 0, data: { valid: true } })
  const spki = Buffer.concat([
    Buffer.from('3036301006072a8648ce3d020106052b8104000a032200', 'hex'),
    publicKey,
  ])
  const key = createPublicKey({ key: spki, format: 'der', type: 'spki' })
  expect(verify('sha256', message, { key, dsaEncoding: 'ieee-p1363' }, high)).toBe(true)
  const refused = await verified(high)
  expect(refused.json).toMatchObject({ code: 9, error: { code: 'E_SIGNATURE_HIGH_S' } })
  expect(refused.json.error.message).toBe('the signature is valid, but s is high (BIP-62): chains refuse it')
})

test('the high one is said to be high in a file of any form', async () => {
  const der = new secp256k1.Signature(r, secp256k1.Point.Fn.ORDER - s).toBytes('der')
  for (const [name, bytes] of Object.entries({ der, raw: high, hex: hex(high), text: hex(der) })) {
    await writeFile(join(dir, name), bytes)
    const flags = ['--public-key', hex(publicKey), '--scheme', 'ecdsa-secp256k1', '--signature-file', name]
    const ran = await mpc(join(dir, 'nobody'), ['verify', '--in', 'message', ...flags, '--json'], {
      cwd: dir,
    })
    expect(ran.json, name).toMatchObject({ code: 9, error: { code: 'E_SIGNATURE_HIGH_S' } })
  }
})

test('a signature of something else is not called high, whatever its s is', async () => {
  for (const [signature, of] of [
    [high, Uint8Array.from(createHash('sha256').update('other').digest())],
    [low, digest],
    [new Uint8Array(64), digest],
    [high.slice(1), digest],
  ] as const) {
    expect(hasHighS(publicKey, of, signature)).toBe(false)
  }
  expect(hasHighS(publicKey, digest, high)).toBe(true)
  expect(verifiesUnder('ecdsa-secp256k1', publicKey, digest, high)).toBe(false)
  const other = high.map((byte, i) => (i === 0 ? byte ^ 1 : byte))
  expect((await verified(other)).json).toMatchObject({ code: 9, error: { code: 'E_SIGNATURE_INVALID' } })
})
