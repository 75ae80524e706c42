import { describe, expect, test } from 'vitest'
import { checkPayload } from '../../../src/ceremony/requests/approval.js'
import { sha256 } from '../../../src/wire/base/hash.js'
import type { Message } from '../../../src/payload/decoder.js'
import { raw } from '../../../src/payload/plain/raw.js'
import { hex } from '../../../src/wire/base/text.js'
import {
  agreedSignature,
  dealt,
  publicKeyOf,
  runSign,
  verifiesElsewhere,
} from '../../protocol/cggmp24/signing.js'
import { codeOf } from '../../support/keys.js'

/** BIP-143, "Native P2WPKH": what is hashed for the second input, as the BIP prints it, and its signature hash. */
const PREIMAGE =
  '0100000096b827c8483d4e9b96712b6713a7b68d6e8003a781feba36c31143470b4efd3752b0a642eea2fb7ae638c36f6252b6750293dbe574' +
  'a806984b8e4d8548339a3bef51e1b804cc89d182d279655c3aa89e815b1b309fe287d9b2b55d57b90ec68a010000001976a9141d0f172a0ecb' +
  '48aee1be1f2687d2963ae33f71a188ac0046c32300000000ffffffff863ef3e1a92afbfdb97f31ad0fc7683ee943e9abcf2501590ff8f6551f' +
  '47e5e51100000001000000'
const SIGHASH = 'c37af31116d1b27caf68aae9e3ac82f1477929014d5b917657d0eb49478cb670'
const once = sha256(Uint8Array.from(Buffer.from(PREIMAGE, 'hex')))

describe('32 bytes', () => {
  test('under ECDSA are what a Bitcoin payment is signed by', () => {
    const keys = dealt(2, 2)
    const record = { scheme: 'ecdsa-secp256k1', group_point: publicKeyOf(keys), chain_code: null } as const
    const [{ message: digest }] = raw.decode(once, { record, path: null }).messages as [Message]
    expect(hex(digest)).toBe(SIGHASH)
    const signature = agreedSignature(runSign(keys, [1, 2], { digest }))
    const sighash = Uint8Array.from(Buffer.from(SIGHASH, 'hex'))
    expect(verifiesElsewhere(publicKeyOf(keys), sighash, signature)).toBe(true)
  })

  test.each([
    ['raw', once],
    ['raw', Buffer.alloc(32, 'a')],
    ['text', Buffer.alloc(32, 'a')],
    ['text', once],
    ['digest', once],
  ] as const)('are refused as %s', async (type, payload) => {
    expect(await codeOf(Promise.resolve().then(() => checkPayload(type, payload)))).toBe('E_DIGEST')
  })

  test.each([31, 33, 64])('are refused, not %i', (length) => {
    expect(() => checkPayload('raw', Buffer.alloc(length))).not.toThrow()
    expect(() => checkPayload('text', Buffer.alloc(length, 'a'))).not.toThrow()
  })
})
