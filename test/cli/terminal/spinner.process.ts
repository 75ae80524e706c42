/** One line that waits, at a real terminal: it spins only where that disturbs nobody, and leaves nothing behind. */
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { openHome } from '../../../src/storage/home/home.js'
import { enterRehearsal } from '../../../src/wire/base/realm.js'
import { ageIdentityFile, mpc, scratch } from '../../support/cli.js'
import { type Desk, Person, terminalSuite } from '../../support/person.js'

// In a rehearsal's home primes are small, and 500 of them take long enough to be looked at.
enterRehearsal()
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 })

const FRAME = /[⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏]/
// How many are left when the line first shows depends on how soon the first prime is found.
const MAKING = 'Making large primes, '
const CTRL_C = '\x03'

let folder: Awaited<ReturnType<typeof scratch>>
let home: string
let unlock: string[]

/** Makes primes at a terminal until the line says so, and leaves. */
async function making(args: readonly string[] = [], env: Desk['env'] = {}): Promise<Person> {
  const command = ['identity', 'primes', '--count', '500', ...unlock, ...args]
  const person = Person.runs(home, command, { env: { LANG: 'C.UTF-8', ...env } })
  await person.sees(MAKING)
  person.types(CTRL_C)
  expect(await person.ended).toBe(130)
  return person
}

terminalSuite('one line that waits', () => {
  beforeAll(async () => {
    folder = await scratch()
    home = join(folder.dir, 'alice')
    await openHome(home)
    unlock = ['--identity', await ageIdentityFile(join(folder.dir, 'alice.key'))]
    await mpc(home, ['identity', 'init', '--name', 'alice', ...unlock, '--no-input'])
  })
  afterAll(() => folder.remove())

  it('spins in colour, hides no cursor, and is gone at the end', async () => {
    const { raw, screen } = await making()
    expect(raw).toMatch(/\x1b\[36m[⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏]\x1b\[39m Making large primes/)
    expect(raw).not.toContain('\x1b[?25l')
    expect(screen).not.toMatch(FRAME)
    expect(screen).not.toContain('Making large primes')
    expect(screen).toContain('`mpc identity primes` makes more')
  })

  it.each([
    ['NO_COLOR', [], { NO_COLOR: '1' }],
    ['--no-color', ['--no-color'], {}],
  ])('has no colour with %s', async (_, args, env) => {
    const { raw } = await making(args, env)
    expect(raw).toMatch(FRAME)
    expect(raw).not.toContain('\x1b[3')
  })

  it.each([
    ['--plain', ['--plain'], {}],
    ['--json', ['--json'], {}],
    ['a dumb terminal', [], { TERM: 'dumb' }],
  ])('does not spin with %s', async (_, args, env) => {
    expect((await making(args, env)).raw).not.toMatch(FRAME)
  })

  it('never stands where a question does', async () => {
    const other = join(folder.dir, 'dora')
    const dora = Person.runs(other, ['identity', 'init', '--name', 'dora'], { env: { LANG: 'C.UTF-8' } })
    await dora.answers('New passphrase', 'open sesame')
    await dora.answers('Repeat the passphrase', 'open sesame')
    await dora.sees(FRAME)
    expect(await dora.ended).toBe(0)
    expect(dora.screen).not.toMatch(FRAME)
    const primes = Person.runs(other, ['identity', 'primes'], { env: { LANG: 'C.UTF-8' } })
    await primes.answers('Passphrase of dora', 'wrong')
    await primes.sees(/2 tries left.*Passphrase of dora: \(hidden\)$/)
    expect(primes.screen).not.toMatch(FRAME)
    primes.types(CTRL_C)
    expect(await primes.ended).toBe(130)
  })
})
