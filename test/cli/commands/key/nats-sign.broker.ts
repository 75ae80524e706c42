import { createHash, createPublicKey, verify } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { schnorr } from '@noble/secp256k1'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { makeKey, start } from '../../../support/ceremonies.js'
import { type Custodian, custodians, mpc, scratch } from '../../../support/cli.js'
import { type Broker, natsSuite } from '../../../support/nats.js'

let server: Broker
let folder: Awaited<ReturnType<typeof scratch>>
let everybody: Custodian[]
let [alice, bob, carol] = [] as unknown as [Custodian, Custodian, Custodian]
let publicKey: string

const message = Buffer.concat([Buffer.alloc(4), Buffer.from('pay nobody')])
const hash = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')
const approve = (bytes: Uint8Array = message) => ['--approve', `sha256:${hash(bytes)}`]

const asks = (who: Custodian, signers: string, ...more: string[]) =>
  start(who, server.url, [
    'sign',
    '--key',
    'treasury',
    '--in',
    'msg.bin',
    '--signers',
    signers,
    ...approve(),
    ...more,
  ])
const joins = (who: Custodian, ...more: string[]) =>
  start(who, server.url, ['sign', '--key', 'treasury', '--next', ...approve(), ...more])

/** A module for `node --import` that writes the URL of every module that is loaded into a file, one a line. */
function listing(file: string): string {
  const hook = `import { appendFileSync } from 'node:fs'
export async function load(url, context, next) {
  appendFileSync(${JSON.stringify(file)}, url + '\\n')
  return next(url, context)
}`
  const data = (source: string) => `data:text/javascript;base64,${Buffer.from(source).toString('base64')}`
  return data(`import { register } from 'node:module'; register(${JSON.stringify(data(hook))})`)
}

function opensslAccepts(signature: string, bytes: Uint8Array): boolean {
  const jwk = { kty: 'OKP', crv: 'Ed25519', x: Buffer.from(publicKey, 'hex').toString('base64url') }
  return verify(null, bytes, createPublicKey({ key: jwk, format: 'jwk' }), Buffer.from(signature, 'hex'))
}

natsSuite('signing over NATS', (startBroker) => {
  beforeAll(async () => {
    server = await startBroker()
    folder = await scratch()
    everybody = await custodians(folder.dir, 'alice', 'bob', 'carol')
    ;[alice, bob, carol] = everybody as [Custodian, Custodian, Custodian]
    const [made] = await makeKey(everybody, server.url)
    publicKey = made?.json.data.public_key as string
    await writeFile(join(folder.dir, 'msg.bin'), message)
  })
  afterAll(async () => {
    await server.down()
    await folder.remove()
  })

  test('two of three sign a file, and OpenSSL accepts it', async () => {
    const [a, b] = await Promise.all([asks(alice, 'alice,bob').ended, joins(bob).ended])
    expect([a.code, b.code]).toEqual([0, 0])
    expect(b.json.data.signature).toBe(a.json.data.signature)
    expect(a.json.data).toMatchObject({
      type: 'raw',
      path: null,
      signers: ['alice', 'bob'],
      payload_sha256: hash(message),
      public_key: publicKey,
      epoch: 1,
    })
    expect(opensslAccepts(a.json.data.signature, message)).toBe(true)
    expect(opensslAccepts(a.json.data.signature, message.subarray(4))).toBe(false)
    const flags = ['verify', '--key', 'treasury', '--in', 'msg.bin', '--json', '--signature']
    expect((await carol.mpc([...flags, a.json.data.signature])).code).toBe(0)
    const flipped = a.json.data.signature.startsWith('0') ? '1' : '0'
    const other = `${flipped}${a.json.data.signature.slice(1)}`
    expect((await carol.mpc([...flags, other])).json).toMatchObject({
      code: 9,
      error: { code: 'E_SIGNATURE_INVALID' },
    })
    expect((await carol.mpc([...flags, 'abc'])).code).toBe(2)
    // It is printed again: without a server, a secret or an approval.
    const again = ['sign', '--key', 'treasury', '--join', a.json.data.request_id, '--no-input', '--json']
    const reprinted = await bob.mpc([...again, '--nats', 'nats://127.0.0.1:1'])
    expect(reprinted.json).toMatchObject({
      code: 0,
      data: {
        signature: a.json.data.signature,
        signers: ['alice', 'bob'],
        payload_sha256: hash(message),
        transcript: b.json.data.transcript,
      },
    })
    const checked = await carol.mpc(['transcript', 'verify', a.json.data.transcript, '--json'])
    expect(checked.json.data).toMatchObject({
      kind: 'sign',
      certificate: 'complete',
      signature: a.json.data.signature,
    })
  })

  test('a script that signs loads no prompts, no YAML, no paper, no verifiers and no key generation', async () => {
    const list = join(folder.dir, 'loaded.txt')
    const joining = ['sign', '--key', 'treasury', '--next', ...approve()]
    const b = start(bob, server.url, joining, ['--import', listing(list)])
    const ended = await Promise.all([asks(alice, 'alice,bob').ended, b.ended])
    expect(
      ended.map(({ code }) => code),
      ended[1].stderr,
    ).toEqual([0, 0])
    const loaded = await readFile(list, 'utf8')
    for (const used of ['/dist/ceremony/signing/under-order.js', '/node_modules/nats/']) {
      expect(loaded).toContain(used)
    }
    const unused =
      /\/node_modules\/(?:@inquirer|ora|yaml|qr)\/|\/dist\/(?:audit|cli\/paper|wire\/paper|ceremony\/(?:dkg|backup|recovery|policy-change))\//
    expect(loaded.split('\n').filter((url) => unused.test(url))).toEqual([])
  })

  test('whoever joins may be there first, and need not be the first signer', async () => {
    const c = joins(carol)
    await c.until(({ event, round }) => event === 'waiting' && round === 'request')
    const b = asks(bob, 'bob,carol')
    const ended = await Promise.all([b.ended, c.ended])
    expect(ended.map(({ code }) => code)).toEqual([0, 0])
    expect(opensslAccepts(ended[0].json.data.signature, message)).toBe(true)
  })

  test.each(['nonces', 'nonces.echo'])(
    'a signer killed as its %s leave is started again and it goes on',
    async (round) => {
      const a = asks(alice, 'alice,bob')
      const b = joins(bob)
      b.at(
        ({ event, round: at }) => event === 'letter_sent' && at === round,
        () => b.child.kill('SIGKILL'),
      )
      expect((await b.ended).code).toBeNull()
      const ended = await Promise.all([a.ended, joins(bob).ended])
      expect(ended.map(({ code }) => code)).toEqual([0, 0])
      expect(ended[1].json.data.signature).toBe(ended[0].json.data.signature)
    },
  )

  test('a signer killed after its share left ends with the same signature, counted once', async () => {
    const a = asks(alice, 'alice,bob')
    const b = joins(bob)
    b.at(
      ({ event, round }) => event === 'letter_sent' && round === 'share',
      () => b.child.kill('SIGKILL'),
    )
    await b.ended
    const [first] = await Promise.all([a.ended, joins(bob, '--timeout', '20s').ended])
    expect(first.code).toBe(0)
    expect(opensslAccepts(first.json.data.signature, message)).toBe(true)
  })

  test('nobody comes: 5, naming what is missing; the join of nothing: 5', async () => {
    const a = await asks(alice, 'alice,bob', '--timeout', '3s').ended
    expect(a.json).toMatchObject({ code: 5, error: { party: 'bob' } })
    expect(a.json.error.hint).toContain('`mpc sign --key treasury --in msg.bin --signers alice,carol`')
    expect((await joins(carol, '--timeout', '2s').ended).json).toMatchObject({
      code: 5,
      error: { code: 'E_NO_REQUEST' },
    })
  })

  test.each<[string, string[], number, string]>([
    ['an approval of something else', ['--approve', `sha256:${'0'.repeat(64)}`], 9, 'E_APPROVE'],
    ['no approval and nobody to ask', [], 2, 'E_NO_INPUT'],
    ['too few signers', [...approve(), '--signers', 'alice'], 2, 'E_SIGNERS'],
    ['one signer twice', [...approve(), '--signers', 'alice,alice'], 2, 'E_SIGNERS'],
    ['too many signers', [...approve(), '--signers', 'alice,bob,carol'], 2, 'E_SIGNERS'],
    ['a signer who is no custodian', [...approve(), '--signers', 'alice,dave'], 3, 'E_UNKNOWN_PEER'],
    ['a digest', [...approve(), '--type', 'digest'], 9, 'E_PAYLOAD'],
    ['two ways at once', [...approve(), '--next'], 2, 'E_SIGN_WAY'],
  ])('%s', async (_, flags, code, error) => {
    const ran = await start(alice, server.url, ['sign', '--key', 'treasury', '--in', 'msg.bin', ...flags])
      .ended
    expect(ran.json).toMatchObject({ ok: false, code, error: { code: error } })
  })

  test('32 bytes, whatever they are called, need leave of a policy: 8', async () => {
    const digest = Buffer.alloc(32, 'a')
    await writeFile(join(folder.dir, 'digest.bin'), digest)
    for (const type of ['raw', 'text', 'digest']) {
      const flags = ['sign', '--key', 'treasury', '--in', 'digest.bin', '--type', type, ...approve(digest)]
      expect((await start(alice, server.url, flags).ended).json).toMatchObject({
        code: 8,
        error: { code: 'E_DIGEST' },
      })
    }
  })

  test('an unknown key: 3; a file that is not there: 2; a wrong secret: 10', async () => {
    const unknown = ['sign', '--key', 'nothing', '--in', 'msg.bin', ...approve()]
    expect((await start(alice, server.url, unknown).ended).json).toMatchObject({
      code: 3,
      error: { code: 'E_NO_KEY' },
    })
    const missing = ['sign', '--key', 'treasury', '--in', 'nothing.bin', ...approve()]
    expect((await start(alice, server.url, missing).ended).json).toMatchObject({
      code: 2,
      error: { code: 'E_NO_FILE' },
    })
    const args = [
      'sign',
      '--key',
      'treasury',
      '--in',
      'msg.bin',
      ...approve(),
      ...bob.unlock,
      '--no-input',
      '--json',
    ]
    const wrong = await mpc(alice.home, args, { cwd: folder.dir, env: { MPC_NATS_URL: server.url } })
    expect(wrong.json).toMatchObject({ code: 10, error: { code: 'E_DECRYPT' } })
  })

  test('what is approved for one type is not approved for another', async () => {
    const a = asks(alice, 'alice,bob', '--type', 'text', '--timeout', '12s')
    await a.until(({ event }) => event === 'joined')
    const b = (await joins(bob, '--timeout', '4s').ended).json
    expect(b).toMatchObject({ code: 5, error: { code: 'E_NO_REQUEST', party: 'alice' } })
    expect(b.error.message).toContain('asked for as text; your approval is for raw')
    expect(b.data.skipped).toEqual([
      {
        request_id: expect.stringMatching(/^[0-9a-f]{64}$/),
        asker: 'alice',
        sha256: hash(message),
        sentence: 'Signs the text "\\u{0}\\u{0}\\u{0}\\u{0}pay nobody".',
        code: 'E_APPROVE_TYPE',
      },
    ])
    const said = await a.ended
    expect(said.json).toMatchObject({ code: 5, error: { code: 'E_PASSED_OVER', party: 'bob' } })
    expect(said.json.error.message).toContain('bob is there and does not approve it')
  })

  test('a Taproot key signs, and an independent BIP-340 verifier accepts it', async () => {
    const other = await scratch()
    const group = await custodians(other.dir, 'dora', 'emil')
    const [made] = await makeKey(group, server.url, { scheme: 'schnorr-taproot' })
    await writeFile(join(other.dir, 'msg.bin'), message)
    const [dora, emil] = group as [Custodian, Custodian]
    const [signed] = await Promise.all([asks(dora, 'dora,emil').ended, joins(emil).ended])
    expect(signed.code).toBe(0)
    const bytes = (text: string) => Uint8Array.from(Buffer.from(text, 'hex'))
    const key = made?.json.data.public_key as string
    expect(await schnorr.verifyAsync(bytes(signed.json.data.signature), message, bytes(key))).toBe(true)
    await other.remove()
  })
})
