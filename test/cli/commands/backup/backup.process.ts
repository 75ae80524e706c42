/** The life of a backup by the real binary: split, verified, lost with the machine, restored, and signing again. */
import { createHash, createPublicKey, verify } from 'node:crypto'
import { execFileSync, spawnSync } from 'node:child_process'
import { closeSync, openSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { cp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { identityToRecipient } from 'age-encryption'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { makeKey, start } from '../../../support/ceremonies.js'
import {
  ageIdentityFile,
  atTerminal,
  BIN,
  type Custodian,
  custodian,
  custodians,
  hasTerminal,
  type How,
  type Line,
  type Ran,
  scratch,
  verifies,
} from '../../../support/cli.js'
import { type Broker, brokers } from '../../../support/nats.js'

const hasAge = spawnSync('age', ['--version']).status === 0

let server: Broker
let folder: Awaited<ReturnType<typeof scratch>>
let [alice, bob, carol] = [] as unknown as [Custodian, Custodian, Custodian]
let holders: Custodian[]
let publicKey: string
/** Accepts the new identity of who has restored its share. */
let rebind: string

const message = Buffer.from('after the fire')
const approve = ['--approve', `sha256:${createHash('sha256').update(message).digest('hex')}`]
const path = (name: string): string => join(folder.dir, name)
/** Runs a command in somebody's home. */
const line = (who: Custodian, text: string, how: How = {}): Promise<Ran> =>
  who.mpc([...text.split(' '), ...who.unlock, '--no-input', '--json'], how)

function opensslAccepts(signature: string): boolean {
  const jwk = { kty: 'OKP', crv: 'Ed25519', x: Buffer.from(publicKey, 'hex').toString('base64url') }
  const key = createPublicKey({ key: jwk, format: 'jwk' })
  return verify(null, message, key, Buffer.from(signature, 'hex'))
}

describe('a backup', () => {
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
    holders = await Promise.all(['h1', 'h2', 'h3', 'h4', 'h5'].map((name) => custodian(folder.dir, name)))
    await Promise.all([alice, bob, carol].map((who) => verifies(who, holders)))
    writeFileSync(path('msg.bin'), message)
  })
  afterAll(async () => {
    await server.down()
    await folder.remove()
  })

  test('is made, checked by each holder alone, and its status is what they say', async () => {
    expect((await line(alice, 'key show treasury --export -o record.json')).code).toBe(0)
    const split = await line(
      alice,
      'backup split --key treasury --threshold 3 --holders h1.card,h2.card,h3.card,h4.card,h5.card -o out',
    )
    expect(split.json).toMatchObject({
      code: 0,
      data: { key: 'treasury', epoch: 1, threshold: 3, manifest: path('out/manifest.json'), outsiders: [] },
    })
    expect(split.json.data.smallest).toHaveLength(2)
    const { format } = JSON.parse(readFileSync(path('out/manifest.json'), 'utf8')) as { format: string }
    expect(format).toBe('mpc/escrow-manifest/v1')
    expect((await line(alice, 'backup status --key treasury')).json.data).toMatchObject({
      state: 'split',
      holders: holders.map(({ name }) => ({ name, said: null, agrees: null })),
    })
    expect((await alice.mpc(['status', '--json'])).json.data.keys).toMatchObject([{ backup: 'split' }])
    const notes: string[] = []
    for (const holder of holders.slice(0, 2)) {
      const { json } = await line(holder, `backup verify out/${holder.name}.piece --record record.json`)
      expect(json).toMatchObject({
        code: 0,
        data: {
          valid: true,
          key: 'treasury',
          public_key: publicKey,
          custodian: 'alice',
          holder: holder.name,
        },
      })
      expect(json.data.words).toEqual(split.json.data.words)
      notes.push(json.data.note)
    }
    const { json } = await alice.mpc(['backup', 'status', '--key', 'treasury', ...notes, '--json'])
    expect(
      json.data.holders.map(({ said, signed, agrees }: Record<string, unknown>) => [said, signed, agrees]),
    ).toEqual([
      ['verified', true, true],
      ['verified', true, true],
      ...[3, 4, 5].map(() => [null, false, null]),
    ])
  })

  test('is made for cards that are verified here, or whose name a person types', async () => {
    const mallory = await custodian(folder.dir, 'mallory')
    const named = await custodian(folder.dir, 'nora')
    await bob.mpc(['identity', 'import', named.card])
    const split = 'backup split --key treasury --threshold 2 --confirm treasury'
    for (const who of [mallory.card, 'nora']) {
      const refused = await line(bob, `${split} --holders h1.card,${who} -o strange`)
      expect(refused.json).toMatchObject({ code: 6, error: { code: 'E_UNVERIFIED' } })
      expect(refused.json.error.hint).toContain('--fingerprint FP')
      expect(readdirSync(folder.dir)).not.toContain('strange')
      if (!hasTerminal) continue
      const words = `${split} --holders h1.card,${who} -o strange --plain ${bob.unlock.join(' ')}`.split(' ')
      const name = who === 'nora' ? 'nora' : 'mallory'
      const play = [[`Type "${name}", or no:`, 'no\r']] as const
      const said = await atTerminal(bob.home, words, play, { cwd: folder.dir })
      expect(said.code, said.stdout).toBe(8)
      expect(said.stdout.replace(/\s+/g, ' ')).toContain('is not verified. If somebody else made it')
      expect(readdirSync(folder.dir)).not.toContain('strange')
    }
    if (!hasTerminal) return
    const words = `${split} --holders h1.card,${mallory.card} -o strange --plain ${carol.unlock.join(' ')}`
    const play = [['Type "mallory", or no:', 'mallory\r']] as const
    // In a copy of her home: one split an epoch.
    await cp(carol.home, path('twin.home'), { recursive: true })
    const made = await atTerminal(path('twin.home'), words.split(' '), play, { cwd: folder.dir })
    expect(made.code, made.stdout).toBe(0)
    expect(made.stdout).toContain('NOT VERIFIED')
  })

  test('refuses another split, and seals the same piece again', async () => {
    const again = await line(
      alice,
      'backup split --key treasury --threshold 2 --holders h1.card,h2.card -o two',
    )
    expect(again.json).toMatchObject({ code: 11, error: { code: 'E_SPLIT_EXISTS' } })
    expect(readdirSync(folder.dir)).not.toContain('two')
    expect(again.json.error.hint).toContain('for other holders: refresh first')
    const lost = await line(alice, 'backup split --key treasury --again h4 -o lost')
    expect(lost.code).toBe(0)
    expect(lost.stderr).toContain('If you no longer trust its holder, refresh the key')
    expect(readdirSync(path('lost')).sort()).toEqual(['h4.piece', 'manifest.json'])
    const verified = await line(holders[3] as Custodian, 'backup verify lost/h4.piece --record record.json')
    expect(verified.json.data).toMatchObject({ valid: true, holder: 'h4' })
    const nobody = await line(alice, 'backup split --key treasury --again zoe -o zoe')
    expect(nobody.json).toMatchObject({ code: 2, error: { code: 'E_HOLDERS' } })
  })

  test('is sealed to age recipients and passphrases too, which need no identity to be opened', async () => {
    const sheltered = await scratch()
    const secret = join(sheltered.dir, 'sister.txt')
    writeFileSync(secret, 'correct horse battery\n', { mode: 0o600 })
    const vault = await ageIdentityFile(join(sheltered.dir, 'vault.key'))
    const recipient = await identityToRecipient(readFileSync(vault, 'utf8').trim().split('\n')[1] ?? '')
    const withSecret = (home: string, words: string): Line => {
      const fd = openSync(secret, 'r')
      const env = { PATH: process.env['PATH'], MPC_HOME: home }
      const { stdout } = spawnSync(process.execPath, [BIN, ...words.split(' '), '--no-input', '--json'], {
        cwd: folder.dir,
        env,
        stdio: ['ignore', 'pipe', 'ignore', fd],
        encoding: 'utf8',
      })
      closeSync(fd)
      return JSON.parse(stdout) as Line
    }
    const who = `--holders h1.card,vault=${recipient},sister=passphrase`
    const unlock = bob.unlock.join(' ')
    const unasked = await line(bob, `backup split --key treasury --threshold 2 ${who} -o mixed`)
    expect(unasked.json).toMatchObject({ code: 2, error: { code: 'E_NO_INPUT' } })
    const split = withSecret(
      bob.home,
      `backup split --key treasury --threshold 2 ${who} -o mixed --holder-passphrase-fd sister:3 ${unlock}`,
    )
    expect(split).toMatchObject({ code: 0 })
    const nobody = join(sheltered.dir, 'nobody')
    const record = `--record mixed.json`
    await line(bob, 'key show treasury --export -o mixed.json')
    expect(
      withSecret(nobody, `backup verify mixed/sister.piece ${record} --piece-passphrase-fd 3`),
    ).toMatchObject({
      code: 0,
      data: {
        holder: 'sister',
        custodian: 'bob',
        record_given: true,
        note: expect.stringMatching('sister-'),
      },
    })
    expect(withSecret(nobody, `backup verify mixed/vault.piece ${record} --identity ${vault}`)).toMatchObject(
      {
        code: 0,
        data: { holder: 'vault' },
      },
    )
    expect(withSecret(nobody, 'backup verify mixed/h1.piece').error.code).toBe('E_NO_IDENTITY')
    expect(
      withSecret(nobody, `backup verify mixed/vault.piece --record msg.bin --identity ${vault}`),
    ).toMatchObject({
      code: 9,
      error: { code: 'E_RECORD' },
    })
    await sheltered.remove()
  })

  test.runIf(hasAge)('is opened by the stock age program with what the holder has', async () => {
    const [h1] = holders as [Custodian]
    const age = (identity: string, sealed: string): Buffer =>
      execFileSync('age', ['-d', '-i', identity, sealed])
    const identity = path('h1.identity')
    writeFileSync(identity, age(path('h1.key'), join(h1.home, 'identity.age')), { mode: 0o600 })
    expect(age(identity, path('out/h1.piece')).includes('mpc/escrow-piece/v1')).toBe(true)
  })

  test('is asked about where fewer people than must sign reach the key', async () => {
    // With alice's pieces, those who are to hold carol's are enough by themselves.
    const outsiders = 'backup split --key treasury --threshold 2 --holders h1.card,h2.card -o severe'
    const asked = await line(carol, `${outsiders} --manifests out/manifest.json`)
    expect(asked.json).toMatchObject({ code: 2, error: { code: 'E_NO_INPUT' } })
    expect(readdirSync(folder.dir)).not.toContain('severe')
    if (hasTerminal) {
      const words = `${outsiders} --manifests out/manifest.json --plain ${carol.unlock.join(' ')}`.split(' ')
      const play = [['Type "treasury", or no:', 'no\r']] as const
      const refused = await atTerminal(carol.home, words, play, { cwd: folder.dir })
      expect(refused.code, refused.stdout).toBe(8)
      expect(refused.stdout).toContain('A group without custodians can use the key:')
      expect(readdirSync(folder.dir)).not.toContain('severe')
    }
    const confirmed = await line(carol, `${outsiders} --manifests out/manifest.json --confirm treasury`)
    expect(confirmed.json).toMatchObject({ code: 0 })
    expect(confirmed.json.data.outsiders).toEqual(expect.arrayContaining(['h1', 'h2', 'h3']))
  })

  test('a note of another backup, and what is no piece, are exit 9', async () => {
    const [h1] = holders as [Custodian]
    const foreign = await line(h1, 'backup verify severe/h1.piece --record record.json -o carols.note')
    expect(foreign.json.data).toMatchObject({ valid: true, custodian: 'carol' })
    const refused = await alice.mpc(['backup', 'status', '--key', 'treasury', 'carols.note', '--json'])
    expect(refused.json).toMatchObject({ code: 9, error: { code: 'E_NOTE' } })
    const piece = readFileSync(path('out/h1.piece'))
    piece[piece.length - 40] = (piece[piece.length - 40] as number) ^ 1
    writeFileSync(path('damaged.piece'), piece)
    const damaged = await line(h1, 'backup verify damaged.piece --record record.json')
    expect(damaged.json).toMatchObject({ code: 9, error: { code: 'E_PIECE' } })
    expect(damaged.json.error.message).toContain('damaged.piece')
  })

  test('outlives the machine: restored by three holders, accepted by the others, it signs', async () => {
    await rm(alice.home, { recursive: true })
    const fresh = await custodian(path('.'), 'alice', 'alice-new')
    const restored = 'backup restore h1.reopened h3.reopened h5.reopened'
    for (const name of ['h1', 'h3', 'h5']) {
      const holder = holders.find((each) => each.name === name) as Custodian
      const open = `backup open out/${name}.piece --to alice-new.card --confirm alice -o ${name}.reopened`
      expect((await line(holder, open)).json).toMatchObject({ code: 6, error: { code: 'E_UNVERIFIED' } })
      await line(holder, `identity import alice-new.card --fingerprint ${fresh.fingerprint}`)
      expect((await line(holder, open)).json).toMatchObject({ code: 0, data: { to: 'alice' } })
    }
    expect((await line(fresh, 'backup restore h1.reopened h3.reopened')).json).toMatchObject({
      code: 5,
      error: { code: 'E_PIECES_FEW' },
    })
    const bad = await line(fresh, 'backup restore damaged.piece h1.reopened out/h2.piece')
    expect(bad.json.code).toBe(10)
    for (const name of ['damaged.piece', 'out/h2.piece']) expect(bad.json.error.message).toContain(name)
    const back = await line(fresh, restored)
    expect(back.json).toMatchObject({
      code: 0,
      data: { key: 'treasury', public_key: publicKey, epoch: 1, custodian: 'alice', refresh_needed: false },
    })
    expect((await line(fresh, restored)).json).toMatchObject({ code: 11, error: { code: 'E_KEY_EXISTS' } })
    for (const other of [bob, carol]) {
      await line(fresh, `identity import ${other.name}.card --fingerprint ${other.fingerprint}`)
    }

    rebind = `identity import alice-new.card --rebind ${back.json.data.rebind}`
    const wrong = await line(bob, `${rebind} --fingerprint ${carol.fingerprint}`)
    expect(wrong.json).toMatchObject({ code: 6, error: { code: 'E_FINGERPRINT' } })
    expect((await line(bob, rebind)).json.code).toBe(2)
    const other = `identity import bob.card --rebind ${back.json.data.rebind} --fingerprint ${bob.fingerprint}`
    expect((await line(carol, other)).json).toMatchObject({ code: 6, error: { code: 'E_REBIND' } })
    const accepted = await line(bob, `${rebind} --fingerprint ${fresh.fingerprint}`)
    expect(accepted.json).toMatchObject({
      code: 0,
      data: {
        status: 'verified',
        changed: 'replaced',
        rebind: { key: 'treasury', seat: 1, before: alice.fingerprint, seated: fresh.fingerprint },
      },
    })
    expect((await bob.mpc(['key', 'show', 'treasury'])).stdout).toContain('has the seat of alice')

    const asks = ['sign', '--key', 'treasury', '--in', 'msg.bin', '--signers', 'alice,bob', ...approve]
    const joins = ['sign', '--key', 'treasury', '--next', ...approve]
    const [a, b] = await Promise.all([
      start(fresh, server.url, joins).ended,
      start(bob, server.url, asks).ended,
    ])
    expect([a.code, b.code], a.stdout + b.stdout).toEqual([0, 0])
    expect(a.json.data).toMatchObject({ signers: ['alice', 'bob'], certificate: expect.stringMatching('/') })
    expect(opensslAccepts(a.json.data.signature)).toBe(true)
    const checked = await carol.mpc(['transcript', 'verify', b.json.data.transcript, '--json'])
    expect(checked.json).toMatchObject({ code: 0, data: { certificate: 'complete' } })

    // Carol has not accepted it, and does not hear her.
    const deaf = [...joins, '--timeout', '4s']
    const [c, stopped] = await Promise.all([
      start(carol, server.url, deaf).ended,
      start(fresh, server.url, [
        ...asks.map((word) => (word === 'alice,bob' ? 'alice,carol' : word)),
        '--timeout',
        '4s',
      ]).ended,
    ])
    expect(stopped.code).not.toBe(0)
    expect(c.json).toMatchObject({ code: 6, error: { code: 'E_NO_SEAT' } })
    expect(c.json.error.hint).toContain('identity import NEW.card --rebind FILE --fingerprint FP')
    alice = fresh
  })

  test('is followed by a refresh, in which the new identity deals and after which it stands in the record', async () => {
    const defined = await line(bob, 'ceremony new refresh --key treasury -o refresh.mpc')
    expect(defined.json).toMatchObject({ code: 0, data: { dealers: ['alice', 'bob'], rebound: ['alice'] } })
    expect(defined.json.data.members[0].fingerprint).toBe(alice.fingerprint)
    const shown = await bob.mpc(['ceremony', 'show', 'refresh.mpc'])
    expect(shown.stdout.replaceAll(/\s+/g, ' ')).toContain(
      'alice has a new identity by a rebind; the old one',
    )

    const refresh = ['refresh', '--definition', 'refresh.mpc', '--accept', defined.json.data.definition_id]
    const deaf = await start(carol, server.url, refresh).ended
    expect(deaf.json).toMatchObject({ code: 6, error: { code: 'E_NO_SEAT' } })
    expect(deaf.json.error.hint).toContain('identity import NEW.card --rebind FILE --fingerprint FP')
    expect((await line(carol, `${rebind} --fingerprint ${alice.fingerprint}`)).code).toBe(0)
    const ended = await Promise.all([alice, bob, carol].map((who) => start(who, server.url, refresh).ended))
    for (const { code, json, stdout } of ended) {
      expect(code, stdout).toBe(0)
      expect(json.data).toMatchObject({ epoch: 2, public_key: publicKey })
    }
    const { transcript } = (ended[0] as Ran).json.data
    const checked = await carol.mpc(['transcript', 'verify', transcript, '--json'])
    expect(checked.json).toMatchObject({ code: 0, data: { kind: 'refresh', certificate: 'complete' } })

    const asks = ['sign', '--key', 'treasury', '--in', 'msg.bin', '--signers', 'alice,carol', ...approve]
    const signed = await Promise.all([
      start(alice, server.url, asks).ended,
      start(carol, server.url, ['sign', '--key', 'treasury', '--next', ...approve]).ended,
    ])
    for (const { code, json, stdout } of signed) {
      expect(code, stdout).toBe(0)
      expect(json.data).toMatchObject({ epoch: 2, signers: ['alice', 'carol'] })
      expect(opensslAccepts(json.data.signature)).toBe(true)
    }
    expect((await alice.mpc(['key', 'show', 'treasury'])).stdout).not.toContain('has the seat of')
  })
})
