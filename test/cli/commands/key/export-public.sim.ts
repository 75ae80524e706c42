/** `mpc key export-public`: other programs read what it prints, as the same key. */
import { spawnSync } from 'node:child_process'
import { createHash, createPublicKey } from 'node:crypto'
import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { createBase58check } from '@scure/base'
import { sha256 } from '@noble/hashes/sha2.js'
import { initEccLib, networks, payments } from 'bitcoinjs-lib'
import * as libsecp256k1 from 'tiny-secp256k1'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { mpc, type Ran, scratch } from '../../../support/cli.js'
import { stageKey } from '../../../support/staged.js'
import { child, type Extended } from '../../../support/wallet.js'

// A point and a chain code that are nobody's.
const ROOT: Extended = {
  point: libsecp256k1.pointFromScalar(new Uint8Array(32).fill(7), true) as Uint8Array,
  chainCode: new Uint8Array(32).fill(9),
}

let folder: Awaited<ReturnType<typeof scratch>>
let home: string
const run = (...args: readonly string[]): Promise<Ran> =>
  mpc(home, ['key', ...args, '--no-input'], { cwd: folder.dir })
const exported = async (...args: readonly string[]): Promise<string> =>
  (await run('export-public', ...args)).stdout

beforeAll(async () => {
  initEccLib(libsecp256k1)
  folder = await scratch()
  home = join(folder.dir, 'home')
  const given = { group_point: ROOT.point, chain_code: ROOT.chainCode }
  await stageKey(home, 'treasury', 'ecdsa-secp256k1', given)
  await stageKey(home, 'tap', 'schnorr-taproot', given)
  await stageKey(home, 'sol', 'eddsa-ed25519', {})
})
afterAll(() => folder.remove())

/** The bytes of a public key, as Node's OpenSSL has them. */
function bytesOf(key: ReturnType<typeof createPublicKey>): string {
  const { x = '', y, crv } = key.export({ format: 'jwk' })
  const [a, b] = [x, y ?? ''].map((part) => Buffer.from(part, 'base64url'))
  if (crv === 'Ed25519') return (a as Buffer).toString('hex')
  const whole = Buffer.concat([Buffer.of(4), a as Buffer, b as Buffer])
  return Buffer.from(libsecp256k1.pointCompress(whole, true)).toString('hex')
}

describe('OpenSSL reads', () => {
  it.each([
    ['treasury', []],
    ['treasury', ['--path', 'm/0/7']],
    ['sol', []],
  ] as const)('PEM, DER and JWK of %s, %j', async (name, path) => {
    const given = (await exported(name, '--format', 'hex', ...path)).trim()
    const pem = await exported(name, '--format', 'pem', ...path)
    expect(bytesOf(createPublicKey(pem))).toBe(given)
    const file = join(folder.dir, `${given}.der`)
    const { json } = await run('export-public', name, '--format', 'der', '-o', file, ...path, '--json')
    const der = await readFile(file)
    expect(bytesOf(createPublicKey({ key: der, format: 'der', type: 'spki' }))).toBe(given)
    expect(json.data).toMatchObject({ format: 'der', exported: der.toString('base64'), file })
    const jwk = JSON.parse(await exported(name, '--format', 'jwk', ...path))
    expect(bytesOf(createPublicKey({ key: jwk, format: 'jwk' }))).toBe(given)
    // Byte for byte what OpenSSL itself writes.
    expect(createPublicKey(pem).export({ format: 'pem', type: 'spki' })).toBe(pem)
  })
})

const hasSsh = spawnSync('ssh-keygen', ['-l', '-f', '/dev/null']).error === undefined

it.skipIf(!hasSsh && process.env['MPC_REQUIRE_SSH'] !== '1')(
  'ssh-keygen reads the key, and names it',
  async () => {
    const file = join(folder.dir, 'sol.pub')
    await run('export-public', 'sol', '--format', 'ssh', '-o', file)
    const line = await readFile(file, 'utf8')
    const blob = Buffer.from(line.split(' ')[1] as string, 'base64')
    const fingerprint = createHash('sha256').update(blob).digest('base64').replace(/=+$/, '')
    const { status, stdout } = spawnSync('ssh-keygen', ['-l', '-f', file], { encoding: 'utf8' })
    expect([status, stdout]).toEqual([0, `256 SHA256:${fingerprint} sol (ED25519)\n`])
    const given = (await exported('sol', '--format', 'hex')).trim()
    expect(blob.subarray(-32).toString('hex')).toBe(given)
  },
)

describe('a descriptor', () => {
  const parts = /^(wpkh|tr)\(\[([0-9a-f]{8})((?:\/[0-9]+)*)\]([xt]pub[0-9A-Za-z]+)\/<0;1>\/\*\)#[a-z0-9]{8}$/

  it.each([
    ['treasury', 'btc-p2wpkh', 'mainnet', []],
    ['treasury', 'btc-p2wpkh', 'testnet', []],
    ['treasury', 'btc-p2wpkh', 'mainnet', [3]],
    ['tap', 'btc-p2tr', 'mainnet', []],
    ['tap', 'btc-p2tr', 'testnet', [5, 6]],
  ] as const)('of %s gives the wallet every %s address: %s, %j', async (name, type, network, steps) => {
    const path = steps.length === 0 ? [] : ['--path', `m/${steps.join('/')}`]
    const line = (await exported(name, '--network', network, ...path)).trim()
    const [, kind, fingerprint, origin, key] = parts.exec(line) ?? []
    expect(kind).toBe(type === 'btc-p2tr' ? 'tr' : 'wpkh')
    const hash160 = createHash('ripemd160')
      .update(createHash('sha256').update(ROOT.point).digest())
      .digest('hex')
    expect(fingerprint).toBe(hash160.slice(0, 8))
    expect(origin).toBe(steps.map((step) => `/${step}`).join(''))
    const bytes = createBase58check(sha256).decode(key as string)
    const account = { point: bytes.slice(45), chainCode: bytes.slice(13, 45) }
    for (const [change, index] of [
      [0, 0],
      [0, 7],
      [1, 3],
    ] as const) {
      const { point } = child(child(account, change), index)
      const chain = network === 'testnet' ? networks.testnet : networks.bitcoin
      const theirs =
        kind === 'tr'
          ? payments.p2tr({ internalPubkey: point.slice(1), network: chain }).address
          : payments.p2wpkh({ pubkey: point, network: chain }).address
      const at = `m/${[...steps, change, index].join('/')}`
      const ours = await run('address', name, '--type', type, '--path', at, '--network', network)
      expect(ours.stdout).toBe(`${theirs}\n`)
    }
  })
})

describe('what a key cannot be in is refused, and what there is instead is named', () => {
  it.each([
    ['sol', 'descriptor', 'hex, --format pem, --format der, --format jwk, --format ssh'],
    ['sol', 'xpub', 'hex'],
    ['tap', 'pem', 'descriptor, --format xpub, --format hex'],
    ['tap', 'jwk', 'descriptor'],
    ['treasury', 'ssh', 'descriptor, --format xpub, --format pem'],
  ])('%s as %s', async (name, format, others) => {
    const { code, json } = await run('export-public', name, '--format', format, '--json')
    expect([code, json.error.code]).toEqual([2, 'E_KEY_FORMAT'])
    expect(json.error.hint).toContain(`${name} has: --format ${others}`)
  })
})

it('prints no binary, and overwrites nothing', async () => {
  const printed = await run('export-public', 'sol', '--format', 'der')
  expect(printed).toMatchObject({ code: 2, stdout: '' })
  expect(printed.stderr).toContain('add -o FILE')
  const file = join(folder.dir, 'kept.pem')
  expect(await run('export-public', 'sol', '--format', 'pem', '-o', file)).toMatchObject({
    code: 0,
    stdout: `${file}\n`,
  })
  expect((await stat(file)).mode & 0o777).toBe(0o600)
  const again = await run('export-public', 'sol', '--format', 'hex', '-o', file, '--json')
  expect(again.json).toMatchObject({ code: 11, error: { code: 'E_OUTPUT_EXISTS' } })
  expect(await readFile(file, 'utf8')).toContain('BEGIN PUBLIC KEY')
})
