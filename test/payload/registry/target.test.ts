/** The target of a request, computed from its payload. */
import { describe, expect, test } from 'vitest'
import { areSignatures, type Target, targetOf, toSign } from '../../../src/payload/registry/target.js'
import type { Failure } from '../../../src/wire/base/failure.js'
import { sha256 } from '../../../src/wire/base/hash.js'
import { derivedKey } from '../../../src/wire/key/derived-key.js'
import { madeKey, utf8 } from '../../wire/support.js'
import { keyOf, runSign, verifiesElsewhere } from '../../protocol/frost/party.js'
import { outputs } from '../../support/simulate.js'

const payload = utf8('pay 1 to the bearer')
const asked = { type: 'raw', payload, path: null }
const refusal = (promise: Promise<unknown>): Promise<Failure> =>
  promise.then(
    () => Promise.reject(new Error('it is not refused')),
    (error: Failure) => error,
  )

describe('the target of a request', () => {
  test('has the messages of the decoder, each with the key of its path', async () => {
    for (const [scheme, message] of [
      ['eddsa-ed25519', payload],
      ['schnorr-taproot', payload],
      ['ecdsa-secp256k1', sha256(payload)],
    ] as const) {
      const { record } = madeKey(scheme)
      const { entries, decoded } = await targetOf(record, asked)
      expect(entries).toEqual([{ path: null, message, key: derivedKey(record, null) }])
      expect(decoded.messages).toEqual([{ path: null, message }])
      if (scheme === 'eddsa-ed25519') continue
      const derived = await targetOf(record, { ...asked, path: 'm/0/7' })
      expect(derived.entries).toMatchObject([{ path: 'm/0/7', message, key: derivedKey(record, 'm/0/7') }])
      expect(toSign(derived)).toEqual([{ message, shift: derivedKey(record, 'm/0/7').shift }])
    }
  })

  test.each<[string, object, string]>([
    ['a type without a decoder', { type: 'evm-9' }, 'E_TYPE'],
    ['a type that keys of the scheme do not sign', { type: 'evm-tx' }, 'E_TYPE'],
    ['a payload of another type', { type: 'text', payload: new Uint8Array([0xff]) }, 'E_PAYLOAD'],
    ['a path of a key without derived keys', { path: 'm/0' }, 'E_PATH'],
  ])('is refused for %s', async (_, change, code) => {
    const { record } = madeKey('eddsa-ed25519')
    expect(await refusal(targetOf(record, { ...asked, ...change }))).toMatchObject({ code })
  })
})

test('signatures are checked all together, in their order, by an ordinary verifier', async () => {
  const shares = keyOf('eddsa-ed25519', 2, 2)
  const key = shares.get(1)?.groupPoint as Uint8Array
  const { record } = madeKey('eddsa-ed25519')
  const messages = [payload, utf8('pay 2')]
  const [one, two] = messages.map(
    (message) => outputs(runSign(shares, [1, 2], message)).get(1) as Uint8Array,
  ) as [Uint8Array, Uint8Array]
  expect(verifiesElsewhere('eddsa-ed25519', key, payload, one)).toBe(true)
  const { decoded } = await targetOf(record, asked)
  const target: Target = {
    scheme: 'eddsa-ed25519',
    decoded,
    entries: messages.map((message) => ({
      path: null,
      message,
      key: derivedKey({ ...record, group_point: key }, null),
    })),
    foreignInputs: null,
  }
  expect(areSignatures(target, [one, two])).toBe(true)
  for (const wrong of [
    [two, one],
    [one],
    [one, two, two],
    [],
    [one, one],
    [one, two.with(0, (two[0] as number) ^ 1)],
  ]) {
    expect(areSignatures(target, wrong)).toBe(false)
  }
})
