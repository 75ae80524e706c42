import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { sha256 } from '../../../../src/wire/base/hash.js'
import { hex } from '../../../../src/wire/base/text.js'
import { type Custodian, custodians, newKeygen, ROOT, scratch } from '../../../support/cli.js'

let dir: string
let remove: () => Promise<void>
let alice: Custodian

const EXAMPLE = join(ROOT, 'ceremonies', 'policies', 'trading-desk.yaml')

beforeAll(async () => {
  ;({ dir, remove } = await scratch())
  ;[alice] = (await custodians(dir, 'alice', 'bob')) as [Custodian, Custodian]
})
afterAll(() => remove())

const members = { '--members': 'alice,bob' }

describe('mpc ceremony new keygen --policy', () => {
  it('puts the policy into the ceremony file, whose screens have its digest and its rules in words', async () => {
    const digest = hex(sha256(await readFile(EXAMPLE)))
    const made = await alice.mpc([...newKeygen('k.mpc', { ...members, '--policy': EXAMPLE }), '--json'])
    expect(made.json).toMatchObject({ code: 0, data: { policy_sha256: digest } })
    const { stdout } = await alice.mpc(['ceremony', 'show', 'k.mpc'])
    const flat = stdout.replace(/\s+/g, ' ')
    expect(flat).toContain(`The key has a policy, sha256 ${digest}`)
    expect(flat).toContain('Recipient exchange: 0x52908400098527886e0f7030069857d2e4169ee7 on evm:1.')
    expect(flat).toContain('"no delegatecall" DENIES effect permit or delegatecall or unknown.')
    expect(flat).toContain(
      '"small payouts" allows type evm-tx; effect transfer; asset usdc at most 5000; to exchange; ' +
        'mon tue wed thu fri from 07:00 until 19:00 in Europe/Zurich. It demands: at most 5000 usdc per-request; ' +
        'at most 20000 usdc per-1h; at most 100000 usdc per-24h; no person here.',
    )
    expect(flat).toContain('1 of risk approve; approvals no older than 1h; a person here.')
  })

  it('says so where there is none', async () => {
    const made = await alice.mpc([...newKeygen('none.mpc', members), '--json'])
    expect(made.json.data.policy_sha256).toBeNull()
    const { stdout } = await alice.mpc(['ceremony', 'show', 'none.mpc'])
    expect(stdout).toContain('No policy.')
  })

  it('refuses a policy with mistakes, each by line and column, and makes nothing', async () => {
    await writeFile(
      join(dir, 'bad.yaml'),
      'format: mpc/policy/v1\nrules:\n  - name: a\n    wen: {}\nextra: 1\n',
    )
    const { json } = await alice.mpc([
      ...newKeygen('b.mpc', { ...members, '--policy': 'bad.yaml' }),
      '--json',
    ])
    expect([json.code, json.error.code]).toEqual([2, 'E_POLICY'])
    expect(json.error.message).toContain('bad.yaml:4:5 ')
    expect(json.error.message).toContain('bad.yaml:5:1 ')
    expect((await alice.mpc(['ceremony', 'show', 'b.mpc', '--json'])).json.error.code).toBe('E_NO_FILE')
  })

  it('takes it from a plan, by a path that begins at the plan', async () => {
    await mkdir(join(dir, 'plans'))
    await writeFile(join(dir, 'plans', 'rules.yaml'), await readFile(EXAMPLE))
    await writeFile(
      join(dir, 'plans', 'plan.yaml'),
      `format: mpc/plan/v1
kind: keygen
key: treasury
scheme: eddsa-ed25519
threshold: 2
members: [alice, bob]
policy: rules.yaml
`,
    )
    const from = ['ceremony', 'new', '--from', 'plans/plan.yaml', '-o', 'planned.mpc', '--json']
    const { json } = await alice.mpc(from)
    expect(json).toMatchObject({ code: 0, data: { policy_sha256: hex(sha256(await readFile(EXAMPLE))) } })
  })
})

describe('the flags of roles that are titles now', () => {
  it.each(['--operators', '--approvers'])(
    '%s is refused, and the hint says how a policy does it',
    async (flag) => {
      const { json } = await alice.mpc([...newKeygen('r.mpc', { ...members, [flag]: 'bob' }), '--json'])
      expect([json.code, json.error.code]).toEqual([2, 'E_USAGE'])
      expect(json.error.hint).toContain('--policy FILE')
    },
  )
})
