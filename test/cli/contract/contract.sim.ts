import { readFileSync, readdirSync } from 'node:fs'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { CATALOGUE, exitsOf } from '../../../src/cli/catalogue/catalogue.js'
import { EXITS } from '../../../src/cli/catalogue/exits.js'
import { CONTRACT } from '../../../src/cli/contract/contract.js'
import { exitCodeOf } from '../../../src/cli/terminal/exit.js'
import { present } from '../../../src/cli/runtime/result.js'
import { makeStyle } from '../../../src/cli/terminal/style.js'
import { Failure } from '../../../src/wire/base/failure.js'
import { type Custodian, custodians, mpc, newKeygen, ROOT, scratch } from '../../support/cli.js'

const GOLDEN = join(ROOT, 'test', 'golden', 'v1', 'cli')
const plain = makeStyle(false, true)
const KINDS = [
  'usage',
  'configuration',
  'network',
  'absent',
  'authentication',
  'abort',
  'refused',
  'verification',
  'decryption',
  'conflict',
  'doubt',
  'interrupted',
] as const

let dir: string
let remove: () => Promise<void>
let alice: Custodian
let bob: Custodian

beforeAll(async () => {
  ;({ dir, remove } = await scratch())
  ;[alice, bob] = (await custodians(dir, 'alice', 'bob')) as [Custodian, Custodian]
})
afterAll(() => remove())

/** Masks what differs from run to run. */
function masked(line: string, folder: string): string {
  return line
    .replaceAll(folder, '/FOLDER')
    .replace(/"words":\[[^\]]*\]/g, '"words":["WORDS"]')
    .replace(/mpccard1[a-z0-9]+/g, 'CARD')
    .replace(/"[0-9a-f]{64}"/g, '"HEX32"')
    .replace(/\b[0-9a-f]{64}\b/g, 'HEX32')
    .replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/g, 'TIME')
}

describe('--json', () => {
  it('prints what the golden files hold', async () => {
    const lines: Readonly<Record<string, readonly string[]>> = {
      'identity-show': ['identity', 'show'],
      'identity-export': ['identity', 'export'],
      'identity-import': ['identity', 'import', bob.card],
      'identity-list': ['identity', 'list'],
      'identity-verify': ['identity', 'verify', 'bob', '--fingerprint', bob.fingerprint],
      'ceremony-new': newKeygen('k.mpc', { '--key': 'k', '--members': 'alice,bob' }),
      'ceremony-show': ['ceremony', 'show', 'k.mpc'],
      'ceremony-verify': ['ceremony', 'verify', 'k.mpc'],
      'error-usage': ['identity', 'init', '--nonsense'],
      'error-unknown-peer': ['identity', 'show', 'zoe'],
      'error-fingerprint': ['identity', 'import', bob.card, '--fingerprint', alice.fingerprint],
      explain: ['explain', 'E_NO_IDENTITY'],
    }
    for (const [name, args] of Object.entries(lines)) {
      const { stdout } = await alice.mpc([...args, '--json'])
      const pretty = `${JSON.stringify(JSON.parse(masked(stdout, dir)), null, 2)}\n`
      const path = join(GOLDEN, `${name}.json`)
      if (process.env['MPC_GOLDEN'] === 'write') {
        await mkdir(GOLDEN, { recursive: true })
        await writeFile(path, pretty)
      }
      expect(pretty, name).toBe(await readFile(path, 'utf8'))
    }
  })

  it('is one line wherever the flag stands, and whatever is wrong', async () => {
    for (const args of [
      ['--json', 'identity', 'show'],
      ['identity', '--json', 'show'],
      ['identity', 'show', '--json'],
      ['--json'],
      ['--json', 'nonsense'],
      ['--json', 'identity', 'init', '--name'],
      ['--json', 'sign', '--key', 'treasury', '--nats', ''],
      ['--json', 'identity', 'show', 'a', 'b'],
    ]) {
      const { json } = await alice.mpc(args)
      expect(json.code === 0).toBe(json.ok)
    }
  })

  it('keeps stdout empty on failure without it', async () => {
    const { code, stdout, stderr } = await alice.mpc(['identity', 'show', 'zoe'])
    expect([code, stdout]).toEqual([3, ''])
    expect(stderr).toMatch(/^mpc: nobody here is known as zoe\n {2}ask zoe .*\n {2}E_UNKNOWN_PEER, exit 3/)
  })

  it('is described by a schema that the package carries', async () => {
    const { stdout, code } = await mpc(dir, ['explain', '--schema'])
    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toEqual(CONTRACT)
    expect(new Ajv2020({ strict: false }).validateSchema(CONTRACT)).toBe(true)
  })
})

describe('exit codes', () => {
  it('are those that were published', () => {
    const published = [
      ['usage', 2],
      ['configuration', 3],
      ['network', 4],
      ['absent', 5],
      ['authentication', 6],
      ['abort', 7],
      ['refused', 8],
      ['verification', 9],
      ['decryption', 10],
      ['conflict', 11],
      ['doubt', 12],
      ['interrupted', 130],
    ] as const
    for (const [kind, code] of published) expect(exitCodeOf(kind)).toBe(code)
  })

  it('name whom a failure accuses', () => {
    const accused = [
      {
        name: 'bob',
        fingerprint: 'ab'.repeat(32),
        round: 'open',
        kind: 'proven' as const,
        reason: 'its share is wrong',
        entry: 7,
        evidence: '/home/evidence.cbor',
      },
    ]
    const error = new Failure('abort', 'E_ABORT', 'round open: bob', { party: 'bob', accused })
    const { stdout, stderr, code } = present({ command: 'keygen', error }, true, plain)
    expect(code).toBe(7)
    expect(JSON.parse(stdout)).toMatchObject({ ok: false, code: 7, error: { party: 'bob', accused } })
    expect(stderr).toContain('bob: gone  its share is wrong (round open, proven, /home/evidence.cbor)')
  })

  it('are 1 for our own bugs, with a stack and where to report it', () => {
    const error = new TypeError('no such thing')
    const { stdout, stderr, code } = present({ command: 'sign', error }, true, plain)
    expect(code).toBe(1)
    expect(JSON.parse(stdout)).toMatchObject({
      ok: false,
      code: 1,
      error: { code: 'E_UNEXPECTED', accused: [] },
    })
    expect(stderr).toMatch(/TypeError: no such thing\n {4}at .*\n[^]*report/)
    expect(present({ command: 'sign', error }, false, plain).stdout).toBe('')
  })
})

describe('mpc explain', () => {
  it('knows every code in the sources, and no other', () => {
    const src = join(ROOT, 'src')
    const files = readdirSync(src, { recursive: true, encoding: 'utf8' }).filter((path) =>
      path.endsWith('.ts'),
    )
    const sources = [join(ROOT, 'bin', 'mpc.js'), ...files.map((path) => join(src, path))]
    const used = sources
      .filter((path) => !path.startsWith(join(src, 'cli', 'catalogue')))
      .flatMap((path) => readFileSync(path, 'utf8').match(/(?<=')E_[A-Z0-9_]+(?=')/g) ?? [])
    expect(Object.keys(CATALOGUE).sort()).toEqual([...new Set(used)].sort())
  })

  it('has every code under the exits that it ends with, and every exit that there is', () => {
    const published: Readonly<Record<string, number>> = Object.fromEntries(
      KINDS.map((kind) => [kind, exitCodeOf(kind)]),
    )
    const src = join(ROOT, 'src')
    const sources = readdirSync(src, { recursive: true, encoding: 'utf8' })
      .filter((path) => path.endsWith('.ts') && !path.startsWith(join('cli', 'catalogue')))
      .map((path) => readFileSync(join(src, path), 'utf8'))
    const thrown = sources.flatMap((text) => [
      ...text.matchAll(new RegExp(`'(${KINDS.join('|')})',\\s*'(E_[A-Z0-9_]+)'`, 'g')),
    ])
    expect(thrown.length).toBeGreaterThan(100)
    for (const [, kind = '', code = ''] of thrown) {
      const exit = published[kind] as number
      expect(EXITS[exit]?.codes, `catalogue/exits.ts: ${code} belongs to exit ${exit}`).toContain(code)
    }
    for (const code of Object.keys(CATALOGUE)) expect(exitsOf(code), code).not.toEqual([])
    for (const code of Object.values(EXITS).flatMap(({ codes }) => codes))
      expect(CATALOGUE).toHaveProperty(code)
    expect(Object.keys(EXITS).map(Number)).toEqual([0, 1, ...Object.values(published)].sort((a, b) => a - b))
  })

  it('explains an exit with all that ends like it', async () => {
    const { code, json } = await mpc(dir, ['explain', '9', '--json'])
    expect(code).toBe(0)
    expect(json.data.codes).toContain('E_APPROVE')
    expect((await mpc(dir, ['explain', '9'])).stdout).toMatch(/^Exit 9\n[^]*E_APPROVE +The payload/)
    expect((await mpc(dir, ['explain', '77'])).code).toBe(2)
    expect((await mpc(dir, ['explain', 'approve'])).stdout).toContain('Exit 9')
  })

  it('says what happened and what to do', async () => {
    const { stdout } = await mpc(dir, ['explain', 'e_no_identity'])
    expect(stdout).toContain('mpc identity init')
    const { code, json } = await mpc(dir, ['explain', 'E_NONSENSE\u001b[2J', '--json'])
    expect([code, json.error.code]).toEqual([2, 'E_UNKNOWN_CODE'])
    expect(json.error.message).not.toContain('\u001b')
  })
})
