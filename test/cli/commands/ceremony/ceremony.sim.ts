import { copyFile, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Custodian, custodian, custodians, mpc, newKeygen, ROOT, scratch } from '../../../support/cli.js'

let dir: string
let remove: () => Promise<void>
let alice: Custodian
let bob: Custodian
let carol: Custodian
let namesake: string

beforeAll(async () => {
  ;({ dir, remove } = await scratch())
  ;[alice, bob, carol] = (await custodians(dir, 'alice', 'bob', 'carol')) as [Custodian, Custodian, Custodian]
  namesake = (await custodian(dir, 'carol', 'another')).card
})
afterAll(() => remove())

describe('mpc ceremony new', () => {
  it('makes the definition of the acceptance commands', async () => {
    const made = await alice.mpc([...newKeygen('treasury.mpc'), '--no-input', '--json'])
    expect(made.code).toBe(0)
    const shown = await mpc(join(dir, 'nobody'), ['ceremony', 'show', join(dir, 'treasury.mpc'), '--json'])
    expect(shown.json.data).toEqual(made.json.data)
    expect(shown.json.data).toMatchObject({
      kind: 'keygen',
      key: 'treasury',
      scheme: 'eddsa-ed25519',
      threshold: 2,
      members: [
        { name: 'alice', fingerprint: alice.fingerprint, role: 'custodian', index: 1 },
        { name: 'bob', fingerprint: bob.fingerprint, role: 'custodian', index: 2 },
        { name: 'carol', fingerprint: carol.fingerprint, role: 'custodian', index: 3 },
      ],
      participants: ['alice', 'bob', 'carol'],
      signed_by: [],
      missing: ['alice', 'bob', 'carol'],
      rehearsal: false,
      file: join(dir, 'treasury.mpc'),
    })
  })

  it('takes card files for whoever is not known here, and knows nobody for it afterwards', async () => {
    const erin = await custodian(dir, 'erin')
    const members = `alice,${bob.card},${erin.card}`
    const { json } = await alice.mpc([...newKeygen('files.mpc', { '--members': members }), '--json'])
    expect(json).toMatchObject({ code: 0, data: { participants: ['alice', 'bob', 'erin'] } })
    expect(json.data.members[2].fingerprint).toBe(erin.fingerprint)
    const listed = await alice.mpc(['identity', 'list', '--json'])
    expect(listed.json.data.identities.map(({ name }: { name: string }) => name)).not.toContain('erin')
  })

  it.each([
    ['a file that is not there', () => 'alice,bob,zoe.card', 2, 'E_NO_FILE'],
    ['a file without a card', () => 'alice,bob,treasury.mpc', 6, 'E_CARD'],
    ['a card whose name means another here', () => `alice,bob,${namesake}`, 11, 'E_NAME_AMBIGUOUS'],
    ['somebody twice, by name and by card', () => `alice,bob,${bob.card}`, 2, 'E_PLAN'],
    ['neither a name nor a file', () => 'alice,Bob', 2, 'E_USAGE'],
  ])('refuses %s', async (_, members, exit, error) => {
    const { json } = await alice.mpc([...newKeygen('y.mpc', { '--members': members() }), '--json'])
    expect([json.code, json.error.code]).toEqual([exit, error])
  })

  it('never overwrites', async () => {
    const { code, json } = await alice.mpc([...newKeygen('treasury.mpc'), '--json'])
    expect([code, json.error.code]).toEqual([11, 'E_OUTPUT_EXISTS'])
  })

  it('names everything that is wrong', async () => {
    const wrong = newKeygen('x.mpc', {
      '--threshold': '4',
      '--members': 'alice,bob,bob',
      '--expires': 'soon',
    })
    const { code, json } = await alice.mpc([...wrong, '--json'])
    expect([code, json.error.code]).toEqual([2, 'E_PLAN'])
    expect(json.error.message).toMatch(/--threshold.*--members.*bob.*--expires/)
  })

  it.each([
    [{ '--threshold': '1' }, 2, 'E_PLAN'],
    [{ '--threshold': 'two' }, 2, 'E_USAGE'],
    [{ '--scheme': 'rsa' }, 2, 'E_PLAN'],
    [{ '--key': '../etc' }, 2, 'E_USAGE'],
    [{ '--members': 'alice,bob,zoe' }, 3, 'E_UNKNOWN_PEER'],
    [{ '--expires': '2001-01-01T00:00:00Z' }, 2, 'E_PLAN'],
  ])('refuses %j', async (changes, exit, error) => {
    const { code, json } = await alice.mpc([...newKeygen('y.mpc', changes), '--json'])
    expect([code, json.error.code]).toEqual([exit, error])
  })

  it('warns of thresholds by which one loss is too much, or half of them enough; machines too', async () => {
    const [all, half] = [
      /All (\d) must sign. If one loses its share/,
      /Half of the custodians or fewer must sign, so two separate groups of 2 /,
    ]
    const of = async (threshold: number, members: string, file: string) => {
      const changes = { '--threshold': String(threshold), '--members': members }
      const made = await alice.mpc([...newKeygen(file, changes), '--json'])
      const shown = await alice.mpc(['ceremony', 'show', file])
      const { warnings } = made.json.data
      const flat = shown.stdout.replace(/\s+/g, ' ')
      for (const warning of warnings) expect(flat).toContain(`WARNING: ${warning}`)
      expect(flat.match(/WARNING/g)?.length ?? 0).toBe(warnings.length)
      return warnings as string[]
    }
    expect(await of(2, 'alice,bob', 'w1.mpc')).toEqual([expect.stringMatching(all)])
    expect(await of(3, 'alice,bob,carol', 'w2.mpc')).toEqual([expect.stringMatching(all)])
    expect(await of(2, 'alice,bob,carol', 'w3.mpc')).toEqual([])
    await custodian(dir, 'frank')
    expect(await of(2, 'alice,bob,carol,frank.card', 'w4.mpc')).toEqual([expect.stringMatching(half)])
    expect(await of(3, 'alice,bob,carol,frank.card', 'w5.mpc')).toEqual([])
  })

  it('sends who has a plan of a reshare to the command that makes one', async () => {
    const template = await readFile(join(ROOT, 'ceremonies', 'keygen-2-of-3.yaml'), 'utf8')
    await writeFile(join(dir, 'reshare.yaml'), template.replace('kind: keygen', 'kind: reshare'))
    for (const kind of [[], ['reshare']]) {
      const ran = await alice.mpc([
        'ceremony',
        'new',
        ...kind,
        '--from',
        'reshare.yaml',
        '-o',
        'r.mpc',
        '--json',
      ])
      expect(ran.json).toMatchObject({ code: 2, error: { code: 'E_PLAN' } })
      expect(ran.json.error.hint).toContain('mpc ceremony new reshare --key NAME')
    }
  })

  it('makes the templates into definitions, and names line and column of what is wrong in one', async () => {
    const template = join(ROOT, 'ceremonies', 'keygen-2-of-3.yaml')
    const made = await alice.mpc(['ceremony', 'new', '--from', template, '-o', 'from.mpc', '--json'])
    expect(made.json.data).toMatchObject({
      key: 'treasury',
      threshold: 2,
      participants: ['alice', 'bob', 'carol'],
    })
    const broken = (await readFile(template, 'utf8')).replace('threshold: 2', 'threshold: 7\ncolour: red')
    await writeFile(join(dir, 'broken.yaml'), broken)
    const { code, json } = await alice.mpc([
      'ceremony',
      'new',
      '--from',
      'broken.yaml',
      '-o',
      'w.mpc',
      '--json',
    ])
    expect([code, json.error.code]).toEqual([2, 'E_PLAN'])
    expect(json.error.message).toMatch(
      /broken\.yaml:11:\d+ threshold.*broken\.yaml:12:1 unknown field "colour"/,
    )
    const both = ['ceremony', 'new', '--from', template, '--threshold', '3', '-o', 'w.mpc', '--json']
    expect((await alice.mpc(both)).code).toBe(2)
  })
})

describe('mpc ceremony sign, merge, verify', () => {
  it('collects signatures until none is missing', async () => {
    for (const { name } of [alice, bob, carol]) {
      await copyFile(join(dir, 'treasury.mpc'), join(dir, `for-${name}.mpc`))
    }
    const id = (await alice.mpc(['ceremony', 'show', 'treasury.mpc', '--json'])).json.data.definition_id
    for (const who of [alice, bob, carol]) {
      const sign = [
        'ceremony',
        'sign',
        `for-${who.name}.mpc`,
        '--accept',
        id,
        ...who.unlock,
        '--no-input',
        '--json',
      ]
      expect((await who.mpc(sign)).json.data.signed_by).toEqual([who.name])
    }
    const two = await alice.mpc([
      'ceremony',
      'merge',
      'for-alice.mpc',
      'for-bob.mpc',
      '-o',
      'two.mpc',
      '--json',
    ])
    expect(two.json.data).toMatchObject({
      definition_id: id,
      signed_by: ['alice', 'bob'],
      missing: ['carol'],
    })
    const early = await alice.mpc(['ceremony', 'verify', 'two.mpc', '--json'])
    expect([early.code, early.json.error.code, early.json.data.missing]).toEqual([5, 'E_UNSIGNED', ['carol']])
    await alice.mpc(['ceremony', 'merge', 'two.mpc', 'for-carol.mpc', 'for-bob.mpc', '-o', 'all.mpc'])
    const done = await alice.mpc(['ceremony', 'verify', 'all.mpc', '--json'])
    expect([done.code, done.json.data.missing]).toEqual([0, []])
  })

  it('refuses before it asks for a secret', async () => {
    const sign = ['ceremony', 'sign', 'treasury.mpc', '--no-input', '--json']
    expect((await alice.mpc(sign)).json.error.code).toBe('E_NO_INPUT')
    const wrong = await alice.mpc([...sign, '--accept', '00'.repeat(32)])
    expect([wrong.code, wrong.json.error.code]).toEqual([6, 'E_ACCEPT'])
    const dave = await custodian(dir, 'dave')
    const stranger = await dave.mpc([...sign, '--accept', '00'.repeat(32)])
    expect([stranger.code, stranger.json.error.code]).toEqual([6, 'E_NOT_MEMBER'])
  })

  it('refuses a definition with one byte changed, and one with another id', async () => {
    const bytes = await readFile(join(dir, 'all.mpc'))
    for (const at of [40, bytes.length >> 1, bytes.length - 1]) {
      const changed = Buffer.from(bytes)
      changed[at] = (changed[at] as number) ^ 1
      await writeFile(join(dir, 'changed.mpc'), changed)
      const { code } = await alice.mpc(['ceremony', 'verify', 'changed.mpc', '--json'])
      expect(code).toBe(6)
    }
    await alice.mpc(newKeygen('other.mpc'))
    const { code, json } = await alice.mpc([
      'ceremony',
      'merge',
      'all.mpc',
      'other.mpc',
      '-o',
      'mix.mpc',
      '--json',
    ])
    expect([code, json.error.code]).toEqual([6, 'E_DEFINITION_DIFFERS'])
  })

  it('refuses one that has expired', async () => {
    await alice.mpc(newKeygen('short.mpc', { '--expires': '1s' }))
    const { definition_id: id } = (await alice.mpc(['ceremony', 'show', 'short.mpc', '--json'])).json.data
    await new Promise((resolve) => setTimeout(resolve, 1100))
    const sign = ['ceremony', 'sign', 'short.mpc', '--accept', id, ...alice.unlock, '--json']
    const { code, json } = await alice.mpc(sign)
    expect([code, json.error.code]).toEqual([5, 'E_EXPIRED'])
  })
})
