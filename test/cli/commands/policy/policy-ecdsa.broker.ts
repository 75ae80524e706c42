/** A key with a policy, as scripts use it: explained, signed unattended, refused by the rule's name, approved, changed. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseTransaction, serializeTransaction, type TransactionSerialized } from 'viem'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Custodian, Line } from '../../../support/cli.js'
import { SHOP } from '../../../support/payloads.js'
import { Pair } from '../../../support/signed-payloads.js'

const FINNEY = 1_000_000_000_000_000n

const policyOf = (_: Custodian, bob: Custodian): string => `format: mpc/policy/v1
titles:
  treasurer: ["${bob.fingerprint}"]
assets:
  eth: { chain: "evm:1", contract: native, decimals: 18 }
recipients:
  shop: { chain: "evm:1", address: "${SHOP}" }
rules:
  - name: no surprises
    deny: true
    when: { effect: [delegatecall, unknown, permit] }
  - name: small payouts
    when: { type: [evm-tx], effect: [transfer], asset: [eth], to: [shop], amount: { at-most: "0.5" } }
    limit: { per-24h: "0.6" }
    unattended: true
  - name: large payouts
    when: { type: [evm-tx], effect: [transfer], asset: [eth], to: [shop], amount: { above: "0.5" } }
    approvals: [{ title: treasurer, of: 1 }]
`

let nonce = 0
const payment = (finneys: bigint, to: string = SHOP): string =>
  serializeTransaction({
    type: 'eip1559',
    chainId: 1,
    nonce: nonce++,
    gas: 21_000n,
    maxFeePerGas: 30_000_000_000n,
    maxPriorityFeePerGas: 1_000_000_000n,
    to: to as `0x${string}`,
    value: finneys * FINNEY,
  })

describe('a key with a policy', () => {
  let pair: Pair
  const file = async (name: string, content: string): Promise<string> => {
    await writeFile(join(pair.folder.dir, name), content)
    return name
  }
  const explained = async (content: string): Promise<Line['data']> =>
    pair.about(`policy explain --key eth --type evm-tx --in ${await file('explained.hex', content)}`)
  /** Alice asks and bob joins, each with its own approval. */
  const signs = async (content: string, asks: string, joins: string, timeout = '2m') => {
    const input = await file(`tx-${nonce}.hex`, content)
    const rest = (name: string) => `--timeout ${timeout} --passphrase-file ${name}.pass --no-input --json`
    const asked = `--key eth --type evm-tx --in ${input} --signers alice,bob --approve ${asks}`
    return Promise.all([
      pair.line(pair.alice, `sign ${asked} ${rest('alice')}`),
      pair.line(pair.bob, `sign --key eth --next --type evm-tx --approve ${joins} ${rest('bob')}`),
    ])
  }

  beforeAll(async () => {
    pair = await Pair.of('eth', 'ecdsa-secp256k1', policyOf)
  }, 600_000)
  afterAll(() => pair.end())

  test('explains a payload without signing it, and signs as it explained', async () => {
    const small = payment(400n)
    const told = await explained(small)
    expect(told).toMatchObject({
      decision: 'allow',
      rules: ['small payouts'],
      unattended: true,
      limits: [{ rule: 'small payouts', limit: 'per-24h', used: '0', adds: String(400n * FINNEY) }],
    })
    const [a, b] = await signs(small, 'policy', 'policy')
    expect([a.code, b.code], `${a.stderr}${b.stderr}`).toEqual([0, 0])
    const { raw_transaction } = a.json.data.outputs as { raw_transaction: TransactionSerialized }
    expect(parseTransaction(raw_transaction)).toMatchObject({ to: SHOP.toLowerCase(), value: 400n * FINNEY })
    const again = payment(400n)
    expect(await explained(again)).toMatchObject({
      decision: 'deny',
      rules: ['small payouts'],
      limits: [{ used: String(400n * FINNEY), fits: false }],
    })
    const [refused] = await signs(again, 'policy', 'policy', '15s')
    expect(refused.json).toMatchObject({ code: 8, error: { code: 'E_POLICY_DENIES' } })
    expect(refused.json.error.message).toContain('"small payouts"')
  })

  test('is refused by name what a rule denies, and what none allows', async () => {
    const stranger = '0x000000000000000000000000000000000000dEaD'
    expect(await explained(payment(1n, stranger))).toMatchObject({ decision: 'deny', rules: [] })
    const call = serializeTransaction({
      type: 'eip1559',
      chainId: 1,
      nonce: 99,
      gas: 90_000n,
      maxFeePerGas: 30_000_000_000n,
      to: SHOP,
      data: '0xdeadbeef',
    })
    expect(await explained(call)).toMatchObject({ decision: 'deny', rules: ['no surprises'] })
    const [refused] = await signs(call, 'policy', 'policy', '15s')
    expect(refused.json).toMatchObject({ code: 8, error: { code: 'E_POLICY_DENIES' } })
    expect(refused.json.error.message).toContain('"no surprises"')
  })

  test('wants a person or a named payload where the rule is attended, and waits for its approval', async () => {
    const large = payment(700n)
    expect(await explained(large)).toMatchObject({
      decision: 'needs',
      rules: ['large payouts'],
      unattended: false,
      needs: [{ what: 'approvals', title: 'treasurer', of: 1, have: 0 }],
    })
    const [unattended] = await signs(large, 'policy', 'policy', '15s')
    expect(unattended.json).toMatchObject({ code: 8, error: { code: 'E_ATTENDED' } })
    expect(unattended.json.error.message).toContain('"large payouts"')
    const { payload_sha256 } = await explained(large)
    const hash = `sha256:${payload_sha256 as string}`
    const [waited] = await signs(large, hash, hash, '15s')
    expect(waited.json).toMatchObject({ code: 5 })
    expect(waited.json.error.message).toContain('treasurer')
  })
})
