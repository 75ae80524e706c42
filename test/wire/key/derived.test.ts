import { describe, expect, test } from 'vitest'
import { derivePath } from '../../../src/protocol/group/derive.js'
import { publicKeyOf, SCHEMES } from '../../../src/protocol/group/scheme.js'
import { derivedKey } from '../../../src/wire/key/derived-key.js'
import { recordPublicKey } from '../../../src/wire/key/record.js'
import { failureOf, madeKey } from '../support.js'

describe('the key that a path leads to', () => {
  test.each(SCHEMES)('is the key itself where there is no path, %s', (scheme) => {
    const { record } = madeKey(scheme)
    expect(derivedKey(record, null)).toEqual({
      path: [],
      groupPoint: record.group_point,
      chainCode: record.chain_code,
      shift: 0n,
      publicKey: recordPublicKey(record),
    })
  })

  test.each(['ecdsa-secp256k1', 'schnorr-taproot'] as const)(
    'is derived from the group point, %s',
    (scheme) => {
      const { record } = madeKey(scheme)
      const derived = derivePath(record.group_point, record.chain_code as Uint8Array, [0, 7])
      expect(derivedKey(record, 'm/0/7')).toEqual({
        path: [0, 7],
        ...derived,
        publicKey: publicKeyOf(scheme, derived.groupPoint),
      })
    },
  )

  test.each([
    ["m/0'", 'step 1 is hardened (from 2147483648 on): that takes the private key, which exists nowhere'],
    ['m', 'not of the form m/0/1'],
  ])('is none for %s', (path, problem) => {
    expect(failureOf(() => derivedKey(madeKey('ecdsa-secp256k1').record, path))).toMatchObject({
      kind: 'usage',
      code: 'E_PATH',
      message: `the path does not lead to a key: ${problem}`,
    })
  })

  test('is none below an Ed25519 key', () => {
    expect(failureOf(() => derivedKey(madeKey('eddsa-ed25519').record, 'm/0'))).toMatchObject({
      kind: 'usage',
      code: 'E_PATH',
      message: 'no keys are derived from a key of eddsa-ed25519',
    })
  })
})
