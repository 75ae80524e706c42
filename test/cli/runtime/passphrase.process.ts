/** How a passphrase is chosen, and changed. */
import { randomBytes } from 'node:crypto'
import { cp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  createIdentity,
  openIdentity,
  ownCard,
  resealIdentity,
  wipeIdentity,
} from '../../../src/ceremony/contacts/identity.js'
import type { Unlock } from '../../../src/storage/vault/age-vault.js'
import type { Globals } from '../../../src/cli/runtime/globals.js'
import type { Line } from '../../../src/cli/terminal/layout.js'
import { newSecret } from '../../../src/cli/runtime/new-passphrase.js'
import { makeStyle } from '../../../src/cli/terminal/style.js'
import { Terminal } from '../../../src/cli/terminal/terminal.js'
import { openHome } from '../../../src/storage/home/home.js'
import { openWith } from '../../../src/storage/sealed/age.js'
import { ageIdentityFile, atTerminal, custodian, mpc, type Ran, scratch } from '../../support/cli.js'
import { terminalSuite } from '../../support/person.js'
import { cutEverywhere } from '../../storage/support.js'

const HOOK = new URL('../../support/kill-at.js', import.meta.url).href
const STRONG = 'uncut ferris dogma walrus basin'

let dir: string
let remove: () => Promise<void>
beforeAll(async () => {
  ;({ dir, remove } = await scratch())
})
afterAll(() => remove())

/** A file that a flag names. */
async function secret(name: string, passphrase: string): Promise<string> {
  await writeFile(join(dir, name), passphrase, { mode: 0o600 })
  return join(dir, name)
}

/** Whether this opens the identity of a home. */
async function opens(home: string, unlock: Unlock): Promise<boolean> {
  const opened = await openHome(home)
  try {
    const identity = await openIdentity(opened, unlock)
    wipeIdentity(identity)
    return identity.name === (await ownCard(opened)).name
  } catch (error) {
    expect(error).toMatchObject({ code: 'E_DECRYPT' })
    return false
  }
}
const byPassphrase = (passphrase: string): Unlock => ({ kind: 'passphrase', passphrase })
async function byFile(path: string): Promise<Unlock> {
  const key = /AGE-SECRET-KEY-\S+/.exec(await readFile(path, 'utf8'))?.[0] as string
  return { kind: 'identity', identities: [key] }
}

const init = (name: string, ...flags: string[]) =>
  mpc(join(dir, name), ['identity', 'init', '--name', name, '--no-input', '--json', ...flags], { cwd: dir })

describe('a new passphrase from a script', () => {
  it('is taken though it is weak, with a warning that does not quote it', async () => {
    const ran = await init('weak', '--passphrase-file', await secret('weak.txt', 'sis'))
    expect(ran.code).toBe(0)
    expect(ran.stderr).toMatch(
      /Warning: the passphrase of your identity is weak \(about 12 bits; eight random words have 64\)/,
    )
    expect(ran.stderr).not.toContain('sis')
  })
})

/** Somebody who wants none of their own, and writes down what is shown with capitals and stray blanks. */
class Careless extends Terminal {
  readonly shown: string[] = []

  constructor() {
    const screen = { stream: new PassThrough(), moving: false, now: () => 0, settle: 0, size: () => null }
    super(true, makeStyle(false, true), screen, new AbortController().signal)
  }

  override read(lines: readonly Line[]): Promise<void> {
    for (const line of lines) if (typeof line === 'object') this.shown.push(...line.words)
    return Promise.resolve()
  }

  override askSecret(question: string): Promise<string> {
    const typed = ` ${this.shown.join('  ').toUpperCase()} `
    return Promise.resolve(question.startsWith('Type the eight words') ? typed : '')
  }
}

describe('words of ours', () => {
  it('are confirmed as they will open, and seal as they were shown', async () => {
    const terminal = new Careless()
    const rng = (length: number): Uint8Array => Uint8Array.from(randomBytes(length))
    const globals = { identity: null, passphraseFd: null, passphraseFile: null } as Globals
    const secret = await newSecret({ globals, env: {}, terminal, rng })
    expect(terminal.shown).toHaveLength(8)
    expect(secret).toEqual(byPassphrase(terminal.shown.join(' ')))
    const home = await openHome(join(dir, 'words'))
    await createIdentity(home, { name: 'words', postQuantum: false, seal: secret, now: 1, rng })
    expect(await opens(home.root, byPassphrase(terminal.shown.join(' ').toUpperCase()))).toBe(true)
    expect(await opens(home.root, byPassphrase(` ${terminal.shown.join('   ')} `))).toBe(true)
    expect(await opens(home.root, byPassphrase(terminal.shown.toReversed().join(' ')))).toBe(false)
  })
})

terminalSuite('a new passphrase at a terminal', () => {
  const make = (name: string, play: readonly (readonly [string, string])[]) =>
    atTerminal(join(dir, name), ['identity', 'init', '--name', name, '--plain'], play)

  it('that is weak is named so, and kept by who types it again', async () => {
    const { code, stdout } = await make('ann', [
      ['New passphrase', 'sis\r'],
      ['is weak (about 12 bits; eight random words have 64)', ''],
      ['to keep it anyway', 'sis\r'],
    ])
    expect(code, stdout).toBe(0)
    expect(await opens(join(dir, 'ann'), byPassphrase('sis'))).toBe(true)
  })

  it('that is weak gives way to words of ours by Enter alone', async () => {
    const { code, stdout } = await make('ben', [
      ['New passphrase', 'sis\r'],
      ['to keep it anyway', '\r'],
      ['SECRET', ''],
      ['Type the eight words', 'not these\r'],
      ['The words differ.', ''],
      ['Type the eight words', 'nor these\r'],
      ['Type the eight words', 'nor these\r'],
    ])
    // Nobody can type here what was on the screen; that nothing else was taken is the point.
    expect([code, await readdir(join(dir, 'ben'))], stdout).toEqual([2, ['installation']])
  })

  it('that is not weak is asked for twice, and nothing is said of it', async () => {
    const { code, stdout } = await make('cleo', [
      ['New passphrase', `${STRONG}\r`],
      ['Repeat the passphrase:', `${STRONG}\r`],
    ])
    expect(code, stdout).toBe(0)
    expect(stdout).not.toContain('weak')
  })
})

describe('mpc identity reseal', () => {
  const reseal = (home: string, ...flags: string[]): Promise<Ran> =>
    mpc(home, ['identity', 'reseal', '--no-input', '--json', ...flags], { cwd: dir })

  it('makes another passphrase open it, and the old one no more; the card is as it was', async () => {
    const [old, next] = [await secret('old.txt', STRONG), await secret('new.txt', `${STRONG} pony`)]
    const { json: made } = await init('dora', '--passphrase-file', old)
    const home = join(dir, 'dora')
    const ran = await reseal(home, '--passphrase-file', 'old.txt', '--new-passphrase-file', 'new.txt')
    expect(ran.json).toMatchObject({
      code: 0,
      data: { name: 'dora', fingerprint: made.data.fingerprint, sealed_by: 'passphrase' },
    })
    expect(await opens(home, byPassphrase(STRONG))).toBe(false)
    expect((await reseal(home, '--passphrase-file', old, '--new-passphrase-file', next)).code).toBe(10)
    expect(await opens(home, byPassphrase(`${STRONG} pony`))).toBe(true)
    expect((await mpc(home, ['identity', 'export'])).stdout).toBe(`${made.data.card}\n`)
    const age = await ageIdentityFile(join(dir, 'age.txt'))
    expect(
      (await reseal(home, '--passphrase-file', next, '--new-identity', 'age.txt')).json.data.sealed_by,
    ).toBe('identity')
    expect(await opens(home, await byFile(age))).toBe(true)
  })

  it('changes nothing where the new secret is none, or two are named, or nobody can be asked', async () => {
    const erin = await custodian(dir, 'erin')
    const before = await readFile(join(erin.home, 'identity.age'))
    await secret('empty.txt', '')
    for (const [flags, code, error] of [
      [['--new-passphrase-file', 'empty.txt'], 2, 'E_PASSPHRASE'],
      [['--new-passphrase-file', 'nowhere.txt'], 2, 'E_NO_FILE'],
      [['--new-identity', 'old.txt'], 2, 'E_AGE_IDENTITY'],
      [['--new-identity', 'age.txt', '--new-passphrase-file', 'new.txt'], 2, 'E_USAGE'],
      [[], 2, 'E_NO_INPUT'],
    ] as const) {
      const ran = await reseal(erin.home, ...erin.unlock, ...flags)
      expect(ran.json, flags.join(' ')).toMatchObject({ code, error: { code: error } })
    }
    const wrong = ['--identity', await ageIdentityFile(join(dir, 'wrong.txt')), '--new-identity', 'age.txt']
    expect((await reseal(erin.home, ...wrong)).code).toBe(10)
    expect((await readFile(join(erin.home, 'identity.age'))).equals(before)).toBe(true)
    expect((await reseal(join(dir, 'nobody'), '--new-identity', 'age.txt')).json.error.code).toBe(
      'E_NO_IDENTITY',
    )
  })

  it('cut off before any of its file operations leaves one that opens, and can be done again', async () => {
    const { home, unlock } = await custodian(dir, 'flora')
    const [old, next] = [
      await byFile(unlock[1] as string),
      await byFile(await ageIdentityFile(join(dir, 'f.txt'))),
    ]
    const pristine = join(dir, 'flora.pristine')
    await cp(home, pristine, { recursive: true })
    const operations = await cutEverywhere(async () => {
      await rm(home, { recursive: true })
      await cp(pristine, home, { recursive: true })
      const opened = await openHome(home)
      const identity = await openIdentity(opened, old)
      return {
        act: () => resealIdentity(opened, identity, next),
        look: async (whole) => {
          const [isOld, isNew] = [await opens(home, old), await opens(home, next)]
          expect([isOld, isNew].filter(Boolean)).toHaveLength(1)
          if (whole) expect(isNew).toBe(true)
          await rm(join(home, 'identity.lock'), { force: true })
          await resealIdentity(opened, identity, next)
          expect([await opens(home, old), await opens(home, next)]).toEqual([false, true])
          const files = await readdir(home)
          expect(files.filter((name) => name.startsWith('identity')).sort()).toEqual([
            'identity.age',
            'identity.card',
          ])
          // A file cut off stays an hour under a name that nothing reads; the old secret does not open it.
          for (const left of files.filter((name) => name.startsWith('.tmp-'))) {
            const bytes = Uint8Array.from(await readFile(join(home, left)))
            await expect(openWith(old.kind === 'identity' ? old.identities : [], bytes)).rejects.toThrow()
          }
        },
      }
    })
    // The lock; the file beside, its bytes, their way to the disk, its name; the folder; the lock again.
    expect(operations).toBeGreaterThan(8)
  })

  it('killed before or after the new file has its name is run again as it was', async () => {
    const hugo = await custodian(dir, 'hugo')
    const next = await ageIdentityFile(join(dir, 'hugo-new.txt'))
    const args = ['identity', 'reseal', ...hugo.unlock, '--new-identity', next, '--no-input']
    const [old, now] = [await byFile(hugo.unlock[1] as string), await byFile(next)]
    const log = join(dir, 'hugo.log')
    const lived = join(dir, 'hugo.lived')
    await cp(hugo.home, lived, { recursive: true })
    const hooked = (query: string) => ({ env: { NODE_OPTIONS: `--import=${HOOK}?${query}` }, cwd: dir })
    expect((await mpc(lived, args, hooked(`log=${log}`))).code).toBe(0)
    const lines = (await readFile(log, 'utf8')).split('\n')
    const rename = lines.findIndex((line) => line.startsWith('rename') && line.endsWith('identity.age')) + 1
    expect(rename).toBeGreaterThan(1)
    for (const [operation, isOld] of [
      [rename, true],
      [rename + 1, false],
    ] as const) {
      const home = join(dir, `hugo-${operation}`)
      await cp(hugo.home, home, { recursive: true })
      expect((await mpc(home, args, hooked(`operation=${operation}`))).code).toBeNull()
      expect([await opens(home, old), await opens(home, now)]).toEqual([isOld, !isOld])
      // The lock that it left is that of a dead process.
      const again = await mpc(home, args, { cwd: dir })
      expect(again.code, again.stderr).toBe(isOld ? 0 : 10)
      expect([await opens(home, old), await opens(home, now)]).toEqual([false, true])
    }
  })
})

terminalSuite('mpc identity reseal at a terminal', () => {
  it('asks for the new passphrase as for the first', async () => {
    const gina = await custodian(dir, 'gina')
    const { code, stdout } = await atTerminal(
      gina.home,
      ['identity', 'reseal', ...gina.unlock, '--plain'],
      [
        ['New passphrase', `${STRONG}\r`],
        ['Repeat the passphrase:', `${STRONG}\r`],
      ],
    )
    expect(code, stdout).toBe(0)
    expect(stdout).toContain('Only the new passphrase opens')
    expect(await opens(gina.home, byPassphrase(STRONG))).toBe(true)
  })
})
