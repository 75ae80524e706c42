/** The outline of a payload, without a key: the same as with one, but for who signs. */
import { expect, test } from 'vitest'
import { eip191 } from '../../../src/payload/evm/eip191.js'
import { eip712 } from '../../../src/payload/evm/eip712.js'
import { evmTx } from '../../../src/payload/evm/evm-tx.js'
import type { Decoder, View } from '../../../src/payload/decoder.js'
import { ALICE, BOB, encoded, key, transaction, USDC } from './encoded.js'
import { assembled, bytesOf, decoded, failureOf, textBytes } from './subjects.js'
import { jsonOf, typedData } from './typed.js'

const outline = ({ outline: of }: Decoder, payload: Uint8Array): View => of(payload)
const anonymous = (view: View): string =>
  JSON.stringify(view, (_, value: unknown) => (typeof value === 'bigint' ? `${value}` : value)).replaceAll(
    key.address,
    'the key that signs',
  )

const permit = typedData(
  'Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)',
  USDC,
  { owner: ALICE, spender: BOB, value: 5, nonce: 0, deadline: 0 },
)

test.each([
  ['a transaction', evmTx, transaction(USDC, encoded('approve(address,uint256)', BOB, 5n))],
  ['a message', eip191, textBytes('Hello')],
])('of %s is that with a key', (_, decoder, payload) => {
  expect(anonymous(outline(decoder, payload))).toBe(anonymous(decoded(decoder, payload, key).view))
})

test('of a permit does not compare its owner with a key', () => {
  expect(outline(eip712, jsonOf(permit)).warnings).toEqual([])
  expect(decoded(eip712, jsonOf(permit), key).view.warnings[0]).toContain('is not this key')
})

test('of a signed transaction names who signed it', () => {
  const raw = bytesOf(assembled(evmTx, transaction(BOB, '0x'), key)['raw_transaction'] as string)
  const view = outline(evmTx, raw)
  expect(view.rows).toContainEqual({ label: 'from', value: key.address })
  expect(view.warnings).toEqual([
    `The transaction was signed by ${key.address} before; that signature is replaced.`,
  ])
})

test('of a new contract has no address before its maker is known', () => {
  const view = outline(evmTx, transaction(BOB, '0x6000', { to: undefined }))
  expect(view.sentence).toBe('Deploys a contract on Ethereum (chain 1).')
  expect(view.effects[0]).toMatchObject({ kind: 'deploy', recipient: null })
})

test.each([
  ['a transaction', evmTx],
  ['typed data', eip712],
])('of what is no %s is refused', (_, decoder) => {
  expect(failureOf(() => outline(decoder, Uint8Array.of(5, 5)))).toMatchObject({ code: 'E_PAYLOAD' })
})
