import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { sha256 } from '../../../../src/wire/base/hash.js'
import { hex } from '../../../../src/wire/base/text.js'
import { type Custodian, custodians, ROOT, scratch } from '../../../support/cli.js'

let dir: string
let remove: () => Promise<void>
let alice: Custodian
let bob: Custodian

const GOLDEN = join(ROOT, 'test', 'golden', 'policies')
const EXAMPLES = ['cold-vault', 'daily-limit', 'payroll', 'role-approvals', 'time-lock', 'trading-desk']
const exampleOf = (name: string): string => join(ROOT, 'ceremonies', 'policies', `${name}.yaml`)

beforeAll(async () => {
  ;({ dir, remove } = await scratch())
  ;[alice, bob] = (await custodians(dir, 'alice', 'bob')) as [Custodian, Custodian]
})
afterAll(() => remove())

const SIZE = ['--threshold', '2', '--custodians', '3']

describe('mpc policy check', () => {
  it.each(EXAMPLES)('says for machines what %s means', async (name) => {
    const { json } = await alice.mpc(['policy', 'check', exampleOf(name), ...SIZE, '--json'])
    expect(json).toMatchObject({
      ok: true,
      code: 0,
      data: { file: exampleOf(name), mistakes: [], names: null },
    })
    const { file: _, ...data } = json.data
    const path = join(GOLDEN, `${name}.json`)
    if (process.env['UPDATE_SCREENS'] === '1') {
      mkdirSync(GOLDEN, { recursive: true })
      writeFileSync(path, `${JSON.stringify(data, null, 2)}\n`)
    }
    expect(data).toEqual(JSON.parse(readFileSync(path, 'utf8')))
    expect(data.policy_sha256).toBe(hex(sha256(readFileSync(exampleOf(name)))))
  })

  it('says it in words: rules, limits with corrupt custodians, advice, and how rules are read', async () => {
    const { stdout, code } = await alice.mpc(['policy', 'check', exampleOf('trading-desk'), ...SIZE])
    expect(code).toBe(0)
    const flat = stdout.replace(/\s+/g, ' ')
    for (const words of [
      '"no delegatecall" DENIES effect permit or delegatecall or unknown.',
      'The limit per-24h of "small payouts" is 100000 usdc. With 0 corrupt custodians it is at worst 150000 usdc. ' +
        'With 1 corrupt custodian it is at worst 200000 usdc. ' +
        'With 2 corrupt custodians there is no limit: they sign by themselves.',
      '"usual fees" bounds the amount of each effect',
      'A rule that denies wins over all rules that allow',
      'enough custodians with other programs can sign anything',
    ])
      expect(flat).toContain(words)
    expect(flat).not.toContain('not known here')
  })

  it('leaves out what depends on how many custodians there are, unless somebody says so', async () => {
    const { stdout } = await alice.mpc(['policy', 'check', exampleOf('daily-limit')])
    expect(stdout).not.toContain('corrupt')
    const { json } = await alice.mpc(['policy', 'check', exampleOf('daily-limit'), '--json'])
    expect(json.data).toMatchObject({ threshold: null, custodians: null, worst_case: [] })
    expect(json.data.limits.length).toBeGreaterThan(0)
  })

  it('names every mistake by line and column, in words and as data', async () => {
    const bad = [
      'format: mpc/policy/v2',
      'titles:',
      '  chiefs: [12ab]',
      'rules:',
      '  - name: a',
      '    wen: {}',
      '    when: { asset: [gold], amount: { at-most: 5 } }',
      '    delay: soon',
      'extra: 1',
      '',
    ]
    await writeFile(join(dir, 'bad.yaml'), bad.join('\n'))
    const places = ['1:9', '3:11', '6:5', '7:20', '7:47', '8:12', '9:1']
    const { json } = await alice.mpc(['policy', 'check', 'bad.yaml', '--json'])
    expect(json).toMatchObject({
      ok: false,
      code: 2,
      error: { code: 'E_POLICY' },
      data: { file: join(dir, 'bad.yaml'), rules: [], limits: [], worst_case: [], advice: [], names: null },
    })
    const mistakes = json.data.mistakes as { line: number; column: number; problem: string }[]
    expect(mistakes.map(({ line, column }) => `${line}:${column}`)).toEqual(places)
    const { code, stdout, stderr } = await alice.mpc(['policy', 'check', 'bad.yaml'])
    expect([code, stdout]).toEqual([2, ''])
    const lines = stderr.split('\n').map((line) => line.trim())
    for (const place of places) {
      expect(lines.filter((line) => line.startsWith(`bad.yaml:${place} `))).toHaveLength(1)
    }
  })

  it('names the place of what cannot be read at all', async () => {
    await writeFile(join(dir, 'latin.yaml'), Uint8Array.of(0xff, 0xfe))
    await writeFile(join(dir, 'open.yaml'), 'format: [\n')
    for (const file of ['latin.yaml', 'open.yaml']) {
      const { json } = await alice.mpc(['policy', 'check', file, '--json'])
      expect(json).toMatchObject({ code: 2, error: { code: 'E_POLICY' } })
      expect(json.data.mistakes[0].line).toBeGreaterThan(0)
      expect(json.data.mistakes[0].problem.length).toBeGreaterThan(5)
    }
  })

  it('with --names gives fingerprints the names known here, and lists the others', async () => {
    const stranger = 'ab'.repeat(32)
    const [mine, his] = [alice, bob].map(({ fingerprint }) => fingerprint)
    const policy = `format: mpc/policy/v1\ntitles:\n  chiefs: [${his}, ${stranger}]\nrules:\n  - name: a\n    when: {}\n`
    await writeFile(join(dir, 'named.yaml'), policy)
    const { json } = await alice.mpc(['policy', 'check', 'named.yaml', '--names', '--json'])
    expect(json.data.names).toEqual([
      { title: 'chiefs', fingerprint: his, name: 'bob', status: 'verified' },
      { title: 'chiefs', fingerprint: stranger, name: null, status: null },
      { title: null, fingerprint: mine, name: 'alice', status: 'self' },
    ])
    const { stdout } = await alice.mpc(['policy', 'check', 'named.yaml', '--names'])
    expect(stdout).toMatch(new RegExp(`chiefs +${his} +bob \\(verified\\)`))
    expect(stdout).toMatch(new RegExp(`chiefs +${stranger} +not known here`))
    expect(stdout).toMatch(new RegExp(`no title +${mine} +alice \\(you\\)`))
  })

  it('reads from stdin, and takes the size from one place', async () => {
    const bytes = readFileSync(exampleOf('payroll'))
    const { json } = await alice.mpc(['policy', 'check', '-', '--json'], { input: bytes })
    expect(json.data).toMatchObject({ file: null, policy_sha256: hex(sha256(bytes)) })
    for (const flags of [
      ['--threshold', '2'],
      ['--custodians', '3'],
      ['--threshold', '4', '--custodians', '3'],
      ['--key', 'treasury', ...SIZE],
    ]) {
      const { json: refused } = await alice.mpc(['policy', 'check', exampleOf('payroll'), ...flags, '--json'])
      expect(refused).toMatchObject({ code: 2, error: { code: 'E_USAGE' } })
    }
    const absent = await alice.mpc(['policy', 'check', exampleOf('payroll'), '--key', 'nobody', '--json'])
    expect(absent.json).toMatchObject({ code: 3, error: { code: 'E_NO_KEY' } })
  })
})
