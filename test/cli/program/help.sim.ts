import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { COMMANDS } from '../../../src/cli/program/program.js'
import { VERSION } from '../../../src/cli/runtime/version.js'
import { type Custodian, custodians, mpc, newKeygen, ROOT, scratch, spawned } from '../../support/cli.js'

let dir: string
let remove: () => Promise<void>
let alice: Custodian
let bob: Custodian
let carol: Custodian

beforeAll(async () => {
  ;({ dir, remove } = await scratch())
  ;[alice, bob, carol] = (await custodians(dir, 'alice', 'bob', 'carol')) as [Custodian, Custodian, Custodian]
})
afterAll(() => remove())

/** Examples that need the network, a key or some time are run by the tests of their command. */
const ELSEWHERE = new Set([
  'ceremony abort',
  'ceremony finish',
  'ceremony publish',
  'identity primes',
  'identity reseal',
  'ecdh handshake',
  'keygen',
  'presign',
  'reshare',
  'refresh',
  'sign',
  'approve',
  'refuse',
  'request sign',
  'request show',
  'request cancel',
  'nats setup',
  'inspect',
  'policy show',
  'policy explain',
  'policy apply',
  'policy import',
  'key show',
  'key address',
  'key export-public',
  'verify',
  'transcript verify',
  'relay',
  'rehearse',
  'backup split',
  'backup verify',
  'backup open',
  'backup print',
  'backup restore',
  'backup status',
  'share list',
  'share check',
  'share statements',
  'share retire',
  'share rekey',
  'share import',
])
/** Examples that want a key. */
const WANTS_KEY = /^mpc (ceremony new (re|policy)|policy check .*--key|nats config --key|request list --key)/
/** Examples at which a person is asked something. */
const ASKS = [/^mpc identity verify carol$/, /^mpc ceremony sign treasury.mpc$/]

describe('the examples in --help', () => {
  it('are at every command, begin with its name, and use flags that it has', () => {
    for (const { name, examples, flags } of COMMANDS) {
      expect(examples.length).toBeGreaterThan(0)
      for (const example of examples) {
        expect(example).toMatch(new RegExp(`^mpc ${name}( |$)`))
        const known = flags.flatMap((flag) => flag.flags.split(/[ ,]+/)).concat('--json', '--passphrase-file')
        for (const flag of example.match(/(?<= )--?[a-z-]+/g) ?? []) expect(known).toContain(flag)
      }
    }
  })

  it('run as they stand', async () => {
    await writeFile(
      join(dir, 'keygen-2-of-3.yaml'),
      await readFile(join(ROOT, 'ceremonies', 'keygen-2-of-3.yaml')),
    )
    for (const name of ['policy.yaml', 'treasury.yaml'])
      await writeFile(
        join(dir, name),
        await readFile(join(ROOT, 'ceremonies', 'policies', 'daily-limit.yaml')),
      )
    await writeFile(join(dir, 'secret.txt'), 'a passphrase\n', { mode: 0o600 })
    let id = ''
    for (const { name, examples } of COMMANDS) {
      if (ELSEWHERE.has(name)) continue
      for (const [i, example] of examples.entries()) {
        if (WANTS_KEY.test(example)) continue
        if (name === 'ceremony merge') await collectSignatures(id)
        const home = name === 'identity init' ? join(dir, `new-${i}`) : alice.home
        const words = example.replace('$FINGERPRINT', bob.fingerprint).replace('$ID', id).split(' ').slice(1)
        const given = words.includes('--passphrase-file') ? [] : alice.unlock
        const ran = await mpc(home, [...words, ...given, '--no-input'], { cwd: dir })
        const asks = ASKS.some((pattern) => pattern.test(example))
        expect(ran, example).toMatchObject({ code: asks ? 2 : 0 })
        if (asks) expect(ran.stderr).toContain('E_NO_INPUT')
        if (example.includes('treasury.mpc') && id === '') id = await idOf('treasury.mpc')
      }
    }
  })

  const idOf = async (file: string): Promise<string> =>
    (await alice.mpc(['ceremony', 'show', file, '--json'])).json.data.definition_id

  /** Makes the files that the examples of merge and verify need. */
  async function collectSignatures(id: string): Promise<void> {
    for (const who of [alice, bob, carol]) {
      const copy = `from-${who.name}.mpc`
      await writeFile(join(dir, copy), await readFile(join(dir, 'treasury.mpc')))
      await who.mpc(['ceremony', 'sign', copy, '--accept', id, ...who.unlock])
    }
    const copies = [alice, bob, carol].map(({ name }) => `from-${name}.mpc`)
    await alice.mpc(['ceremony', 'merge', ...copies, '-o', 'signed.mpc'])
  }
})

describe('help', () => {
  it('shows examples first, and is the answer to --help', async () => {
    for (const { name, examples } of COMMANDS) {
      const { code, stdout, stderr } = await mpc(dir, [...name.split(' '), '--help'])
      expect([code, stderr]).toEqual([0, ''])
      expect(stdout.indexOf(examples[0] as string)).toBeGreaterThan(0)
      expect(stdout.indexOf(examples[0] as string)).toBeLessThan(stdout.indexOf('Usage:'))
      for (const line of stdout.split('\n')) expect(line.length, line).toBeLessThanOrEqual(130)
    }
    const { stdout } = await mpc(dir, ['--help'])
    for (const { name } of COMMANDS) expect(stdout).toContain(`  ${name}  `)
  })

  it('is shown on stderr, with exit 2, where the command is missing', async () => {
    for (const args of [['identity'], ['ceremony']]) {
      const { code, stdout, stderr } = await mpc(dir, args)
      expect([code, stdout]).toEqual([2, ''])
      expect(stderr).toContain('Usage: mpc')
    }
  })

  it('is short for who types the name alone, fits a screen, and names commands that there are', async () => {
    const { code, stdout, stderr } = await mpc(dir, [])
    expect([code, stdout]).toEqual([2, ''])
    const lines = stderr.split('\n')
    expect(lines.length).toBeLessThan(20)
    for (const line of lines) expect(line.length, line).toBeLessThanOrEqual(80)
    const named = [...stderr.matchAll(/^  mpc ([a-z]+(?: (?:init|import|new))?)/gm)].map((found) => found[1])
    expect(named).toEqual(['rehearse', 'identity init', 'identity import', 'ceremony new', 'keygen', 'sign'])
    const known = COMMANDS.map(({ name }) => name)
    for (const name of named) expect(known).toContain(name)
  })

  it.each([
    [['identiti', 'show'], 'Did you mean identity?'],
    [['identity', 'improt'], 'Did you mean import?'],
    [['identity', 'init', '--nane', 'x'], 'Did you mean --name?'],
    [['sign', '--key', 'k', '--in', 'f', '--type', 'tetx'], 'Did you mean text?'],
    [['explain', 'no_identty'], 'Did you mean E_NO_IDENTITY?'],
    [['ceremony', 'new', 'keygne', '-o', 'x'], 'Did you mean keygen?'],
    [newKeygen('x', { '--scheme': 'shnorr-taproot' }), 'Did you mean schnorr-taproot?'],
  ])('suggests what %j may have meant', async (args, suggestion) => {
    const { code, stdout, stderr } = await mpc(join(dir, 'nobody'), args)
    expect([code, stdout]).toEqual([2, ''])
    expect(stderr).toContain(suggestion)
  })
})

describe('mpc --version', () => {
  it('is the version of the package', async () => {
    const { version } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')) as { version: string }
    expect(VERSION).toBe(version)
    for (const flag of ['--version', '-V']) {
      expect(await spawned(dir, [flag])).toMatchObject({ code: 0, stdout: `${version}\n`, stderr: '' })
    }
    expect(await spawned(dir, ['--plain', '--version'])).toMatchObject({ code: 0, stdout: `${version}\n` })
  })

  it('loads nothing but itself', async () => {
    const importsOf = async (file: string): Promise<string[]> => {
      const source = await readFile(join(ROOT, 'src', 'cli', 'program', file), 'utf8')
      return [...source.matchAll(/^import .*?'([^']+)'$/gm)].map((found) => found[1] as string)
    }
    const first = await importsOf('process.ts')
    expect(first).toEqual([
      '../threads/no-inspector.js',
      '../terminal/echo.js',
      '../terminal/output.js',
      '../runtime/version.js',
    ])
    for (const file of first) {
      for (const each of await importsOf(file.replace('.js', '.ts')))
        expect(each).toMatch(/^node:|^\.\.\/\.\.\/package/)
    }
  })
})
