/** A signature in files, as other programs take it: by the README's lines, on a key that a ceremony made. */
import { createHash } from 'node:crypto'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { makeKey, start } from '../../../support/ceremonies.js'
import { type Custodian, custodians, type Ran, scratch } from '../../../support/cli.js'
import { type Broker, RelayBroker } from '../../../support/nats.js'
import { inShell, sectionOf } from '../../../support/readme.js'

const TEXT = 'pay nobody'
const APPROVE = ['--approve', `sha256:${createHash('sha256').update(TEXT).digest('hex')}`]
const { lines } = sectionOf('Without mpc')
const [exporting, signing, openssl] = lines as [string, string, string, string]
const wordsOf = (line: string): string[] => line.replace(/^npx mpc /, '').split(' ')

let folder: Awaited<ReturnType<typeof scratch>>
let server: Broker
let alice: Custodian
let bob: Custodian
let signed: Ran

const verify = (file: string): Promise<Ran> =>
  bob.mpc(['verify', '--key', 'treasury', '--in', 'try/message.txt', '--signature-file', file, '--json'])
const again = (format: string, ...more: string[]): Promise<Ran> =>
  alice.mpc(
    ['sign', '--key', 'treasury', '--join', signed.json.data.request_id, '--format', format].concat(more, [
      '--no-input',
    ]),
  )

beforeAll(async () => {
  ;[folder, server] = await Promise.all([scratch(), RelayBroker.start()])
  const everybody = await custodians(folder.dir, 'alice', 'bob', 'carol')
  ;[alice, bob] = everybody as [Custodian, Custodian]
  await mkdir(join(folder.dir, 'try'))
  await writeFile(join(folder.dir, 'try/message.txt'), TEXT)
  await makeKey(everybody, server.url)
  const running = [
    start(alice, server.url, [...wordsOf(signing), ...APPROVE]),
    start(bob, server.url, ['sign', '--key', 'treasury', '--next', ...APPROVE]),
  ]
  const ended = await Promise.all(running.map(({ ended }) => ended))
  expect(ended.map(({ code }) => code)).toEqual([0, 0])
  signed = ended[0] as Ran
})
afterAll(async () => {
  await server.down()
  await folder.remove()
})

test('OpenSSL verifies it by the lines of the README, and nothing else as it', async () => {
  expect(lines).toHaveLength(4)
  expect((await alice.mpc(wordsOf(exporting))).code).toBe(0)
  expect(inShell(openssl, folder.dir)).toEqual({ code: 0, printed: 'Signature Verified Successfully\n' })
  const file = join(folder.dir, 'try/message.sig')
  expect(signed.json.data.file).toBe(file)
  expect((await readFile(file)).toString('hex')).toBe(signed.json.data.signature)
  await writeFile(join(folder.dir, 'other.txt'), `${TEXT}.`)
  expect(inShell(openssl.replace('try/message.txt', 'other.txt'), folder.dir).code).toBe(1)
})

test.each(['hex', 'base64', 'raw', 'json'])('%s is written, and read by verify', async (format) => {
  const file = `signature.${format}`
  expect(await again(format, '-o', file)).toMatchObject({ code: 0, stdout: `${join(folder.dir, file)}\n` })
  expect((await verify(file)).json).toMatchObject({ code: 0, data: { valid: true } })
  if (format === 'raw') return
  // A line on stdout is the same text, and a pipe is read as well.
  const { stdout } = await again(format)
  expect(stdout).toBe(await readFile(join(folder.dir, file), 'utf8'))
  const from = ['--in', 'try/message.txt', '--signature-file', '-']
  expect((await bob.mpc(['verify', '--key', 'treasury', ...from], { input: stdout })).code).toBe(0)
})

test('a file is never overwritten: 11, and the signature is there nevertheless', async () => {
  const before = await again('hex', '-o', 'kept.hex')
  expect(before.code).toBe(0)
  const ran = await again('base64', '-o', 'kept.hex', '--json')
  expect(ran.json).toMatchObject({ code: 11, error: { code: 'E_OUTPUT_EXISTS' } })
  expect((await verify('kept.hex')).code).toBe(0)
  const unwritable = await again('hex', '-o', 'nowhere/kept.hex', '--json')
  expect(unwritable.json.ok).toBe(false)
  expect(unwritable.json.data.signature).toBe(signed.json.data.signature)
  expect(unwritable.json.error.hint).toContain(`--join ${signed.json.data.request_id}`)
})

test('what there is not is said before anybody signs: 2', async () => {
  const asked = ['sign', '--key', 'treasury', '--in', 'try/message.txt', ...APPROVE, '--no-input', '--json']
  // No server is there: nothing of it gets that far.
  const nowhere = ['--nats', 'nats://127.0.0.1:1', ...alice.unlock]
  const der = await alice.mpc([...asked, ...nowhere, '--format', 'der', '-o', 'new.der'])
  expect(der.json).toMatchObject({ code: 2, error: { code: 'E_SIGNATURE_FORMAT' } })
  const raw = await again('raw')
  expect([raw.code, raw.stdout]).toEqual([2, ''])
  expect(raw.stderr).toContain('raw is binary, and goes into a file')
})
