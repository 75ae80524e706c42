import { readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { atTerminal, type Custodian, custodian, mpc, newKeygen, scratch } from '../../support/cli.js'
import { terminalSuite } from '../../support/person.js'

let dir: string
let remove: () => Promise<void>
let alice: Custodian
let bob: Custodian

beforeAll(async () => {
  ;({ dir, remove } = await scratch())
  ;[alice, bob] = await Promise.all([custodian(dir, 'alice'), custodian(dir, 'bob')])
  await alice.mpc(['identity', 'import', bob.card])
})
afterAll(() => remove())

const at = (who: Custodian, args: readonly string[], play: readonly (readonly [string, string])[]) =>
  atTerminal(who.home, args, play, { cwd: dir })

terminalSuite('at a terminal', () => {
  it('asks for a name and a new passphrase, twice, without showing either length', async () => {
    const home = join(dir, 'dora')
    const { code, stdout } = await atTerminal(
      home,
      ['identity', 'init', '--plain'],
      [
        ['Your name', 'dora\r'],
        ['New passphrase', 'open sesame\r'],
        ['Repeat the passphrase', 'open sesame\r'],
      ],
    )
    expect(code).toBe(0)
    expect(stdout).not.toMatch(/sesame|\*/)
    expect(stdout).toContain('dora (you)')
    const file = join(dir, 'dora.secret')
    await writeFile(file, 'open sesame', { mode: 0o600 })
    const definition = join(dir, 'dora.mpc')
    await mpc(home, ['identity', 'import', bob.card])
    const flags = { '--scheme': 'schnorr-taproot', '--members': 'dora,bob' }
    const made = await mpc(home, [...newKeygen(definition, flags), '--json'])
    const accept = ['--accept', made.json.data.definition_id, '--passphrase-file', file]
    expect((await mpc(home, ['ceremony', 'sign', definition, ...accept, '--json'])).code).toBe(0)
  })

  it('makes a passphrase for who wants none of their own, and says that it is secret', async () => {
    const home = join(dir, 'erin')
    const { code, stdout } = await atTerminal(
      home,
      ['identity', 'init', '--name', 'erin', '--plain'],
      [
        ['New passphrase', '\r'],
        ['Type the eight words', 'not this\r'],
        ['The words differ.', ''],
        ['Type the eight words', 'nor this\r'],
        ['Type the eight words', 'still not\r'],
      ],
    )
    expect(code).toBe(2)
    expect(stdout).toContain('SECRET. Write it on paper now. Do not read it aloud.')
    expect(stdout).toMatch(
      /1 [a-z]+ +2 [a-z]+ +3 [a-z]+ +4 [a-z]+\r\n +5 [a-z]+ +6 [a-z]+ +7 [a-z]+ +8 [a-z]+\r\n/,
    )
    await expect(stat(join(home, 'identity.age'))).rejects.toThrow('ENOENT')
  })

  it('asks for both passphrases again where they differ', async () => {
    const home = join(dir, 'gina')
    const { code, stdout } = await atTerminal(
      home,
      ['identity', 'init', '--name', 'gina', '--plain'],
      [
        ['New passphrase', 'one thing\r'],
        ['Repeat the passphrase', 'another\r'],
        ['New passphrase', 'open sesame\r'],
        ['Repeat the passphrase', 'open sesame\r'],
      ],
    )
    expect(code).toBe(0)
    expect(stdout).toContain('The two differ. Type both again.')
  })

  it('lets a person mistype a passphrase, says whose it is, and ends after three', async () => {
    const home = join(dir, 'hugo')
    const file = join(dir, 'hugo.secret')
    await writeFile(file, 'open sesame', { mode: 0o600 })
    await mpc(home, ['identity', 'init', '--name', 'hugo', '--passphrase-file', file])
    await mpc(home, ['identity', 'import', bob.card])
    const made = await mpc(home, [...newKeygen('hugo.mpc', { '--members': 'hugo,bob' }), '--json'], {
      cwd: dir,
    })
    const sign = ['ceremony', 'sign', 'hugo.mpc', '--accept', made.json.data.definition_id as string]
    const wrong = await atTerminal(
      home,
      sign,
      [
        ['Passphrase of hugo:', 'a\r'],
        ['2 tries left', ''],
        ['Passphrase of hugo:', 'b\r'],
        ['One try left', ''],
        ['Passphrase of hugo:', 'c\r'],
      ],
      { cwd: dir },
    )
    expect(wrong.code).toBe(10)
    const right = await atTerminal(
      home,
      sign,
      [
        ['Passphrase of hugo:', 'a\r'],
        ['Passphrase of hugo:', 'open sesame\r'],
      ],
      { cwd: dir },
    )
    expect(right.code).toBe(0)
  })

  it('verifies a person by 16 words and their typed name; y is no answer', async () => {
    const { code, stdout } = await at(
      alice,
      ['identity', 'verify', 'bob'],
      [
        ['or no:', 'y\r'],
        // The wrong answer is gone from the line.
        ['type "bob" or "no"', 'bob\r'],
      ],
    )
    expect(code).toBe(0)
    const words = (await bob.mpc(['identity', 'show', '--json'])).json.data.words as string[]
    for (const word of words) expect(stdout).toContain(word)
    const shown = await alice.mpc(['identity', 'show', 'bob', '--json'])
    expect(shown.json.data.status).toBe('verified')
  })

  it('shows a ceremony, and signs it for the two words only', async () => {
    const made = await alice.mpc(newKeygen('k.mpc', { '--members': 'alice,bob' }))
    expect(made.code).toBe(0)
    const sign = ['ceremony', 'sign', 'k.mpc', ...alice.unlock]
    const before = await readFile(join(dir, 'k.mpc'))
    const refused = await at(alice, sign, [['or no:', 'no\r']])
    expect(refused.code).toBe(8)
    expect(refused.stdout).toContain('E_REFUSED')
    expect(refused.stdout).toContain('2 of 2 must sign')
    expect(await readFile(join(dir, 'k.mpc'))).toEqual(before)
    const words = /Type "([a-z]+ [a-z]+)"/.exec(refused.stdout)?.[1] as string
    expect((await at(alice, sign, [['or no:', `${words}\r`]])).code).toBe(0)
    expect((await alice.mpc(['ceremony', 'show', 'k.mpc', '--json'])).json.data.signed_by).toEqual(['alice'])
  })

  it('ends with 130 on Ctrl-C at a question, and leaves nothing behind', async () => {
    const home = join(dir, 'frank')
    const { code, stdout } = await atTerminal(
      home,
      ['identity', 'init', '--name', 'frank'],
      [['New passphrase', '\x03']],
    )
    expect(code).toBe(130)
    expect(stdout).toContain('E_INTERRUPTED')
    await expect(stat(join(home, 'identity.age'))).rejects.toThrow('ENOENT')
  })

  it('paints for a terminal, and neither for NO_COLOR nor --no-color nor --plain nor a dumb one', async () => {
    const bad = ['identity', 'show', 'zoe']
    const colour = '\u001b[3'
    expect((await at(alice, bad, [])).stdout).toContain(colour)
    for (const flag of ['--no-color', '--plain']) {
      expect((await at(alice, [...bad, flag], [])).stdout).not.toContain(colour)
    }
    for (const env of [{ NO_COLOR: '1' }, { TERM: 'dumb' }] as Record<string, string>[]) {
      expect((await atTerminal(alice.home, bad, [], { env })).stdout).not.toContain(colour)
    }
    expect((await alice.mpc(bad)).stderr).not.toContain(colour)
  })

  it('does not ask with --no-input', async () => {
    const { code, stdout } = await at(alice, ['identity', 'verify', 'bob', '--no-input'], [])
    expect(code).toBe(2)
    expect(stdout).toContain('E_NO_INPUT')
  })
})
