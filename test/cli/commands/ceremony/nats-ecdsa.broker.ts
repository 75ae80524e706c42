/**
 * Threshold ECDSA at full size, by real processes over a real nats-server and over the relay, with primes that were made for tests: making
 * them is what takes longest, and is tested elsewhere. The server pings every other second and gives up on who does not
 * answer, so that whoever computes on the thread that listens is disconnected.
 */
import { createHash, createPublicKey, verify } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { PRODUCTION } from '../../../../src/protocol/cggmp24/integers/level.js'
import { opensslVerifies, verifiesElsewhere } from '../../../protocol/cggmp24/signing.js'
import { type Event, makeKey, type Running, start } from '../../../support/ceremonies.js'
import { type Custodian, custodians, type Ran, scratch } from '../../../support/cli.js'
import { type Broker, natsSuite } from '../../../support/nats.js'
import { inShell, sectionOf } from '../../../support/readme.js'
import { stock } from '../../../support/stocked.js'

const text = 'pay 1 to the bearer'
const sha256 = createHash('sha256').update(text).digest()
const fromHex = (digits: string): Uint8Array => Uint8Array.from(Buffer.from(digits, 'hex'))

natsSuite('threshold ECDSA at full size', (startBroker) => {
  let folder: Awaited<ReturnType<typeof scratch>>
  let server: Broker
  let alice: Custodian
  let bob: Custodian
  let made: Ran[]

  beforeAll(async () => {
    expect(PRODUCTION.primeBits).toBe(1536)
    ;[folder, server] = await Promise.all([scratch(), startBroker({ ping: 2 })])
    const everybody = await custodians(folder.dir, 'alice', 'bob', 'carol')
    ;[alice, bob] = everybody as [Custodian, Custodian]
    await Promise.all(everybody.map(stock))
    await writeFile(join(folder.dir, 'message'), text)
    made = await makeKey(everybody, server.url, { scheme: 'ecdsa-secp256k1' })
  }, 600_000)
  afterAll(async () => {
    await server.down()
    await folder.remove()
  })

  /** Alice asks and bob joins. */
  const signing = (): [Running, Running] => [
    start(alice, server.url, [...sign, '--in', 'message', '--signers', 'alice,bob', '--approve', approve]),
    start(bob, server.url, [...sign, '--next', '--approve', approve]),
  ]
  const sign = ['sign', '--key', 'treasury']
  const approve = `sha256:${sha256.toString('hex')}`
  const isAway = ({ event }: Event) => event === 'network'

  test('three make a key, and one of them shows what it is made of', async () => {
    expect(new Set(made.map(({ json }) => json.data.public_key)).size).toBe(1)
    const { transcript, public_key } = (made[0] as Ran).json.data
    const verified = await alice.mpc(['transcript', 'verify', transcript as string, '--json'])
    expect(verified.json).toMatchObject({ code: 0, data: { public_key, certificate: 'complete' } })
    expect((await alice.mpc(['status', '--json'])).json.data.primes).toBe(0)
  }, 300_000)

  test('32 bytes are signed by nobody, whatever they are called: 8', async () => {
    const digest = Buffer.alloc(32, 'a')
    await writeFile(join(folder.dir, 'digest'), digest)
    const named = `sha256:${createHash('sha256').update(digest).digest('hex')}`
    for (const type of ['raw', 'text', 'digest']) {
      const flags = [...sign, '--in', 'digest', '--type', type, '--approve', named]
      const ran = await start(alice, server.url, flags).ended
      expect(ran.json, type).toMatchObject({ code: 8, error: { code: 'E_DIGEST' } })
    }
  })

  test('two sign, as other verifiers have it; while they compute the server is answered', async () => {
    const running = signing()
    const [a, b] = (await Promise.all(running.map(({ ended }) => ended))) as [Ran, Ran]
    expect([a.code, b.code], a.stderr + b.stderr).toEqual([0, 0])
    expect(b.json.data.signature).toBe(a.json.data.signature)
    const { r, s, recovery_id, der, signature, public_key } = a.json.data
    expect(public_key).toBe(made[0]?.json.data.public_key)
    expect(`${r}${s}`).toBe(signature)
    const forms = { r: fromHex(r as string), s: fromHex(s as string), recoveryId: recovery_id as 0 | 1 }
    const point = fromHex(public_key as string)
    expect(opensslVerifies(point, text, forms)).toBe(true)
    expect(verifiesElsewhere(point, sha256, forms)).toBe(true)
    const spki = Buffer.concat([fromHex('3036301006072a8648ce3d020106052b8104000a032200'), point])
    const key = createPublicKey({ key: spki, format: 'der', type: 'spki' })
    expect(verify('sha256', Buffer.from(text), key, fromHex(der as string))).toBe(true)
    for (const { events } of running) expect(events.filter(isAway)).toEqual([])
    await opensslHasIt(a.json.data.request_id as string)
  }, 300_000)

  /** By the README's line for OpenSSL, from the files that it names. */
  async function opensslHasIt(request: string): Promise<void> {
    await mkdir(join(folder.dir, 'try'))
    await writeFile(join(folder.dir, 'try/message.txt'), text)
    const written = [
      await alice.mpc(['key', 'export-public', 'treasury', '--format', 'pem', '-o', 'try/treasury.pem']),
      await alice.mpc([...sign, '--join', request, '--format', 'der', '-o', 'try/message.sig', '--no-input']),
    ]
    expect(written.map(({ code }) => code)).toEqual([0, 0])
    const [line] = sectionOf('Without mpc').lines.slice(-1) as [string]
    expect(inShell(line, folder.dir)).toEqual({ code: 0, printed: 'Verified OK\n' })
    const file = ['--in', 'message', '--signature-file', 'try/message.sig']
    expect((await alice.mpc(['verify', '--key', 'treasury', ...file])).code).toBe(0)
    await writeFile(join(folder.dir, 'try/message.txt'), `${text}.`)
    expect(inShell(line, folder.dir).code).toBe(1)
  }

  test('Ctrl-C ends it at once while it computes, and the other is told who left', async () => {
    const [a, b] = signing()
    await a.until(({ event, round }) => event === 'letter_received' && round === 'presign-1.echo')
    const begun = performance.now()
    const ended = await a.kill('SIGINT')
    // Its proofs alone would have taken longer than that.
    expect(performance.now() - begun).toBeLessThan(2000)
    expect([ended.code, ended.json.error.code]).toEqual([130, 'E_INTERRUPTED'])
    const other = await b.ended
    expect([other.code, other.json.error.code, other.json.error.party]).toEqual([5, 'E_PEER_LEFT', 'alice'])
  }, 300_000)
})
