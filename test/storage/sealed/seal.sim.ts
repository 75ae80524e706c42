import { execFileSync } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { armor, Decrypter, Encrypter } from 'age-encryption'
import { describe, expect, test } from 'vitest'
import {
  generateAgeIdentity,
  kindOfSealed,
  openWith,
  openWithPassphrase,
  recipientOf,
  sealTo,
  sealWithPassphrase,
} from '../../../src/storage/sealed/age.js'
import { failureOf, temporaryFolder, utf8 } from '../support.js'

const PLAIN = utf8('a share, or what stands for one')
const PASSPHRASE = 'correct horse battery staple'
const FACTOR = 10

const newIdentity = async (postQuantum = false) => {
  const identity = await generateAgeIdentity({ postQuantum })
  return { identity, recipient: await recipientOf(identity) }
}
const flipped = (bytes: Uint8Array, at: number): Uint8Array =>
  bytes.map((byte, i) => (i === at ? byte ^ 1 : byte))
const decryptFailure = { kind: 'decryption', code: 'E_DECRYPT' }
const corruptFailure = { kind: 'decryption', code: 'E_CORRUPT' }

describe('to recipients', () => {
  test.each([false, true])('who holds the identity opens it (post-quantum: %s)', async (postQuantum) => {
    const [a, b, other] = [
      await newIdentity(postQuantum),
      await newIdentity(postQuantum),
      await newIdentity(),
    ]
    const sealed = await sealTo([a.recipient, b.recipient], PLAIN)
    expect(kindOfSealed(sealed)).toBe('recipient')
    for (const { identity } of [a, b])
      expect(await openWith([other.identity, identity], sealed)).toEqual(PLAIN)
    expect(await openWith([a.identity], utf8(armor.encode(sealed)))).toEqual(PLAIN)
    expect(await openWith([a.identity], utf8(`\r\n${armor.encode(sealed)}`))).toEqual(PLAIN)
    expect(await failureOf(() => openWith([other.identity], sealed))).toMatchObject(decryptFailure)
    expect(await failureOf(() => openWith([], sealed))).toMatchObject(decryptFailure)
    expect(await failureOf(() => openWithPassphrase(PASSPHRASE, sealed))).toMatchObject(decryptFailure)
  })

  test('post-quantum recipients are not mixed with others', async () => {
    const [classic, hybrid] = [await newIdentity(), await newIdentity(true)]
    expect(hybrid.recipient).toMatch(/^age1pq1/)
    for (const recipients of [
      [classic.recipient, hybrid.recipient],
      [hybrid.recipient, classic.recipient],
      [],
    ]) {
      const failure = await failureOf(() => sealTo(recipients, PLAIN))
      expect(failure).toMatchObject({ kind: 'usage', code: 'E_RECIPIENT' })
    }
  })

  test.each(['', 'age1', 'age1qqqqqq', 'ssh-ed25519 AAAA', PASSPHRASE])(
    '%j is no recipient',
    async (recipient) => {
      expect(await failureOf(() => sealTo([recipient], PLAIN))).toMatchObject({ code: 'E_RECIPIENT' })
    },
  )

  test('an identity with a typing error is refused and never quoted', async () => {
    const { identity, recipient } = await newIdentity()
    const wrong = identity.slice(0, -1) + (identity.endsWith('Q') ? 'P' : 'Q')
    const sealed = await sealTo([recipient], PLAIN)
    for (const act of [() => openWith([wrong], sealed), () => recipientOf(wrong)]) {
      const failure = await failureOf(act)
      expect(failure).toMatchObject({ kind: 'usage', code: 'E_AGE_IDENTITY' })
      expect(inspect(failure, { depth: 9 })).not.toContain(wrong.slice(20, 40).toLowerCase())
      expect(inspect(failure, { depth: 9 })).not.toContain(wrong.slice(20, 40))
    }
  })
})

describe('by passphrase', () => {
  test('who knows it opens it, and nobody else', async () => {
    const sealed = await sealWithPassphrase(PASSPHRASE, PLAIN, FACTOR)
    expect(kindOfSealed(sealed)).toBe('passphrase')
    expect(kindOfSealed(utf8(armor.encode(sealed)))).toBe('passphrase')
    expect(await openWithPassphrase(PASSPHRASE, sealed)).toEqual(PLAIN)
    expect(await openWithPassphrase(PASSPHRASE, utf8(armor.encode(sealed)))).toEqual(PLAIN)
    for (const wrong of ['', 'correct horse battery stapl', `${PASSPHRASE}\n`]) {
      const failure = await failureOf(() => openWithPassphrase(wrong, sealed))
      expect(failure).toMatchObject(decryptFailure)
      expect(inspect(failure, { depth: 9 })).not.toContain('horse')
    }
    expect(await failureOf(() => openWith([], sealed))).toMatchObject(decryptFailure)
  })

  test('the same passphrase seals differently each time', async () => {
    const [a, b] = [
      await sealWithPassphrase(PASSPHRASE, PLAIN, FACTOR),
      await sealWithPassphrase(PASSPHRASE, PLAIN, FACTOR),
    ]
    expect(a).not.toEqual(b)
  })

  test.each([1, 3, 9, 14])('work factor %i opens', async (factor) => {
    const encrypter = new Encrypter()
    encrypter.setPassphrase(PASSPHRASE)
    encrypter.setScryptWorkFactor(factor)
    expect(await openWithPassphrase(PASSPHRASE, await encrypter.encrypt(PLAIN))).toEqual(PLAIN)
  })

  test.each(['21', '40', '9999'])('work factor %s is refused without working', async (factor) => {
    const sealed = Buffer.from(await sealWithPassphrase(PASSPHRASE, PLAIN, FACTOR)).toString('latin1')
    const asking = Buffer.from(sealed.replace(` ${FACTOR}\n`, ` ${factor}\n`), 'latin1')
    const failure = await failureOf(() => openWithPassphrase(PASSPHRASE, asking))
    expect(failure).toMatchObject({ kind: 'decryption', code: 'E_WORK_FACTOR' })
  })

  test('an empty one is refused', async () => {
    expect(await failureOf(() => sealWithPassphrase('', PLAIN))).toMatchObject({ code: 'E_PASSPHRASE' })
  })

  test('timers run while it is stretched', async () => {
    let ticks = 0
    const timer = setInterval(() => ticks++, 1)
    const sealed = await sealWithPassphrase(PASSPHRASE, PLAIN, 15)
    const whileSealed = ticks
    await openWithPassphrase(PASSPHRASE, sealed)
    clearInterval(timer)
    expect(whileSealed).toBeGreaterThan(0)
    expect(ticks).toBeGreaterThan(whileSealed)
  })
})

describe('damage', () => {
  test('any flipped byte and any truncation is noticed', async () => {
    const { identity, recipient } = await newIdentity()
    const sealed = await sealTo([recipient], PLAIN)
    for (let at = 0; at < sealed.length; at++) {
      for (const damaged of [flipped(sealed, at), sealed.slice(0, at)]) {
        const failure = await failureOf(() => openWith([identity], damaged))
        expect(failure.kind).toBe('decryption')
        expect(['E_CORRUPT', 'E_DECRYPT']).toContain(failure.code)
      }
    }
    expect(await failureOf(() => openWith([identity], flipped(sealed, sealed.length - 1)))).toMatchObject(
      corruptFailure,
    )
    expect(await failureOf(() => openWith([identity], sealed.slice(0, -1)))).toMatchObject(corruptFailure)
  })

  test('of a passphrase file too, and of how much work it asks for', async () => {
    const sealed = await sealWithPassphrase(PASSPHRASE, PLAIN, FACTOR)
    const text = Buffer.from(sealed).toString('latin1')
    for (const other of [FACTOR - 1, FACTOR + 1]) {
      const changed = Buffer.from(text.replace(` ${FACTOR}\n`, ` ${other}\n`), 'latin1')
      expect(await failureOf(() => openWithPassphrase(PASSPHRASE, changed))).toMatchObject({
        code: 'E_DECRYPT',
      })
    }
    for (const damaged of [flipped(sealed, sealed.length - 1), sealed.slice(0, -1), sealed.slice(0, 60)]) {
      expect(await failureOf(() => openWithPassphrase(PASSPHRASE, damaged))).toMatchObject(corruptFailure)
    }
  })

  test('of a header: two stanzas, other arguments, another salt length', async () => {
    const text = Buffer.from(await sealWithPassphrase(PASSPHRASE, PLAIN, FACTOR)).toString('latin1')
    const stanza = text.slice(text.indexOf('->'), text.indexOf('---'))
    for (const [from, to] of [
      [stanza, stanza + stanza],
      [stanza, `${stanza}-> X25519 AAAA\nAAAA\n`],
      [` ${FACTOR}\n`, ` ${FACTOR} 1\n`],
      [` ${FACTOR}\n`, ` 0${FACTOR}\n`],
      [` ${FACTOR}\n`, '\n'],
      ['-> scrypt ', '-> scrypt AAAA'],
    ] as const) {
      const damaged = Buffer.from(text.replace(from, to), 'latin1')
      expect(await failureOf(() => openWithPassphrase(PASSPHRASE, damaged))).toMatchObject(corruptFailure)
    }
  })

  test.each(['', 'text', '-----BEGIN AGE ENCRYPTED FILE-----\n', 'age-encryption.org/v2\n-> X25519 a\n'])(
    '%j is no age file',
    async (text) => {
      expect(() => kindOfSealed(utf8(text))).toThrow('not a whole age file')
      expect(await failureOf(() => openWith([], utf8(text)))).toMatchObject(corruptFailure)
    },
  )
})

describe('the stock tools', () => {
  const age = (args: readonly string[], input: Uint8Array): Uint8Array | null => {
    try {
      return new Uint8Array(execFileSync('age', args, { input, stdio: ['pipe', 'pipe', 'ignore'] }))
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return null
      throw cause
    }
  }

  test('`age -d -i` opens what is sealed here, and what it seals opens here', async ({ skip }) => {
    const { identity, recipient } = await newIdentity()
    const path = join(await temporaryFolder(), 'identity.txt')
    await writeFile(path, `# mpc-identity v1\n# name: alice\n${identity}\n`)
    const opened = age(['-d', '-i', path], await sealTo([recipient], PLAIN))
    if (opened === null) skip('there is no `age` here')
    expect(opened).toEqual(PLAIN)
    for (const args of [
      ['-r', recipient],
      ['-a', '-r', recipient],
    ]) {
      expect(await openWith([identity], age(args, PLAIN) as Uint8Array)).toEqual(PLAIN)
    }
  })

  test('`age` asks for the passphrase and opens, and the reverse', async ({ skip }) => {
    const folder = await temporaryFolder()
    const [ours, theirs, out] = ['ours.age', 'theirs.age', 'out'].map((name) => join(folder, name)) as [
      string,
      string,
      string,
    ]
    await writeFile(ours, await sealWithPassphrase(PASSPHRASE, PLAIN, FACTOR))
    await writeFile(join(folder, 'plain'), PLAIN)
    // age reads passphrases from a terminal only; Python's pty module is one.
    const terminal = `
import os, pty, sys
def reads(fd):
    data = os.read(fd, 1024)
    if b':' in data: os.write(fd, b'${PASSPHRASE}\\n')
    return data
sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:], reads)))`
    try {
      execFileSync('python3', ['-c', terminal, 'age', '--version'], { stdio: 'ignore' })
    } catch {
      skip('there is no `age`, or no Python to be its terminal')
    }
    const inTerminal = (...args: string[]) =>
      execFileSync('python3', ['-c', terminal, ...args], { stdio: 'ignore' })
    inTerminal('age', '-d', '-o', out, ours)
    expect(execFileSync('cat', [out])).toEqual(Buffer.from(PLAIN))
    inTerminal('age', '-p', '-o', theirs, join(folder, 'plain'))
    expect(await openWithPassphrase(PASSPHRASE, execFileSync('cat', [theirs]))).toEqual(PLAIN)
  })

  test("typage's own passphrase code opens what is sealed here", async () => {
    const decrypter = new Decrypter()
    decrypter.addPassphrase(PASSPHRASE)
    expect(await decrypter.decrypt(await sealWithPassphrase(PASSPHRASE, PLAIN, FACTOR))).toEqual(PLAIN)
  })
})
