/** `mpc key address` and `mpc key export-public`, on keys whose addresses the BIPs give. */
import { sha256 } from '@noble/hashes/sha2.js'
import { createBase58check } from '@scure/base'
import { pointFromScalar } from 'tiny-secp256k1'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { COMMANDS } from '../../../../src/cli/program/program.js'
import { hex } from '../../../../src/wire/base/text.js'
import { mpc, type Ran, scratch } from '../../../support/cli.js'
import { stageKey } from '../../../support/staged.js'

const BIP_84 =
  'zprvAdG4iTXWBoARxkkzNpNh8r6Qag3irQB8PzEMkAFeTRXxHpbF9z4QgEvBRmfvqWvGp42t42nvgGpNgYSJA9iefm1yYNZKEm7z6qUWCroSQnE'
const BIP_86 =
  'xpub6BgBgsespWvERF3LHQu6CnqdvfEvtMcQjYrcRzx53QJjSxarj2afYWcLteoGVky7D3UKDP9QyrLprQ3VCECoY49yfdDEHGCtMMj92pReUsQ'

let home: string
let remove: () => Promise<void>
const key = (...args: readonly string[]): Promise<Ran> => mpc(home, ['key', ...args, '--no-input'])

/** Point and chain code of an account that a BIP gives. */
function account(text: string): { group_point: Uint8Array; chain_code: Uint8Array } {
  const bytes = createBase58check(sha256).decode(text)
  const held = bytes.slice(45)
  const group_point = held[0] === 0 ? (pointFromScalar(held.subarray(1), true) as Uint8Array) : held
  return { group_point, chain_code: bytes.slice(13, 45) }
}

beforeAll(async () => {
  const { dir, remove: away } = await scratch()
  home = `${dir}/home`
  remove = away
  await stageKey(home, 'treasury', 'ecdsa-secp256k1', account(BIP_84))
  await stageKey(home, 'tap', 'schnorr-taproot', account(BIP_86))
  await stageKey(home, 'sol', 'eddsa-ed25519', {})
})
afterAll(() => remove())

describe('mpc key address', () => {
  it.each([
    ['treasury', 'btc-p2wpkh', 'm/0/0', 'bc1qcr8te4kr609gcawutmrza0j4xv80jy8z306fyu'],
    ['treasury', 'btc-p2wpkh', 'm/1/0', 'bc1q8c6fshw2dlwun7ekn9qwf37cu2rn755upcp6el'],
    ['tap', 'btc-p2tr', 'm/0/0', 'bc1p5cyxnuxmeuwuvkwfem96lqzszd02n6xdcjrs20cac6yqjjwudpxqkedrcr'],
    ['tap', 'btc-p2tr', 'm/0/1', 'bc1p4qhjn9zdvkux4e44uhx8tc55attvtyu358kutcqkudyccelu0was9fqzwh'],
  ])('of %s, as %s at %s', async (name, type, path, address) => {
    const args = ['address', name, '--type', type, '--path', path]
    expect(await key(...args)).toMatchObject({ code: 0, stdout: `${address}\n`, stderr: '' })
    const { json } = await key(...args, '--json')
    expect(json.data).toMatchObject({ key: name, type, path, address })
  })

  it('without a path is that of the key, and what `key show` prints', async () => {
    const all = [
      ['treasury', 'evm'],
      ['treasury', 'btc-p2wpkh'],
      ['tap', 'btc-p2tr'],
      ['sol', 'sol'],
    ] as const
    await Promise.all(
      all.map(async ([name, type]) => {
        const { json } = await key('address', name, '--type', type, '--json')
        const { stdout } = await key('show', name)
        expect(json.data.path).toBeNull()
        expect(stdout).toMatch(new RegExp(`${type} address +${json.data.address}\\n`))
        expect(stdout).toContain(json.data.public_key)
      }),
    )
  })

  it.each([
    ['sol', 'evm', 'eddsa-ed25519 keys have no evm address', 'sol has: sol'],
    [
      'treasury',
      'btc-p2tr',
      'ecdsa-secp256k1 keys have no btc-p2tr address',
      'treasury has: evm, btc-p2wpkh',
    ],
    ['tap', 'sol', 'schnorr-taproot keys have no sol address', 'tap has: btc-p2tr'],
  ])('of %s as %s is refused, naming what there is', async (name, type, message, hint) => {
    const { code, json } = await key('address', name, '--type', type, '--json')
    expect([code, json.error]).toMatchObject([2, { code: 'E_ADDRESS_TYPE', message, hint }])
  })

  it('takes no hardened path, and says why', async () => {
    for (const path of ["m/44'/0", 'm/2147483648', 'm/0h']) {
      const { code, json } = await key('address', 'treasury', '--type', 'evm', '--path', path, '--json')
      expect([code, json.error.code]).toEqual([2, 'E_PATH'])
      expect(json.error.message).toContain(
        'step 1 is hardened (from 2147483648 on): that takes the private key',
      )
    }
    for (const path of ['m', '0/1', 'm/01']) {
      expect(await key('address', 'treasury', '--type', 'evm', '--path', path)).toMatchObject({ code: 2 })
    }
  })

  it('derives nothing from an Ed25519 key', async () => {
    const { code, json } = await key('address', 'sol', '--type', 'sol', '--path', 'm/0', '--json')
    expect([code, json.error.code]).toEqual([2, 'E_PATH'])
  })

  it('needs a key, and a type that there is', async () => {
    expect(await key('address', 'nobody', '--type', 'evm')).toMatchObject({ code: 3 })
    expect(await key('address', 'treasury')).toMatchObject({ code: 2 })
    expect(await key('address', 'treasury', '--type', 'doge')).toMatchObject({ code: 2 })
  })
})

describe('mpc key export-public', () => {
  it('prints an xpub from which a wallet derives the same addresses', async () => {
    const { json } = await key('export-public', 'tap', '--json')
    const root = createBase58check(sha256).decode(json.data.xpub)
    const { group_point, chain_code } = account(BIP_86)
    expect([hex(root.slice(45)), hex(root.slice(13, 45))]).toEqual([hex(group_point), hex(chain_code)])
    expect(json.data).toMatchObject({ path: null, chain_code: hex(chain_code) })
    expect((await key('export-public', 'tap')).stdout).toBe(`${json.data.descriptor}\n`)
    expect((await key('export-public', 'tap', '--format', 'xpub')).stdout).toBe(`${json.data.xpub}\n`)
  })

  it('prints that of a derived key', async () => {
    const { json } = await key('export-public', 'tap', '--path', 'm/0/0', '--json')
    // BIP-86, account 0, first receiving address.
    const given =
      'xpub6H3W6JmYJXN49h5TfcVjLC3onS6uPeUTTJoVvRC8oG9vsTn2J8LwigLzq5tHbrwAzH9DGo6ThGUdWsqce8dGfwHVBxSbixjDADGGdzF7t2B'
    const [ours, theirs] = [json.data.xpub, given].map((text) =>
      createBase58check(sha256).decode(text).slice(5),
    )
    expect(ours).toEqual(theirs)
    expect(json.data.public_key).toBe('a60869f0dbcf1dc659c9cecbaf8050135ea9e8cdc487053f1dc6880949dc684c')
  })

  it('prints hex where it is asked for, and for Ed25519', async () => {
    for (const [name, ...format] of [['treasury', '--format', 'hex'], ['sol']] as const) {
      const { json } = await key('show', name, '--json')
      expect((await key('export-public', name, ...format)).stdout).toBe(`${json.data.public_key}\n`)
    }
    const { json } = await key('export-public', 'sol', '--json')
    expect(json.data).toMatchObject({ chain_code: null, xpub: null })
  })
})

describe('their help', () => {
  it('has examples that run as they stand', async () => {
    const ours = COMMANDS.filter(({ name }) => name === 'key address' || name === 'key export-public')
    expect(ours).toHaveLength(2)
    for (const example of ours.flatMap(({ examples }) => examples)) {
      expect(await mpc(home, example.split(' ').slice(1), { cwd: `${home}/..` }), example).toMatchObject({
        code: 0,
        stderr: '',
      })
    }
  })

  it('says that there are no hardened paths', async () => {
    for (const command of ['address', 'export-public']) {
      const help = (await key(command, '--help')).stdout.replaceAll(/\s+/g, ' ')
      expect(help).toContain("hardened steps (m/0') need the whole private key")
    }
  })
})
