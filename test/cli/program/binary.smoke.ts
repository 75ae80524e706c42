/**
 * The real binary, in little: ceremonies of processes over a relay, one of which gets SIGKILL; exit codes; a signal; a
 * terminal. `*.process.ts` and `*.broker.ts` have the rest. ECDSA is in `test/ceremony/signing/ecdsa.sim.ts`, with real
 * threads, and at full size over brokers in `nats-ecdsa.broker.ts`.
 */
import { createHash, createPublicKey, verify } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { schnorr } from '@noble/secp256k1'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { define, start } from '../../support/ceremonies.js'
import { atTerminal, type Custodian, custodians, scratch, startMpc } from '../../support/cli.js'
import { type Broker, RelayBroker } from '../../support/nats.js'
import { terminalSuite } from '../../support/person.js'

const MESSAGE = Buffer.from('pay nobody')
const APPROVE = ['--approve', `sha256:${createHash('sha256').update(MESSAGE).digest('hex')}`]

let folder: Awaited<ReturnType<typeof scratch>>
let server: Broker
let everybody: Custodian[]
let [alice, bob, carol] = [] as unknown as [Custodian, Custodian, Custodian]

beforeAll(async () => {
  ;[folder, server] = await Promise.all([scratch(), RelayBroker.start()])
  everybody = await custodians(folder.dir, 'alice', 'bob', 'carol')
  ;[alice, bob, carol] = everybody as [Custodian, Custodian, Custodian]
  await writeFile(join(folder.dir, 'message'), MESSAGE)
})
afterAll(async () => {
  await server.down()
  await folder.remove()
})

/** Everybody makes a key; carol is killed as she opens her commitment, and started again. Alice and bob sign with it. */
async function ceremony(scheme: string, key: string): Promise<{ publicKey: Buffer; signature: Buffer }> {
  const { file, id } = await define(everybody, 2, scheme, key)
  const run = (who: Custodian) => start(who, server.url, ['keygen', '--definition', file, '--accept', id])
  const [a, b, c] = [run(alice), run(bob), run(carol)]
  c.at(
    ({ event, round }) => event === 'letter_sent' && round === 'open',
    () => c.child.kill('SIGKILL'),
  )
  expect((await c.ended).code).toBeNull()
  const ended = await Promise.all([a, b, run(carol)].map(({ ended }) => ended))
  expect(ended.map(({ code }) => code)).toEqual([0, 0, 0])
  expect(new Set(ended.map(({ json }) => json.data.public_key)).size).toBe(1)
  const sign = ['sign', '--key', key, ...APPROVE]
  const [asked, joined] = await Promise.all([
    start(alice, server.url, [...sign, '--in', 'message', '--signers', 'alice,bob']).ended,
    start(bob, server.url, [...sign, '--next']).ended,
  ])
  expect([asked.code, joined.code], asked.stderr + joined.stderr).toEqual([0, 0])
  const { public_key, signature } = asked.json.data
  return { publicKey: Buffer.from(public_key, 'hex'), signature: Buffer.from(signature, 'hex') }
}

describe('a ceremony of processes, one of which gets SIGKILL', () => {
  test('eddsa-ed25519: OpenSSL accepts the signature', async () => {
    const { publicKey, signature } = await ceremony('eddsa-ed25519', 'treasury')
    const jwk = { kty: 'OKP', crv: 'Ed25519', x: publicKey.toString('base64url') }
    expect(verify(null, MESSAGE, createPublicKey({ key: jwk, format: 'jwk' }), signature)).toBe(true)
  })

  test('schnorr-taproot: an independent BIP-340 verifier accepts the signature', async () => {
    const { publicKey, signature } = await ceremony('schnorr-taproot', 'vault')
    expect(await schnorr.verifyAsync(signature, MESSAGE, publicKey)).toBe(true)
  })
})

/** As Linux tells it: of a signal that comes before a process would die. SIGHUP, the first, is what Node itself leaves alone. */
async function untilItListens(pid: number): Promise<void> {
  for (;;) {
    const caught = /^SigCgt:\s*[0-9a-f]*([0-9a-f])$/m.exec(await readFile(`/proc/${pid}/status`, 'utf8'))
    if (Number.parseInt(caught?.[1] ?? '0', 16) & 1) return
    await new Promise(setImmediate)
  }
}

describe('an exit code', () => {
  test.each([
    ['0', ['--version'], 0],
    ['2: a flag that is none', ['status', '--colour', '--json'], 2],
    ['3: nobody of that name', ['identity', 'show', 'zoe', '--json'], 3],
    ['5: nobody comes', ['sign', '--key', 'treasury', '--next', ...APPROVE, '--timeout', '1s', '--json'], 5],
    ['2: nobody is here to ask', ['sign', '--key', 'treasury', '--next', '--no-input', '--json'], 2],
  ])('%s', async (_, args, code) => {
    const more = args[0] === 'sign' ? [...alice.unlock, '--nats', server.url] : []
    expect((await alice.spawned([...args, ...more])).code).toBe(code)
  })

  test('3: the reader leaves, so nobody has the result', async () => {
    const child = startMpc(alice.home, ['explain'])
    child.stdout?.destroy()
    child.stderr?.destroy()
    expect(await new Promise((resolve) => child.on('close', resolve))).toBe(3)
  })

  test.skipIf(process.platform !== 'linux')(
    '130: the first Ctrl-C, while something is waited for',
    async () => {
      for (const signal of ['SIGINT', 'SIGTERM'] as const) {
        const args = ['identity', 'import', '-', '--json']
        const child = startMpc(alice.home, args)
        const ended = new Promise((resolve) => child.on('close', resolve))
        await untilItListens(child.pid as number)
        child.kill(signal)
        const out: Buffer[] = []
        child.stdout?.on('data', (chunk: Buffer) => out.push(chunk))
        expect(await ended).toBe(130)
        const line = JSON.parse(Buffer.concat(out).toString('utf8')) as { error: { code: string } }
        expect(line.error.code).toBe('E_INTERRUPTED')
      }
    },
  )
})

terminalSuite('a terminal', () => {
  test('is asked for a new passphrase, twice, without showing its length', async () => {
    const { code, stdout } = await atTerminal(
      join(folder.dir, 'dora'),
      ['identity', 'init', '--plain'],
      [
        ['Your name', 'dora\r'],
        ['New passphrase', 'open sesame\r'],
        ['Repeat the passphrase', 'open sesame\r'],
      ],
    )
    expect(code).toBe(0)
    expect(stdout).not.toMatch(/sesame|\*/)
  })
})
