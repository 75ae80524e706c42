import { mkdir, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ageIdentityFile, type Custodian, custodian, mpc, scratch } from '../../../support/cli.js'

let dir: string
let remove: () => Promise<void>
let alice: Custodian
let bob: Custodian
/** Somebody else who says he is bob. */
let impostor: Custodian

beforeAll(async () => {
  ;({ dir, remove } = await scratch())
  const elsewhere = join(dir, 'elsewhere')
  await mkdir(elsewhere)
  ;[alice, bob, impostor] = await Promise.all([
    custodian(dir, 'alice'),
    custodian(dir, 'bob'),
    custodian(elsewhere, 'bob'),
  ])
})
afterAll(() => remove())

describe('mpc identity init', () => {
  it('makes an identity sealed by a passphrase, as the acceptance commands say', async () => {
    const home = join(dir, 'dora')
    const secret = join(dir, 'dora.secret')
    await writeFile(secret, 'correct horse battery staple\n', { mode: 0o600 })
    const init = ['identity', 'init', '--name', 'dora', '--passphrase-file', secret, '--no-input', '--json']
    const { code, json, stderr } = await mpc(home, init)
    expect(code).toBe(0)
    expect(json).toMatchObject({
      ok: true,
      command: 'identity init',
      code: 0,
      data: { name: 'dora', status: 'self' },
    })
    expect(json.data.words).toHaveLength(16)
    expect(stderr).toMatch(/^(Sealing your identity\n)?$/)
    const exported = await mpc(home, ['identity', 'export'])
    expect(exported.stdout).toBe(`${json.data.card}\n`)
    expect((await stat(home)).mode & 0o777).toBe(0o700)
    expect((await stat(join(home, 'identity.age'))).mode & 0o777).toBe(0o600)
  })

  it('refuses a second one before it asks for any secret', async () => {
    const { code, json } = await alice.mpc(['identity', 'init', '--name', 'alice', '--no-input', '--json'])
    expect([code, json.error.code]).toEqual([11, 'E_IDENTITY_EXISTS'])
  })

  it.each([
    [['--name', 'Alice'], 'E_USAGE'],
    [['--name', 'a'.repeat(33)], 'E_USAGE'],
    [[], 'E_NO_INPUT'],
    [['--name', 'erin'], 'E_NO_INPUT'],
    [['--name', 'erin', '--passphrase-file', 'nowhere'], 'E_NO_FILE'],
    [['--name', 'erin', '--name', 'eve'], 'E_USAGE'],
  ])('exits with 2 for %j', async (flags, error) => {
    const { code, json } = await mpc(join(dir, 'erin'), [
      'identity',
      'init',
      ...flags,
      '--no-input',
      '--json',
    ])
    expect([code, json.error.code]).toEqual([2, error])
  })

  it('makes the post-quantum kind', async () => {
    const key = await ageIdentityFile(join(dir, 'pq.key'))
    const init = ['identity', 'init', '--name', 'pq', '--post-quantum', '--identity', key, '--json']
    expect((await mpc(join(dir, 'pq'), init)).code).toBe(0)
    expect((await mpc(join(dir, 'pq'), ['identity', 'show', '--json'])).json.data.name).toBe('pq')
  })
})

describe('mpc identity import', () => {
  it('stores a card unverified, and verified with the fingerprint that its owner told', async () => {
    const plain = await alice.mpc(['identity', 'import', bob.card, '--json'])
    expect(plain.json.data).toMatchObject({ name: 'bob', status: 'unverified', changed: 'added' })
    const shown = await bob.mpc(['identity', 'show', '--json'])
    const told = [
      'identity',
      'import',
      bob.card,
      '--fingerprint',
      shown.json.data.fingerprint,
      '--no-input',
      '--json',
    ]
    const { json } = await alice.mpc(told)
    expect(json.data).toMatchObject({ name: 'bob', status: 'verified', changed: 'verified' })
    const again = await alice.mpc(['identity', 'import', bob.card, '--json'])
    expect(again.code).toBe(0)
    expect(again.json.data).toMatchObject({ status: 'verified', changed: null })
    const show = await alice.mpc(['identity', 'show', 'bob', '--json'])
    expect(show.json.data).toMatchObject({ fingerprint: bob.fingerprint, status: 'verified' })
  })

  it('checks a fingerprint before anything else', async () => {
    const wrong = ['identity', 'import', impostor.card, '--fingerprint', bob.fingerprint, '--json']
    const { code, json } = await alice.mpc(wrong)
    expect([code, json.error.code, json.error.party]).toEqual([6, 'E_FINGERPRINT', 'bob'])
  })

  it('keeps the meaning of a name until the person says otherwise', async () => {
    const taken = await alice.mpc(['identity', 'import', impostor.card, '--json'])
    expect([taken.code, taken.json.error.code]).toEqual([11, 'E_NAME_TAKEN'])
    const beside = await alice.mpc([
      'identity',
      'import',
      impostor.card,
      '--fingerprint',
      impostor.fingerprint,
      '--json',
    ])
    expect([beside.code, beside.json.data.changed]).toEqual([0, 'beside'])
    expect((await alice.mpc(['identity', 'show', 'bob', '--json'])).json.data.fingerprint).toBe(
      bob.fingerprint,
    )

    const replace = ['identity', 'import', impostor.card, '--replace', 'bob', '--json']
    expect((await alice.mpc([...replace, '--no-input'])).json.error.code).toBe('E_NO_INPUT')
    expect((await alice.mpc([...replace, '--confirm', 'bert'])).code).toBe(2)
    const replaced = await alice.mpc([...replace, '--confirm', 'bob'])
    expect(replaced.json.data).toMatchObject({ changed: 'replaced', status: 'verified' })
    const now = await alice.mpc(['identity', 'show', 'bob', '--json'])
    expect(now.json.data.fingerprint).toBe(impostor.fingerprint)
    const back = ['identity', 'import', bob.card, '--replace', 'bob', '--confirm', 'bob', '--json']
    expect((await alice.mpc(back)).json.data.changed).toBe('replaced')
  })

  it('takes many cards from one file, or none of them', async () => {
    const file = join(dir, 'all.cards')
    const exported = await bob.mpc(['identity', 'export'])
    await writeFile(file, `# ours\n\n${exported.stdout}\n${(await alice.mpc(['identity', 'export'])).stdout}`)
    const dora = await custodian(dir, 'dave')
    const { json } = await dora.mpc(['identity', 'import', file, '--json'])
    expect(json.data.identities.map((each: { name: string }) => each.name)).toEqual(['bob', 'alice'])
    const listed = await dora.mpc(['identity', 'list', '--json'])
    expect(listed.json.data.identities.map((each: { status: string }) => each.status)).toEqual([
      'self',
      'unverified',
      'unverified',
    ])

    await writeFile(file, `${exported.stdout}mpccard1nonsense\n`)
    const erin = await custodian(dir, 'erin')
    const refused = await erin.mpc(['identity', 'import', file, '--json'])
    expect([refused.code, refused.json.error.code]).toEqual([6, 'E_CARD'])
    expect((await erin.mpc(['identity', 'list', '--json'])).json.data.identities).toHaveLength(1)
  })

  it('takes several files, and verifies those whose fingerprints were told', async () => {
    const [fred, gina] = [await custodian(dir, 'fred'), await custodian(dir, 'gina')]
    const both = ['identity', 'import', bob.card, gina.card, '--json']
    const told = [...both, '--fingerprint', gina.fingerprint]
    // One that fits none of the cards is an error, whatever the others are, and nothing is stored.
    const strange = await fred.mpc([...told, '--fingerprint', impostor.fingerprint])
    expect([strange.code, strange.json.error.code]).toEqual([6, 'E_FINGERPRINT'])
    expect(strange.json.error.message).toContain(impostor.fingerprint)
    expect((await fred.mpc(['identity', 'list', '--json'])).json.data.identities).toHaveLength(1)

    const statuses = (json: { data: { identities: { name: string; status: string }[] } }) =>
      json.data.identities.map(({ name, status }) => `${name} ${status}`)
    expect(statuses((await fred.mpc(told)).json)).toEqual(['bob unverified', 'gina verified'])
    const all = await fred.mpc([...told, '--fingerprint', bob.fingerprint])
    expect(statuses(all.json)).toEqual(['bob verified', 'gina verified'])

    const replace = ['--replace', 'bob', '--confirm', 'bob']
    const replaced = await fred.mpc(['identity', 'import', gina.card, impostor.card, ...replace, '--json'])
    expect(replaced.json.data.identities.map(({ changed }: { changed: string }) => changed)).toEqual([
      null,
      'replaced',
    ])
    const none = await fred.mpc(['identity', 'import', gina.card, alice.card, ...replace, '--json'])
    expect([none.code, none.json.error.code]).toEqual([2, 'E_USAGE'])
  })

  it('names a missing file', async () => {
    const { code, json } = await alice.mpc(['identity', 'import', 'nobody.card', '--json'])
    expect([code, json.error.code]).toEqual([2, 'E_NO_FILE'])
  })
})

describe('mpc identity show, verify', () => {
  it('says what is missing', async () => {
    const empty = join(dir, 'empty')
    const none = await mpc(empty, ['identity', 'show', '--json'])
    expect([none.code, none.json.error.code]).toEqual([3, 'E_NO_IDENTITY'])
    const unknown = await alice.mpc(['identity', 'show', 'zoe', '--json'])
    expect([unknown.code, unknown.json.error.code, unknown.json.error.party]).toEqual([
      3,
      'E_UNKNOWN_PEER',
      'zoe',
    ])
  })

  it('verifies by the fingerprint, in a script', async () => {
    await bob.mpc(['identity', 'import', alice.card])
    const verify = ['identity', 'verify', 'alice', '--no-input', '--json']
    expect((await bob.mpc(verify)).json.error.code).toBe('E_NO_INPUT')
    expect((await bob.mpc([...verify, '--fingerprint', bob.fingerprint])).code).toBe(6)
    const { json } = await bob.mpc([...verify, '--fingerprint', alice.fingerprint])
    expect(json.data.status).toBe('verified')
  })
})
