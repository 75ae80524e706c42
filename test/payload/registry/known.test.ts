/** Names that a policy gives to tokens, recipients and calls: they come first, and the view says whose they are. */
import { describe, expect, test } from 'vitest'
import type { Known, Subject, View } from '../../../src/payload/decoder.js'
import { evmTx } from '../../../src/payload/evm/evm-tx.js'
import { eip712 } from '../../../src/payload/evm/eip712.js'
import { psbt } from '../../../src/payload/bitcoin/psbt.js'
import { checked } from '../../../src/payload/registry/registry.js'
import { targetOf } from '../../../src/payload/registry/target.js'
import { failureOf } from '../../wire/support.js'
import { PAYEE, psbtOf, Wallet } from '../bitcoin/wallet.js'
import { BOB, encoded, key, SOMETHING, transaction, USDC } from '../evm/encoded.js'
import { jsonOf, typedData } from '../evm/typed.js'

const TOKENS = [
  { chain: 'evm:1', contract: USDC.toLowerCase(), name: 'treasury-usdc', decimals: 6 },
  { chain: 'evm:1', contract: SOMETHING, name: 'shares', decimals: 2 },
]
const LABELS = [
  { chain: 'evm:1', address: BOB.toLowerCase(), name: 'exchange' },
  { chain: 'bitcoin', address: PAYEE.address, name: 'cold-store' },
]
const known: Known = { tokens: TOKENS, labels: LABELS }

const rows = ({ rows: all }: View, label: string): string[] =>
  all.filter((row) => row.label === label).map(({ value }) => value)
const transfer = (token: string) => transaction(token, encoded('transfer(address,uint256)', BOB, 1_234_500n))
const shown = (payload: Uint8Array, names?: Known): View => {
  const subject: Subject = { ...key.subject, ...(names && { known: names }) }
  return checked(evmTx).decode(payload, subject).view
}

describe('a token of the policy', () => {
  test('is named and counted as the policy says, before the list of this program', () => {
    const view = shown(transfer(USDC), known)
    expect(rows(view, 'token')).toEqual([`treasury-usdc, ${USDC} (named by your policy)`])
    expect(rows(view, 'amount')).toEqual(['1.2345 treasury-usdc (1234500 of its smallest unit)'])
    expect(view.sentence).toContain('1.2345 treasury-usdc')
    expect(view.warnings).toEqual([])
  })

  test('that this program does not know is no unknown one', () => {
    const view = shown(transfer(SOMETHING), known)
    expect(rows(view, 'amount')).toEqual(['12345 shares (1234500 of its smallest unit)'])
    expect(view.warnings).toEqual([])
    expect(shown(transfer(SOMETHING)).warnings[0]).toContain(`The token ${SOMETHING} is not known here`)
  })

  test('is another one on another chain', () => {
    const elsewhere = { ...known, tokens: TOKENS.map((token) => ({ ...token, chain: 'evm:10' })) }
    expect(rows(shown(transfer(USDC), elsewhere), 'token')).toEqual([
      `USDC, ${USDC} (known to this program's list, not to your policy)`,
    ])
    expect(rows(shown(transfer(SOMETHING), elsewhere), 'token')).toEqual([`${SOMETHING}, not known here`])
  })

  test('is named in typed data too', () => {
    const data = typedData(
      'Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)',
      USDC,
      { owner: key.address, spender: BOB, value: 5_000_000, nonce: 0, deadline: 0 },
    )
    const view = checked(eip712).decode(jsonOf(data), { ...key.subject, known }).view
    expect(view.sentence).toContain('5 treasury-usdc')
    expect(view.rows[0]).toEqual({ label: 'by your policy', value: 'permit of 5 treasury-usdc to exchange' })
  })
})

describe('effects of which the policy names the asset or the recipient', () => {
  test('stand first, in its words, and are the same effects as without', () => {
    const view = shown(transfer(USDC), known)
    expect(view.rows[0]).toEqual({
      label: 'by your policy',
      value: 'transfer of 1.2345 treasury-usdc to exchange',
    })
    expect(rows(view, 'by your policy')).toHaveLength(1)
    expect(view.effects).toEqual(shown(transfer(USDC)).effects)
    expect(rows(shown(transfer(USDC)), 'by your policy')).toEqual([])
  })

  test('are those of a PSBT too', async () => {
    const wallet = new Wallet('ecdsa-secp256k1')
    const file = psbt.read(psbtOf(wallet, [{}], [{ script: PAYEE.output, amount: 90_000n }]))
    const { record } = wallet.subject()
    const { decoded } = await targetOf(record, { type: 'psbt', payload: file, path: null }, known)
    expect(decoded.view.rows[0]).toEqual({ label: 'by your policy', value: 'transfer to cold-store' })
    const native = { ...known, tokens: [{ chain: 'bitcoin', contract: 'native', name: 'btc', decimals: 8 }] }
    const named = await targetOf(record, { type: 'psbt', payload: file, path: null }, native)
    expect(rows(named.decoded.view, 'by your policy')).toEqual([
      'transfer of 0.0009 btc to cold-store',
      'fee of 0.0001 btc',
    ])
  })

  test('have names that can be shown', () => {
    const hostile = { ...known, labels: [{ chain: 'evm:1', address: BOB, name: 'ex\u202echange' }] }
    expect(failureOf(() => shown(transfer(USDC), hostile))).toMatchObject({ code: 'E_PAYLOAD' })
  })
})

describe('a descriptor that the caller hands in', () => {
  const json = JSON.parse(
    JSON.stringify({
      context: { contract: { deployments: [{ chainId: 10, address: SOMETHING }] } },
      metadata: { owner: 'Vault Makers' },
      display: {
        formats: {
          'store(uint256 amount)': {
            intent: 'Store coins',
            fields: [{ path: 'amount', label: 'Coins', format: 'tokenAmount', params: { token: USDC } }],
          },
        },
      },
    }),
  ) as unknown
  const call = transaction(SOMETHING, encoded('store(uint256)', 7_000_000n))
  const contracts = [{ chain: 'evm:1', contract: SOMETHING.toLowerCase() }]

  test('counts for the contracts that are named beside it', () => {
    const view = shown(call, { ...known, descriptors: [{ json, contracts }] })
    expect(view.sentence).toContain('Store coins')
    expect(view.rows.find(({ label }) => label.includes('Coins'))?.value).toContain('7 treasury-usdc')
  })

  test('counts for no others', () => {
    for (const descriptors of [
      [{ json, contracts: [] }],
      [{ json, contracts: [{ chain: 'evm:5', contract: SOMETHING }] }],
      [{ json, contracts: [{ chain: 'evm:1', contract: BOB }] }],
    ])
      expect(shown(call, { ...known, descriptors }).sentence).toMatch(/^Calls the unknown function/)
  })

  test('that is none is refused as what it is', () => {
    expect(failureOf(() => shown(call, { ...known, descriptors: [{ json: {}, contracts }] }))).toMatchObject({
      kind: 'configuration',
      code: 'E_DESCRIPTOR',
    })
  })
})
