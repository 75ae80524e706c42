/** A share moved to its custodian's new machine by the real binary, which signs there; and the old machine's end. */
import { createHash, createPublicKey, verify } from 'node:crypto'
import { readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { makeKey, start } from '../../../support/ceremonies.js'
import { type Custodian, custodian, custodians, type Ran, scratch } from '../../../support/cli.js'
import { type Broker, brokers } from '../../../support/nats.js'

let server: Broker
let folder: Awaited<ReturnType<typeof scratch>>
let [alice, bob] = [] as unknown as [Custodian, Custodian, Custodian]
let laptop: Custodian
let publicKey: string

const message = Buffer.from('on another machine')
const approve = ['--approve', `sha256:${createHash('sha256').update(message).digest('hex')}`]
const path = (name: string): string => join(folder.dir, name)
/** Runs a command in somebody's home. */
const line = (who: Custodian, text: string): Promise<Ran> =>
  who.mpc([...text.split(' '), ...who.unlock, '--no-input', '--json'])

/** Signed by the first two of the key's custodians, of whom one asks; OpenSSL says whether it holds. */
async function signs(asker: Custodian, joiner: Custodian): Promise<number> {
  const asks = ['sign', '--key', 'treasury', '--in', 'msg.bin', '--signers', 'alice,bob', ...approve]
  const joins = ['sign', '--key', 'treasury', '--next', ...approve]
  const [asked] = await Promise.all([
    start(asker, server.url, asks).ended,
    start(joiner, server.url, joins).ended,
  ])
  expect(asked.code, asked.stdout).toBe(0)
  const jwk = { kty: 'OKP', crv: 'Ed25519', x: Buffer.from(publicKey, 'hex').toString('base64url') }
  const key = createPublicKey({ key: jwk, format: 'jwk' })
  expect(verify(null, message, key, Buffer.from(asked.json.data.signature, 'hex'))).toBe(true)
  return asked.json.data.epoch
}

describe('a new laptop', () => {
  let carol: Custodian
  beforeAll(async () => {
    server = await brokers.relay()
    folder = await scratch()
    ;[alice, bob, carol] = (await custodians(folder.dir, 'alice', 'bob', 'carol')) as [
      Custodian,
      Custodian,
      Custodian,
    ]
    const [made] = await makeKey([alice, bob, carol], server.url)
    publicKey = made?.json.data.public_key as string
    writeFileSync(path('msg.bin'), message)
    laptop = await custodian(folder.dir, 'alice', 'laptop')
    for (const { card, fingerprint } of [bob, carol]) {
      await line(laptop, `identity import ${card} --fingerprint ${fingerprint}`)
    }
  })
  afterAll(async () => {
    await server.down()
    await folder.remove()
  })

  test('gets the share from the old one, sealed to a card that is verified there', async () => {
    const rekey = 'share rekey --key treasury --to laptop.card --confirm alice -o moved'
    expect((await line(alice, rekey)).json).toMatchObject({ code: 6, error: { code: 'E_UNVERIFIED' } })
    await line(alice, `identity import laptop.card --fingerprint ${laptop.fingerprint}`)
    expect((await line(alice, rekey.replace(' --confirm alice', ''))).json).toMatchObject({
      code: 2,
      error: { code: 'E_NO_INPUT' },
    })
    const moved = await line(alice, rekey)
    expect(moved.json).toMatchObject({ code: 0, data: { to: 'alice', dir: path('moved'), epoch: 1 } })
    expect(readdirSync(path('moved')).sort()).toEqual([
      'certificate.cbor',
      'policies.cbor',
      'policies.sig',
      'rebind.offer',
      'record.json',
      'share.age',
    ])
    expect((await line(alice, rekey)).json).toMatchObject({ code: 11, error: { code: 'E_OUTPUT_EXISTS' } })
    expect((await line(bob, 'share import moved --key stolen')).json).toMatchObject({ code: 6 })
    expect((await line(laptop, 'share import pieces')).json).toMatchObject({
      code: 2,
      error: { code: 'E_NO_FILE' },
    })
    const arrived = await line(laptop, 'share import moved')
    expect(arrived.json).toMatchObject({
      code: 0,
      data: { key: 'treasury', public_key: publicKey, epoch: 1, custodian: 'alice', index: 1 },
    })
    expect((await line(laptop, 'share import moved')).json).toMatchObject({
      code: 11,
      error: { code: 'E_KEY_EXISTS' },
    })
    expect((await line(laptop, 'share check --key treasury')).json).toMatchObject({
      code: 0,
      data: { valid: true },
    })
    const accept = `identity import laptop.card --rebind ${arrived.json.data.rebind} --fingerprint ${laptop.fingerprint}`
    for (const other of [bob, carol]) {
      expect((await line(other, accept)).json).toMatchObject({ code: 0, data: { rebind: { seat: 1 } } })
    }
    expect(await signs(laptop, bob)).toBe(1)
  })

  test('is dealt to anew; then the share on the old one is worthless, and is destroyed on that word', async () => {
    const nothing = await line(alice, 'share retire --key treasury --confirm treasury')
    expect(nothing.json).toMatchObject({ code: 0, data: { retired: [], destroyed: [] } })
    const members = '--members alice,bob,carol --dealers bob,carol'
    const defined = await line(bob, `ceremony new reshare --key treasury ${members} -o again.mpc`)
    const flags = ['reshare', '--definition', 'again.mpc', '--accept', defined.json.data.definition_id]
    const ended = await Promise.all([laptop, bob, carol].map((who) => start(who, server.url, flags).ended))
    for (const { code, stdout } of ended) expect(code, stdout).toBe(0)
    expect((await line(laptop, 'share statements --key treasury -o over.json')).code).toBe(0)
    const old = await line(alice, 'share retire --key treasury --statements over.json --confirm treasury')
    expect(old.json).toMatchObject({
      code: 0,
      data: { newest: 2, gone_over: ['alice', 'bob', 'carol'], retired: [{ epoch: 1, share: false }] },
    })
    // The same share lies on the laptop too, until that one has destroyed it.
    await line(alice, 'share statements --key treasury -o old.json')
    await line(bob, 'share statements --key treasury old.json')
    const listed = async () => (await line(bob, 'share list --key treasury')).json.data.keys[0].epochs[0]
    expect(await listed()).toMatchObject({ deleted: [], could_sign: { shares: ['alice', 'bob', 'carol'] } })
    expect((await line(laptop, 'share retire --key treasury --confirm treasury')).code).toBe(0)
    await line(laptop, 'share statements --key treasury -o new.json')
    await line(bob, 'share statements --key treasury new.json')
    expect(await listed()).toMatchObject({ deleted: ['alice'], could_sign: { shares: ['bob', 'carol'] } })
    expect(await signs(laptop, bob)).toBe(2)
  })
})
