/** `mpc inspect`: what a payload does, offline, without a secret. */
import { createHash } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { getTransferSolInstruction } from '@solana-program/system'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { mpc, type Ran, scratch } from '../../../support/cli.js'
import { psbtOf, Wallet } from '../../../payload/bitcoin/wallet.js'
import { base64, messageOf, other, signer, us } from '../../../payload/solana/support.js'
import { stageKey } from '../../../support/staged.js'

let folder: Awaited<ReturnType<typeof scratch>>
const inspect = (...args: readonly string[]): Promise<Ran> =>
  mpc(join(folder.dir, 'home'), ['inspect', ...args], {
    cwd: folder.dir,
    env: {
      NODE_OPTIONS: `--require ${join(import.meta.dirname, '../../../support/no-sockets.cjs')}`,
      SOCKETS_SEEN: join(folder.dir, 'sockets'),
    },
  })
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')

const LETTER = 'pay 3 to bob\nand \u001b[2Jnothing else\n'

beforeAll(async () => {
  folder = await scratch()
  await stageKey(join(folder.dir, 'home'), 'eth', 'ecdsa-secp256k1', {})
  await writeFile(join(folder.dir, 'letter.txt'), LETTER)
  await writeFile(join(folder.dir, '32.bin'), Buffer.alloc(32, 'a'))
  await writeFile(
    join(folder.dir, 'two.psbt'),
    psbtOf(new Wallet('schnorr-taproot'), [{}], [{ amount: 90_000n }]),
  )
  const paid = getTransferSolInstruction({
    source: signer(us),
    destination: other.address,
    amount: 250_000_000n,
  })
  await writeFile(join(folder.dir, 'message.b64'), base64(messageOf([paid])))
})
afterAll(() => folder.remove())

describe('mpc inspect', () => {
  it('shows a text, and what a key signs of it', async () => {
    const { code, json } = await inspect('--key', 'eth', '--type', 'text', '--in', 'letter.txt', '--json')
    expect(code).toBe(0)
    expect(json.data).toEqual({
      type: 'text',
      payload_sha256: sha256(LETTER),
      key: 'eth',
      scheme: 'ecdsa-secp256k1',
      path: null,
      view: {
        type: 'text',
        sentence: 'Signs a text of 3 lines that begins with "pay 3 to bob".',
        effects: [],
        warnings: [],
        rows: [
          { label: 'signed', value: 'the SHA-256 of these bytes' },
          { label: 'length', value: '34 bytes' },
          { label: 'line 1', value: '"pay 3 to bob"' },
          { label: 'line 2', value: '"and \\u{1b}[2Jnothing else"' },
          { label: 'line 3', value: '""' },
        ],
      },
      messages: [{ path: null, digest: sha256(LETTER) }],
    })
  })

  it('tells a person the same, and what to run next', async () => {
    const { code, stdout, stderr } = await inspect('--key', 'eth', '--type', 'text', '--in', 'letter.txt')
    expect([code, stderr]).toEqual([0, 'Next: mpc sign --key eth --type text --in letter.txt\n'])
    expect(stdout).toBe(
      `${[
        'Signs a text of 3 lines that begins with "pay 3 to bob".',
        '',
        '  type    text',
        `  sha256  ${sha256(LETTER)}`,
        '',
        '  signed  the SHA-256 of these bytes',
        '  length  34 bytes',
        '  line 1  "pay 3 to bob"',
        '  line 2  "and \\u{1b}[2Jnothing else"',
        '  line 3  ""',
      ].join('\n')}\n`,
    )
  })

  it('shows 32 bytes that nobody may sign, with a warning', async () => {
    const { code, json } = await inspect('--key', 'eth', '--type', 'digest', '--in', '32.bin', '--json')
    expect(code).toBe(0)
    expect(json.data.view.warnings).toEqual([
      'These 32 bytes may be a digest, which does not say what is signed.',
    ])
    expect(json.data.view.effects[0]).toMatchObject({ kind: 'unknown', amount: null })
    expect(json.data.messages).toEqual([{ path: null, digest: Buffer.alloc(32, 'a').toString('hex') }])
  })

  it.each([
    [
      'psbt',
      'two.psbt',
      /^Spends 1 coin and pays 0\.0009 BTC to 1 output on Bitcoin, for a fee of 0\.0001 BTC\.$/,
    ],
    ['solana-tx', 'message.b64', /^Sends 0\.25 SOL to \S+ on Solana\.$/],
    ['bip322', 'letter.txt', /^Signs the text .* as an address that only a key names\.$/],
  ])('shows a %s without a key, and says that it was held against none', async (type, file, sentence) => {
    const { code, json } = await inspect('--type', type, '--in', file, '--json')
    expect(code).toBe(0)
    expect(json.data).toMatchObject({ key: null, scheme: null, messages: null })
    expect(json.data.view.sentence).toMatch(sentence)
    expect(json.data.view.warnings.at(-1)).toMatch(/^No key is named: /)
    const { stdout, stderr } = await inspect('--type', type, '--in', file)
    expect([stdout.trim().split('\n').at(-1), stderr]).toEqual([
      'Nothing here was held against a key: --key says whether yours may sign it, and what it signs.',
      '',
    ])
  })

  it('shows a payload without a key and without a home', async () => {
    const { code, json } = await mpc(
      join(folder.dir, 'nowhere'),
      ['inspect', '--type', 'text', '--in', 'letter.txt', '--json'],
      { cwd: folder.dir },
    )
    expect(code).toBe(0)
    expect(json.data).toMatchObject({ key: null, scheme: null, messages: null, view: { type: 'text' } })
  })

  it.each<[string, string[], number, string, string]>([
    ['an unknown type', ['--type', 'txt', '--in', 'letter.txt'], 2, 'E_USAGE', 'text'],
    ['another type', ['--type', 'digest', '--in', 'letter.txt'], 9, 'E_PAYLOAD', '--type'],
    [
      'a path of no key',
      ['--type', 'text', '--in', 'letter.txt', '--path', 'm/0'],
      2,
      'E_INSPECT_KEY',
      'path',
    ],
    ['no such file', ['--type', 'text', '--in', 'nothing'], 2, 'E_NO_FILE', '--in'],
    ['no such key', ['--type', 'text', '--in', 'letter.txt', '--key', 'none'], 3, 'E_NO_KEY', 'key'],
    [
      'a hardened path',
      ['--type', 'text', '--in', 'letter.txt', '--key', 'eth', '--path', "m/44'"],
      2,
      'E_PATH',
      'm/0/1',
    ],
  ])('refuses %s', async (_, args, exit, code, hint) => {
    const { json } = await inspect(...args, '--json')
    expect(json).toMatchObject({ code: exit, error: { code } })
    expect(json.error.hint).toContain(hint)
  })
})
