/** The fate of shares after a reshare, by the real binary: listed, checked, destroyed, handed on, moved. */
import { createHash, createPublicKey, verify } from 'node:crypto'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { cp } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { makeKey, start } from '../../../support/ceremonies.js'
import {
  atTerminal,
  type Custodian,
  custodian,
  custodians,
  hasTerminal,
  mpc,
  type Ran,
  scratch,
  verifies,
} from '../../../support/cli.js'
import { type Broker, brokers } from '../../../support/nats.js'

let server: Broker
let folder: Awaited<ReturnType<typeof scratch>>
let [alice, bob, carol, dave] = [] as unknown as [Custodian, Custodian, Custodian, Custodian]
let publicKey: string

const message = Buffer.from('before and after')
const approve = ['--approve', `sha256:${createHash('sha256').update(message).digest('hex')}`]
const path = (name: string): string => join(folder.dir, name)
/** Runs a command in somebody's home. */
const line = (who: Custodian, text: string): Promise<Ran> =>
  who.mpc([...text.split(' '), ...who.unlock, '--no-input', '--json'])
const epochsOf = async (who: Custodian) =>
  (await line(who, 'share list --key treasury')).json.data.keys[0].epochs

/** The same custodian, in a copy of its home. */
async function copyOf(who: Custodian, name: string): Promise<Custodian> {
  const home = path(`${name}.home`)
  await cp(who.home, home, { recursive: true })
  return { ...who, home, mpc: (args, how = {}) => mpc(home, args, { cwd: folder.dir, ...how }) }
}

function opensslAccepts(signature: string): boolean {
  const jwk = { kty: 'OKP', crv: 'Ed25519', x: Buffer.from(publicKey, 'hex').toString('base64url') }
  const key = createPublicKey({ key: jwk, format: 'jwk' })
  return verify(null, message, key, Buffer.from(signature, 'hex'))
}

async function sign(asker: Custodian, joiner: Custodian, signers: string): Promise<Ran[]> {
  const asks = ['sign', '--key', 'treasury', '--in', 'msg.bin', '--signers', signers, ...approve]
  const joins = ['sign', '--key', 'treasury', '--next', ...approve]
  return Promise.all([
    start(asker, server.url, [...asks, '--timeout', '20s']).ended,
    start(joiner, server.url, [...joins, '--timeout', '20s']).ended,
  ])
}

/** Somebody writes a ceremony down, and these go through it. */
async function deals(players: readonly Custodian[], file: string, members: string): Promise<void> {
  const [author] = players as [Custodian]
  const defined = await line(author, `ceremony new reshare --key treasury --members ${members} -o ${file}`)
  expect(defined.code, defined.stdout).toBe(0)
  const flags = ['--definition', file, '--accept', defined.json.data.definition_id]
  const ended = await Promise.all(players.map((who) => start(who, server.url, ['reshare', ...flags]).ended))
  for (const { code, stdout } of ended) expect(code, stdout).toBe(0)
}

describe('shares after a reshare', () => {
  // Alice, bob and carol deal to alice, bob and dave; carol, who does not deal, is not there.
  beforeAll(async () => {
    server = await brokers.relay()
    folder = await scratch()
    ;[alice, bob, carol, dave] = (await custodians(folder.dir, 'alice', 'bob', 'carol', 'dave')) as [
      Custodian,
      Custodian,
      Custodian,
      Custodian,
    ]
    const [made] = await makeKey([alice, bob, carol], server.url)
    publicKey = made?.json.data.public_key as string
    writeFileSync(path('msg.bin'), message)
    const split = 'backup split --key treasury --threshold 2 --holders h1.card,h2.card -o pieces'
    await verifies(alice, await Promise.all(['h1', 'h2'].map((name) => custodian(folder.dir, name))))
    expect((await line(alice, split)).code).toBe(0)
    await deals([alice, bob, dave], 'reshare.mpc', 'alice,bob,dave')
  })
  afterAll(async () => {
    await server.down()
    await folder.remove()
  })

  test('are listed with who went over, and who could still sign with the old ones', async () => {
    const [before, after] = await epochsOf(alice)
    expect(before).toMatchObject({
      epoch: 1,
      status: 'parent',
      share: true,
      certified: true,
      custodians: ['alice', 'bob', 'carol'],
      deleted: [],
      pieces: { threshold: 2, holders: ['h1', 'h2'], destroyed: [] },
      could_sign: { needed: 2, shares: ['alice', 'bob', 'carol'], pieces: [], enough: true },
    })
    expect(after).toMatchObject({
      epoch: 2,
      status: 'active',
      share: true,
      activated: ['alice', 'bob', 'dave'],
    })
    const shown = await alice.mpc(['share', 'list'])
    expect(shown.stdout).toContain('Any 2 of alice, bob and carol could still sign with epoch 1.')
    expect(shown.stdout).toContain('Any 2 of h1 and h2 can make your share of it again')
    expect(shown.stderr).toContain('Next: mpc share retire --key treasury')
    expect((await line(dave, 'share list --key treasury')).json.data.keys[0].epochs).toMatchObject([
      { epoch: 1, status: null, share: false },
      { epoch: 2, status: 'active', share: true },
    ])
    expect((await line(alice, 'share list --key vault')).json).toMatchObject({
      code: 3,
      error: { code: 'E_NO_KEY' },
    })
  })

  test('are said where keys are shown, and by status with the command', async () => {
    const status = await alice.mpc(['status', '--json'])
    expect(status.json.data.keys).toMatchObject([{ epoch: 2, old_shares: { epochs: [1], retire: 'now' } }])
    const shown = await alice.mpc(['status'])
    expect(shown.stdout).toContain('its old share of epoch 1 is not destroyed')
    expect(shown.stderr).toContain('mpc share retire --key treasury')
    expect((await alice.mpc(['key', 'list'])).stdout).toContain('your old share of epoch 1 is not destroyed')
    expect((await carol.mpc(['status', '--json'])).json.data.keys).toMatchObject([
      { epoch: 1, old_shares: { epochs: [], retire: 'no' } },
    ])
  })

  test('are checked against the records: exit 0, 9 naming what is wrong, 10 for a wrong identity', async () => {
    const whole = await line(alice, 'share check --key treasury')
    expect(whole.json).toMatchObject({
      code: 0,
      data: {
        valid: true,
        shares: [
          { epoch: 1, valid: true },
          { epoch: 2, valid: true, refresh_needed: false },
        ],
      },
    })
    const wrong = ['share', 'check', '--key', 'treasury', ...bob.unlock, '--no-input', '--json']
    expect((await alice.mpc(wrong)).json).toMatchObject({ code: 10, error: { code: 'E_DECRYPT' } })

    const broken = await copyOf(alice, 'broken')
    const { digest } = (await epochsOf(alice))[1]
    const share = join(broken.home, 'keys', 'treasury', 'epochs', digest, 'share.age')
    const bytes = readFileSync(share)
    bytes[bytes.length - 20] = (bytes[bytes.length - 20] as number) ^ 1
    writeFileSync(share, bytes)
    const damaged = await line(broken, 'share check --key treasury')
    expect(damaged.json).toMatchObject({
      code: 9,
      data: {
        valid: false,
        shares: [
          { epoch: 1, valid: true },
          { epoch: 2, valid: false },
        ],
      },
      error: { code: 'E_SHARE_CHECK' },
    })
    // Bob's share of the same epoch, in alice's place.
    writeFileSync(share, readFileSync(join(bob.home, 'keys', 'treasury', 'epochs', digest, 'share.age')))
    expect((await line(broken, 'share check --key treasury')).json.code).toBe(9)
    const refused = await line(broken, 'share retire --key treasury --confirm treasury')
    expect(refused.json).toMatchObject({ code: 11, error: { code: 'E_KEY_STATE' } })
    rmSync(share)
    const gone = await line(broken, 'key show treasury')
    expect(gone.json).toMatchObject({ code: 11, error: { code: 'E_KEY_STATE' } })
    expect(gone.json.error.hint).toContain('mpc share list --key treasury')
    expect((await epochsOf(broken))[1]).toMatchObject({ share: false, problems: ['share.age is missing'] })
    writeFileSync(join(broken.home, 'keys', 'treasury', 'state.cbor'), 'nonsense')
    const listed = (await line(broken, 'share list')).json.data.keys
    expect(listed).toMatchObject([
      { key: 'treasury', key_id: null, problem: expect.stringContaining('damaged') },
    ])
    expect(listed[0].epochs).toHaveLength(2)
    expect((await line(broken, 'share check --key treasury')).json.code).toBe(9)
  })

  test('are destroyed once their owner says so; the others hear of it by file', async () => {
    const { digest } = (await epochsOf(alice))[0]
    const asked = await line(alice, 'share retire --key treasury')
    expect(asked.json).toMatchObject({ code: 2, error: { code: 'E_NO_INPUT' } })
    expect(asked.json.error.hint).toContain('--confirm treasury')
    const wrong = await line(alice, 'share retire --key treasury --confirm bob')
    expect(wrong.json).toMatchObject({ code: 2, error: { code: 'E_USAGE' } })
    if (hasTerminal) {
      const words = ['share', 'retire', '--key', 'treasury', '--plain', ...alice.unlock]
      const refused = await atTerminal(alice.home, words, [['Type "treasury", or no:', 'no\r']])
      expect(refused.code, refused.stdout).toBe(8)
      expect(refused.stdout).toContain('used by alice, bob and dave (the threshold is 2)')
    }
    expect((await epochsOf(alice))[0]).toMatchObject({ share: true, status: 'parent' })

    const { json } = await line(alice, `share retire --key treasury --epoch ${digest} --confirm treasury`)
    expect(json).toMatchObject({
      code: 0,
      data: {
        newest: 2,
        gone_over: ['alice', 'bob', 'dave'],
        retired: [{ epoch: 1, status: 'retired', share: false, deleted: ['alice'] }],
      },
    })
    expect(json.data.destroyed.map((file: string) => file.split('/').at(-1)).sort()).toEqual([
      'escrow.age',
      'share.age',
      'share.age',
    ])
    for (const file of json.data.destroyed) expect(() => readFileSync(file)).toThrow('ENOENT')
    // Pieces are as good as the share.
    expect(json.data.retired[0].could_sign).toMatchObject({ shares: ['bob', 'carol'], pieces: ['alice'] })
    const again = await line(alice, 'share retire --key treasury --confirm treasury')
    expect(again.json).toMatchObject({ code: 0, data: { retired: [], destroyed: [] } })
    expect(
      (await line(alice, 'share retire --key treasury --epoch '.concat('00'.repeat(32)))).json,
    ).toMatchObject({
      code: 3,
      error: { code: 'E_NO_EPOCH' },
    })
    const inUse = `share retire --key treasury --epoch ${(await epochsOf(alice))[1].digest} --confirm treasury`
    expect((await line(alice, inUse)).json).toMatchObject({ code: 11, error: { code: 'E_EPOCH_IN_USE' } })

    expect((await line(alice, 'share statements --key treasury -o over.json')).json.data.file).toBe(
      path('over.json'),
    )
    expect((await line(alice, 'share statements --key treasury -o over.json')).json).toMatchObject({
      code: 11,
      error: { code: 'E_OUTPUT_EXISTS' },
    })
    const heard = await line(bob, 'share statements --key treasury over.json')
    expect(heard.json).toMatchObject({ code: 0, data: { added: 1, strange: 0, frozen: null } })
    expect((await epochsOf(bob))[0]).toMatchObject({ deleted: ['alice'] })
    const [asker] = await sign(alice, dave, 'alice,dave')
    expect(asker?.json.data).toMatchObject({ epoch: 2 })
    expect(opensslAccepts(asker?.json.data.signature)).toBe(true)
  })

  test('who was not there learns of it by that file, signs no more, and destroys its own', async () => {
    const altered = readFileSync(path('over.json'), 'utf8').replace(
      /(.)(.{8})"}\n$/,
      (_, digit, rest) => `${digit === '0' ? '1' : '0'}${rest}"}\n`,
    )
    writeFileSync(path('altered.json'), altered)
    const refused = await line(
      carol,
      'share retire --key treasury --statements altered.json --confirm treasury',
    )
    expect(refused.json).toMatchObject({ code: 9 })
    expect(refused.json.error.message).toContain('altered.json')
    expect((await epochsOf(carol))[0]).toMatchObject({ status: 'active', share: true })
    const { json } = await line(
      carol,
      'share retire --key treasury --statements over.json --confirm treasury',
    )
    expect(json).toMatchObject({
      code: 0,
      data: { newest: 2, retired: [{ epoch: 1, share: false, deleted: ['alice', 'carol'] }] },
    })
    expect((await line(carol, 'key show treasury')).json).toMatchObject({
      code: 3,
      error: { code: 'E_NO_KEY' },
    })
    expect((await carol.mpc(['key', 'list'])).code).toBe(0)
    const signs = ['sign', '--key', 'treasury', '--next', ...approve]
    expect((await start(carol, server.url, signs).ended).json).toMatchObject({ code: 3 })
    expect((await line(carol, 'share list')).json.data.keys[0].epochs[0].could_sign).toMatchObject({
      enough: false,
    })
    // A home without the key, and what is no such file.
    const stranger = await line(alice, 'share statements --key treasury msg.bin')
    expect(stranger.json).toMatchObject({ code: 9, error: { code: 'E_STATEMENT' } })
  })
})
