import { execFileSync } from 'node:child_process'
import { chmod, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  ageIdentityFile,
  BIN,
  type Custodian,
  custodian,
  endOf,
  newKeygen,
  scratch,
  spawned,
  startMpc,
} from '../../support/cli.js'

const SECRET = 'tissue-paradox-92-Kühlschrank'

let dir: string
let remove: () => Promise<void>
/** Sealed to an age identity. */
let bob: Custodian
/** Sealed by a passphrase. */
let home: string
let file: string
let definition: string
let sign: string[]

beforeAll(async () => {
  ;({ dir, remove } = await scratch())
  home = join(dir, 'alice')
  file = join(dir, 'secret')
  await writeFile(file, `${SECRET}\n`, { mode: 0o600 })
  bob = await custodian(dir, 'bob')
  const init = ['identity', 'init', '--name', 'alice', '--passphrase-file', file, '--json']
  const alice = (await spawned(home, init)).json.data
  await spawned(home, ['identity', 'import', bob.card, '--fingerprint', bob.fingerprint])
  await writeFile(join(dir, 'alice.card'), `${alice.card}\n`)
  definition = join(dir, 'k.mpc')
  const made = await spawned(home, [...newKeygen(definition, { '--members': 'alice,bob' }), '--json'])
  sign = ['ceremony', 'sign', definition, '--accept', made.json.data.definition_id, '--no-input', '--json']
})
afterAll(() => remove())

const script = async (name: string, body: string, mode = 0o700): Promise<string> => {
  const path = join(dir, name)
  await writeFile(path, `#!/bin/sh\n${body}\n`)
  await chmod(path, mode)
  return path
}

describe('the secret that opens an identity', () => {
  it('comes from a file, a variable that names one, a descriptor, or a program', async () => {
    const wrong = join(dir, 'wrong')
    await writeFile(wrong, 'something else', { mode: 0o600 })
    const askpass = await script('askpass', `printf '%s\\n' '${SECRET}'`)
    expect((await spawned(home, [...sign, '--passphrase-file', file])).code).toBe(0)
    // The flag comes before the variable, the variable before the program.
    const env = { MPC_PASSPHRASE_FILE: wrong, MPC_ASKPASS: askpass }
    expect((await spawned(home, [...sign, '--passphrase-file', file], { env })).code).toBe(0)
    expect((await spawned(home, sign, { env })).json.error.code).toBe('E_DECRYPT')
    expect((await spawned(home, sign, { env: { MPC_PASSPHRASE_FILE: file } })).code).toBe(0)
    expect((await spawned(home, sign, { env: { MPC_ASKPASS: askpass } })).code).toBe(0)
    expect((await spawned(home, [...sign, '--passphrase-fd', '0'], { input: `${SECRET}\r\n` })).code).toBe(0)
  })

  it('must be right: exit 10', async () => {
    const { code, json } = await spawned(home, [...sign, '--passphrase-fd', '0'], { input: `${SECRET}\n\n` })
    expect([code, json.error.code]).toEqual([10, 'E_DECRYPT'])
    const other = await ageIdentityFile(join(dir, 'other.key'))
    const unlock = ['--identity', other]
    expect((await spawned(home, [...sign, ...unlock])).json.error.code).toBe('E_DECRYPT')
    const hers = await bob.mpc([...sign, ...unlock])
    expect([hers.code, hers.json.error.code]).toEqual([10, 'E_DECRYPT'])
    expect((await bob.mpc([...sign, '--passphrase-file', file])).code).toBe(10)
  })

  it.each([
    [0o644, 3, 'E_FILE_MODE'],
    [0o640, 3, 'E_FILE_MODE'],
    [0o400, 0, null],
  ])('is taken from a file of mode %o only where nobody else can read it', async (mode, exit, error) => {
    await chmod(file, mode)
    const { code, json } = await spawned(home, [...sign, '--passphrase-file', file])
    await chmod(file, 0o600)
    expect([code, json.error?.code ?? null]).toEqual([exit, error])
  })

  it.each([
    ['others can write it', 'printf x', 0o777],
    ['it fails', 'exit 1', 0o700],
  ])('is not taken from a program when %s', async (_, body, mode) => {
    const env = { MPC_ASKPASS: await script('bad-askpass', body, mode) }
    const { code, json } = await spawned(home, sign, { env })
    expect([code, json.error.code]).toEqual([3, 'E_ASKPASS'])
  })

  it('is never empty', async () => {
    const { code, json } = await spawned(home, [...sign, '--passphrase-fd', '0'], { input: '\n' })
    expect([code, json.error.code]).toEqual([2, 'E_PASSPHRASE'])
  })

  it('is asked of nobody where there is nobody, and says which flag gives it', async () => {
    const { code, json } = await spawned(home, sign)
    expect([code, json.error.code]).toEqual([2, 'E_NO_INPUT'])
    expect(json.error.hint).toContain('--passphrase-file')
    expect((await bob.mpc(sign)).json.error.hint).toContain('--identity')
  })

  it('is in no argument, environment, output, event or file', async () => {
    const events = join(dir, 'events')
    const seen = join(dir, 'seen')
    const askpass = await script('peek', `env > ${seen}; ps -ef >> ${seen}; cat ${file}`)
    const args = [...sign, '--events', events]
    const child = startMpc(home, args, { env: { MPC_ASKPASS: askpass } })
    const ran = await endOf(child, args)
    expect(ran.code).toBe(0)
    const wide = await spawned(home, [...sign, '--plain', '--passphrase-fd', '0'], { input: 'wrong secret' })
    const told = [ran.stdout, ran.stderr, await readFile(seen, 'utf8'), await readFile(events, 'utf8')].join()
    expect(told).not.toContain(SECRET)
    expect(wide.stdout + wide.stderr).not.toContain('wrong secret')
    for (const path of await readdir(home, { recursive: true, withFileTypes: true })) {
      if (!path.isFile()) continue
      const held = await readFile(join(path.parentPath, path.name), 'latin1')
      expect(held).not.toContain(Buffer.from(SECRET).toString('latin1'))
      expect(held).not.toContain('AGE-SECRET-KEY')
    }
  })

  it('is never a value of a flag', () => {
    const help = execFileSync(process.execPath, [BIN, '--help'], { encoding: 'utf8' })
    expect(help).not.toMatch(/--(passphrase|password|pin) /)
  })
})

describe('a pipe is no person', () => {
  it.each([['y\n'], ['alice\nalice\n'], ['no\n']])('refuses %j on stdin', async (input) => {
    const prompts = [
      ['identity', 'verify', 'bob', '--json'],
      ['ceremony', 'sign', definition, '--json'],
      ['identity', 'import', bob.card, '--replace', 'bob', '--json'],
    ]
    for (const args of prompts) {
      const { code, json } = await spawned(home, args, { input: input.repeat(100) })
      expect([code, json.error.code]).toEqual([2, 'E_NO_INPUT'])
    }
  })
})
