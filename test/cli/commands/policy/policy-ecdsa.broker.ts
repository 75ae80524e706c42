/** A key with a policy, as scripts use it: explained, signed unattended, refused by the rule's name, approved, changed. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseTransaction, serializeTransaction, type TransactionSerialized } from 'viem'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Custodian, endOf, type Line, startMpc } from '../../../support/cli.js'
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

  test('signs once the treasurer has approved, who may be a signer too', async () => {
    const large = payment(800n)
    const { payload_sha256 } = await explained(large)
    const approve = `--approve sha256:${payload_sha256 as string}`
    const input = await file('large.hex', large)
    const rest = (name: string) => `--passphrase-file ${name}.pass --no-input --json`
    const asking = startMpc(
      pair.alice.home,
      `sign --key eth --type evm-tx --in ${input} --signers alice,bob ${approve} ${rest('alice')}`.split(' '),
      { cwd: pair.folder.dir, env: { MPC_NATS_URL: pair.server.url } },
    )
    const said = new Promise<string>((resolve) => {
      let shown = ''
      asking.stderr?.on('data', (chunk: Buffer) => {
        shown += chunk.toString()
        const id = /mpc approve ([0-9a-f]{64})/.exec(shown)?.[1]
        if (id) resolve(id)
      })
    })
    const ended = endOf(asking, ['--json'])
    const id = await said
    const approved = await pair.line(pair.bob, `approve ${id} --key eth ${approve} ${rest('bob')}`)
    expect(approved.json, approved.stderr).toMatchObject({
      code: 0,
      data: { titles: ['treasurer', 'custodians'] },
    })
    const own = await pair.line(pair.alice, `approve ${id} --key eth ${approve} ${rest('alice')}`)
    expect(own.code).not.toBe(0)
    const joined = await pair.line(pair.bob, `sign --key eth --next --type evm-tx ${approve} ${rest('bob')}`)
    const asked = await ended
    expect([asked.code, joined.code], asked.stderr + joined.stderr).toEqual([0, 0])
    expect(asked.json.data.outputs.raw_transaction).toBe(joined.json.data.outputs.raw_transaction)
  })

  test('has another policy once all custodians have agreed to it, and signs by that one', async () => {
    const before = await pair.about('policy show eth')
    const stricter = (before.policy.yaml as string)
      .replace('at-most: "0.5"', 'at-most: "0.1"')
      .replace('per-24h: "0.6"', 'per-24h: "2"')
    await file('stricter.yaml', stricter)
    const made = await pair.about('ceremony new policy --key eth --policy stricter.yaml -o p2.mpc --no-input')
    const apply = (name: string) =>
      `policy apply --definition p2.mpc --accept ${made.definition_id as string} --passphrase-file ${name}.pass --no-input --json`
    const alone = await pair.line(pair.alice, `${apply('alice')} --timeout 5s`)
    expect(alone.json).toMatchObject({ code: 5 })
    expect((await pair.about('policy show eth')).policy).toEqual(before.policy)
    const both = await Promise.all([pair.line(pair.alice, apply('alice')), pair.line(pair.bob, apply('bob'))])
    expect(both.map(({ code }) => code)).toEqual([0, 0])
    const { policy, epoch } = await pair.about('key show eth')
    expect([policy.number, epoch]).toEqual([2, 1])
    expect((await explained(payment(200n))).decision).toBe('deny')
    const small = payment(50n)
    const [a, b] = await signs(small, 'policy', 'policy')
    expect([a.code, b.code], a.stderr + b.stderr).toEqual([0, 0])
  })
})
