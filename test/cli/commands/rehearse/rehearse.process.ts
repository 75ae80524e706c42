import { existsSync } from 'node:fs'
import { mkdir, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { schnorr } from '@noble/curves/secp256k1.js'
import * as bitcoin from 'bitcoinjs-lib'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { COMMANDS } from '../../../../src/cli/program/program.js'
import { isValid } from '../../../payload/bitcoin/verifiers.js'
import { atTerminal, hasTerminal, mpc, scratch } from '../../../support/cli.js'

// Whole ceremonies, several in a test: on a busy machine they are slow, and no less right.
vi.setConfig({ testTimeout: 180_000 })

let dir: string
let remove: () => Promise<void>
beforeAll(async () => {
  ;({ dir, remove } = await scratch())
})
afterAll(() => remove())

const rehearse = (args: readonly string[]) => mpc(join(dir, 'nobody'), ['rehearse', ...args], { cwd: dir })
const TIME = /^ +\d+\.\d\d s {2}/

describe('mpc rehearse', () => {
  it('plays a ceremony as each would see it, and says what was proven and what to do next', async () => {
    const temporary = join(dir, 'tmp')
    await mkdir(temporary)
    const env = { TMPDIR: temporary }
    const { code, stdout, stderr } = await mpc(join(dir, 'nobody'), ['rehearse'], { cwd: dir, env })
    expect(code).toBe(0)
    const shown = stdout.trimEnd().split('\n')
    expect(shown.slice(-4)).toEqual([
      'Proven: 2 of 3 made a signature that OpenSSL accepts;',
      'the key itself was never put together.',
      'Then dave joined; the machine of carol was lost, and two of bank, notary, sister brought the share back',
      'on another; there carol and dave signed, 2 of 4. The public key is the same, and OpenSSL accepts that too.',
    ])
    const TOOK = [
      'took +identities S, keygen S, sign S, verify S, transactions S',
      ' +reshare S, backup S, restore S, sign-again S',
      ' +S in all',
    ]
    expect(stdout).toMatch(new RegExp(TOOK.join('\\n').replaceAll('S', '[\\d.]+ s')))
    expect(stdout).toContain('REHEARSAL: send nothing')
    expect(stderr).toMatch(/^REHEARSAL: alice, bob, carol; 2 of 3 must sign\. Nothing of it is real\.$/m)
    expect(stderr).toMatch(/\nNext: mpc identity init --name NAME [^\n]*\n$/)
    for (const name of ['alice', 'bob', 'carol']) {
      const screen = stderr
        .split('\n')
        .filter((line) => TIME.test(line))
        .map((line) => line.replace(TIME, ''))
        .filter((line) => line.startsWith(`${name} `))
        .map((line) => line.slice(8))
      const steps = [
        '$ mpc keygen',
        'Do you accept',
        'Waiting for the others (',
        'The six words of this session:',
        'Making the key, step 1 of 3 (',
      ]
      const at = steps.map((step) => screen.findIndex((line) => line.startsWith(step)))
      expect(at.includes(-1), screen.join('\n')).toBe(false)
      expect([...at].sort((a, b) => a - b)).toEqual(at)
      const signs = screen.filter((line) => line.startsWith('$ mpc sign'))
      // Alice and bob sign a text and a transaction; carol signs once, on her new machine.
      expect(signs).toHaveLength(name === 'carol' ? 1 : 2)
      expect(signs.filter((line) => line.endsWith('--signers carol,dave'))).toHaveLength(
        name === 'carol' ? 1 : 0,
      )
      expect(screen.some((line) => line.startsWith('$ mpc backup split'))).toBe(name === 'carol')
      expect(screen.join('\n')).toContain('The key is made.')
    }
    expect(await readdir(temporary)).toEqual([])
    expect(existsSync(join(dir, 'nobody'))).toBe(false)
  })

  it('is one line for a machine, with a signature that others verify', async () => {
    const flags = ['-n', '4', '-t', '3', '--scheme', 'schnorr-taproot', '--no-input', '--json']
    const { json } = await rehearse(flags)
    expect(json).toMatchObject({ code: 0, rehearsal: true })
    const { data } = json
    expect(data).toMatchObject({
      rehearsal: true,
      custodians: ['alice', 'bob', 'carol', 'dave'],
      signers: ['alice', 'bob', 'carol'],
      as: null,
      verified: true,
      kept: null,
      after: {
        joined: 'erin',
        custodians: ['alice', 'bob', 'carol', 'dave', 'erin'],
        restored: 'dave',
        signers: ['alice', 'dave', 'erin'],
      },
      ended: ['alice', 'bob', 'carol', 'dave'].map((name) => ({ name, code: 0, error: null })),
    })
    expect(data.steps.map(({ step }: { step: string }) => step)).toEqual([
      'identities',
      'keygen',
      'sign',
      'verify',
      'transactions',
      'reshare',
      'backup',
      'restore',
      'sign-again',
    ])
    const [signature, key] = [data.signature, data.public_key].map((text: string) => Buffer.from(text, 'hex'))
    const message = Buffer.from(data.message as string)
    expect(schnorr.verify(signature as Buffer, message, key as Buffer)).toBe(true)
    expect(data.after.public_key).toBe(data.public_key)
    const again = Buffer.from(data.after.signature as string, 'hex')
    expect(schnorr.verify(again, message, key as Buffer)).toBe(true)
    expect(again.equals(signature as Buffer)).toBe(false)
    const [psbt] = data.transactions
    expect([data.transactions.length, psbt.type, psbt.signatures.length]).toEqual([1, 'psbt', 2])
    const signed = bitcoin.Psbt.fromBase64(psbt.outputs.psbt as string)
    expect(signed.validateSignaturesOfAllInputs(isValid)).toBe(true)
    const shown = await rehearse(['--scheme', 'schnorr-taproot'])
    expect(shown.stdout).toMatch(/address +tb1p/)
    expect(shown.stdout).toMatch(/psbt +Sends 0\.001 BTC to tb1q\w+ on the Bitcoin test network/)
    expect(shown.stderr).toContain('$ mpc sign --key rehearsal --type psbt --in two-coins.psbt')
  })

  it.each(COMMANDS.find(({ name }) => name === 'rehearse')?.examples ?? [])('%s', async (example) => {
    expect(await rehearse(example.split(' ').slice(2))).toMatchObject({ code: 0 })
  })

  it.each([
    [['-n', '11']],
    [['-n', '2', '-t', '3']],
    [['-t', '1']],
    [['--scheme', 'rsa']],
    [['--drop', 'bob']],
    [['--drop', 'zoe@1']],
    [['--drop', 'bob@1', '--tamper', 'bob']],
    [['--drop', 'bob@6']],
    [['--tamper', 'bob@nowhere']],
  ])('refuses %j, and says what there is', async (args) => {
    const { json } = await rehearse([...args, '--json'])
    expect(json.code).toBe(2)
    expect(json.error.code).toMatch(/^E_(REHEARSE|USAGE)$/)
    expect(json.error.hint).not.toBeNull()
  })

  it('has nobody to play a part without a person', async () => {
    const { json } = await rehearse(['--as', 'alice', '--json'])
    expect(json).toMatchObject({ code: 2, error: { code: 'E_NO_INPUT' } })
  })
})

describe('mpc rehearse, with a mishap', () => {
  it.each([
    ['bob@1', 5, 'E_ABSENT'],
    ['bob@open', 5, 'E_ABSENT'],
    ['carol@5', 12, 'E_IN_DOUBT'],
  ])('--drop %s: the others end as they would, and name them', async (letter, code, error) => {
    const who = letter.split('@')[0] as string
    const { json } = await rehearse(['--drop', letter, '--json'])
    expect(json).toMatchObject({ code: 0, data: { verified: false, signature: null, public_key: null } })
    for (const ended of json.data.ended) {
      if (ended.name === who) expect(ended).toMatchObject({ code: null, error: null })
      else expect(ended).toMatchObject({ code, error, party: who })
    }
    expect(json.data.ended).toHaveLength(3)
  })

  it.each([
    ['bob', 'round open: bob: opening is not what was committed to'],
    ['bob@commit', 'bob sent two different letters in one round'],
    ['bob@2', 'round commit.echo: bob: its echo is not of the letters that it shows'],
  ])('--tamper %s: the others accuse them, and say why', async (letter, message) => {
    const { json } = await rehearse(['--tamper', letter, '--json'])
    expect(json.code).toBe(0)
    for (const name of ['alice', 'carol']) {
      const ended = json.data.ended.find((each: { name: string }) => each.name === name)
      expect(ended).toMatchObject({ code: 7, party: 'bob', accused: ['bob'], message })
    }
  })

  it('--tamper bob@receipt: does no harm, and the rehearsal goes on', async () => {
    const { json } = await rehearse(['--tamper', 'bob@receipt', '--json'])
    expect(json).toMatchObject({ code: 0, data: { verified: true, signers: ['alice', 'bob'], after: null } })
  })

  it('shows how it would have ended, and says what to do in earnest', async () => {
    const { code, stdout, stderr } = await rehearse(['--drop', 'bob@commit.echo', '--plain'])
    expect(code).toBe(0)
    expect(stderr).toContain('In the key generation bob is killed at letter commit.echo.')
    expect(stderr).toMatch(/bob +\(killed\)\n/)
    expect(stderr).toMatch(
      /Making the key, step 2 of 3 \((alice: here, bob: missing|bob: missing, carol: here)\)\n/,
    )
    expect(stderr).toContain('E_ABSENT, exit 5; `mpc explain E_ABSENT` shows more')
    expect(stdout).toMatch(
      /^So it would have ended:\n {2}alice {2}exit 5, E_ABSENT: .*bob.*\n {2}bob {4}killed\n/,
    )
    expect(stdout).toContain('In a real ceremony:\n  nothing was kept. Find out what bob needs; then')
  })
})

// Skipped where no pseudo-terminal can be made: python3 with its pty module.
describe.skipIf(!hasTerminal)('mpc rehearse, at a terminal', () => {
  const play = (args: readonly string[], answers: readonly (readonly [string, string])[]) =>
    atTerminal(join(dir, 'nobody'), ['rehearse', '--plain', ...args], answers, { cwd: dir })
  const accept = ['or no:', 'shown:Type "([^"]+)", or no:'] as const
  const hears = (name: string) => [`Did ${name} read exactly these`, `${name}\r`] as const
  const goesOn = ['Enter goes on', '\r'] as const
  const ends = ['Enter goes on', 'end\r'] as const
  const approve = ['or "no":', 'shown:Sign it\\? Type "([^"]+)", or "no":'] as const

  it('lets the person play alice, who is asked what a real ceremony asks', async () => {
    const { code, stdout } = await play([], [accept, hears('bob'), hears('carol'), approve, approve, goesOn])
    expect(code, stdout).toBe(0)
    expect(stdout).toContain('You are alice; bob, carol answer by themselves.')
    const [first] = /bob reads: {2}(\w+) /.exec(stdout)?.slice(1) ?? []
    expect(stdout).toMatch(new RegExp(`carol reads: {2}${first} `))
    expect(stdout).toMatch(new RegExp(`^ +1 ${first} `, 'm'))
    expect(stdout).toContain('You ask bob for this signature, and sign it yourself:')
    const [played = '', shown = ''] = stdout.split('Enter goes on')
    expect(played).not.toMatch(/\d s {2}bob/)
    expect(shown).toMatch(/\d s {2}dave +\$ mpc reshare/)
    expect(shown).toMatch(/\d s {2}carol +\$ mpc backup restore/)
    expect(stdout).toContain('Proven: 2 of 3')
    expect(stdout).toContain('Then dave joined')
  })

  it('lets them play another, who is asked to sign', async () => {
    const { code, stdout } = await play(
      ['--as', 'carol'],
      [accept, hears('alice'), hears('bob'), ['alice asks for this signature', ''], approve, approve, ends],
    )
    expect(code, stdout).toBe(0)
    expect(stdout).toMatch(/signed by +alice, carol/)
    expect(stdout).not.toContain('Then dave joined')
  })

  it('ends as a real one where they refuse', async () => {
    expect((await play([], [['or no:', 'no\r']])).code).toBe(8)
    const differ = await play([], [accept, ['Did bob read exactly these', 'differ\r']])
    expect(differ.code).toBe(6)
    expect(differ.stdout).toContain('E_WORDS_DIFFER')
    const refused = await play(
      ['--as', 'bob'],
      [accept, hears('alice'), hears('carol'), ['or "no":', 'no\r']],
    )
    expect(refused.code).toBe(8)
  })

  it('leaves on Ctrl-C, and asks nobody with --no-input', async () => {
    expect((await play([], [['or no:', '\x03']])).code).toBe(130)
    expect((await play(['--no-input'], [])).code).toBe(0)
  })
})
