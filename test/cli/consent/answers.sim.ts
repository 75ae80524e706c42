/** An answer that a person types is never taken from a name that others chose. */
import { PassThrough } from 'node:stream'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ears } from '../../../src/cli/views/narrate.js'
import { makeStyle } from '../../../src/cli/terminal/style.js'
import { type Asking, Terminal } from '../../../src/cli/terminal/terminal.js'
import { type KeygenDefinition, writeDefinition } from '../../../src/wire/ceremony/definition.js'
import { type Custodian, custodian, mpc, newKeygen, scratch } from '../../support/cli.js'
import { keygenDefinition } from '../../support/members.js'
import { cardLineNamed } from '../../support/named.js'
import { memberOf } from '../../wire/support.js'

/** A terminal at which somebody types this to every question; all but the keys themselves is the real one. */
class Typing extends Terminal {
  constructor(readonly typed: string) {
    const stream = new PassThrough()
    const screen = { stream, moving: false, now: () => 0, settle: 0, size: () => null }
    super(true, makeStyle(false, true), screen, new AbortController().signal)
  }

  override ask(_: string, __: Asking, check: (text: string) => string | null = () => null): Promise<string> {
    const problem = check(this.typed)
    return problem === null ? Promise.resolve(this.typed) : Promise.reject(new Error(problem))
  }
}

const signal = new AbortController().signal
const asking = { flag: '--none' }

describe('a name that is the refusal, had one come so far', () => {
  const keys = (name: string) => ({ ...memberOf('bob').card, name })

  test.each(['differ', ' Differ ', 'DIFFER'])('typing %j says that the words differ', async (typed) => {
    const heard = ears(new Typing(typed)).heard(['one'], [keys('differ')], signal)
    await expect(heard).rejects.toMatchObject({ code: 'E_WORDS_DIFFER', kind: 'authentication' })
  })

  test('typing the name of somebody else says that they read them', async () => {
    await expect(ears(new Typing('bob')).heard(['one'], [keys('bob')], signal)).resolves.toBeUndefined()
  })

  test('typing no does not go on with a member in quarantine', async () => {
    const held = { name: 'no', faults: [] } as never
    const allowed = ears(new Typing('no')).allow(held, false, signal)
    await expect(allowed).rejects.toMatchObject({ code: 'E_REFUSED', kind: 'refused' })
  })

  test('typing no confirms nothing that is called no', async () => {
    const confirmed = new Typing('no').confirm('Destroy it?', 'no', asking)
    await expect(confirmed).rejects.toMatchObject({ code: 'E_REFUSED' })
    await expect(new Typing('no-').confirm('Destroy it?', 'no', asking)).rejects.toThrow()
    await expect(new Typing('treasury').confirm('Destroy it?', 'treasury', asking)).resolves.toBeUndefined()
  })
})

describe('the program', () => {
  let dir: string
  let remove: () => Promise<void>
  let alice: Custodian
  beforeAll(async () => {
    ;({ dir, remove } = await scratch())
    alice = await custodian(dir, 'alice')
  })
  afterAll(() => remove())

  test('refuses a card whose owner is called differ, at the import and in a ceremony: 6', async () => {
    const bob = memberOf('bob')
    const line = cardLineNamed(bob.identity, bob.card.age, 'differ')
    await writeFile(join(dir, 'differ.card'), `${line}\n`)
    const imported = await alice.mpc(['identity', 'import', 'differ.card', '--json'])
    expect(imported.json).toMatchObject({ code: 6, error: { code: 'E_CARD' } })
    expect((await alice.mpc(['identity', 'list', '--json'])).json.data.identities).toHaveLength(1)
    const ceremony = newKeygen('x.mpc', { '--members': 'alice,differ.card' })
    expect((await alice.mpc([...ceremony, '--json'])).json).toMatchObject({
      code: 6,
      error: { code: 'E_CARD' },
    })
    const members = [memberOf('carol').card, { ...bob.card, name: 'differ', line }]
    const definition = {
      ...(keygenDefinition([memberOf('carol')]) as KeygenDefinition),
      members: members.map((card) => ({ card, role: 'custodian' as const })),
    }
    await writeFile(
      join(dir, 'differ.mpc'),
      writeDefinition({ definition, id: new Uint8Array(32), signatures: [] }),
    )
    for (const command of [
      ['ceremony', 'show', 'differ.mpc'],
      ['keygen', '--definition', 'differ.mpc'],
    ]) {
      expect((await alice.mpc([...command, '--no-input', '--json'])).json, command.join()).toMatchObject({
        code: 6,
      })
    }
  })

  test('refuses such a name that a person chooses: 2', async () => {
    const init = ['identity', 'init', '--name', 'differ', ...alice.unlock, '--no-input', '--json']
    expect((await mpc(join(dir, 'new.home'), init)).code).toBe(2)
    const commands = [
      newKeygen('y.mpc', { '--key': 'no', '--members': 'alice,bob' }),
      ['backup', 'split', '--key', 'no', '--threshold', '2', '--holders', 'a=passphrase', '-o', 'o'],
      ['backup', 'restore', 'p1', 'p2', '--key', 'all'],
      ['identity', 'verify', '--fingerprint', '0'.repeat(64), 'yes', '--no-input'],
    ]
    const codes = await Promise.all(commands.map(async (args) => (await alice.mpc([...args, '--json'])).code))
    expect(codes).toEqual([2, 2, 2, 3])
  })
})
