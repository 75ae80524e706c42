/** `mpc verify` without a key of this home: which flag is wrong. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { mpc, scratch } from '../../../support/cli.js'

let folder: Awaited<ReturnType<typeof scratch>>
beforeAll(async () => {
  folder = await scratch()
})
afterAll(() => folder.remove())

const key = 'ab'.repeat(32)
test.each([
  [
    ['--public-key', 'abc', '--scheme', 'eddsa-ed25519'],
    '--public-key is 32 bytes in hex, as keys of eddsa-ed25519 are',
  ],
  [
    ['--public-key', key, '--scheme', 'ecdsa-secp256k1'],
    '--public-key is 33 bytes in hex, as keys of ecdsa-secp256k1 are',
  ],
  [['--public-key', key, '--scheme', 'eddsa-ed25518'], '--scheme names no scheme'],
  [['--public-key', key], '--public-key needs --scheme'],
  [['--public-key', key, '--path', 'm/0'], 'give either --key, with --path'],
  [['--scheme', 'eddsa-ed25519'], 'give either --key, with --path'],
])('%j', async (flags, problem) => {
  const args = ['verify', ...flags, '--in', '-', '--signature', 'cd'.repeat(64), '--json']
  const { json } = await mpc(`${folder.dir}/nobody`, args, { input: 'hello' })
  expect(json).toMatchObject({ code: 2, error: { code: 'E_VERIFY_KEY' } })
  expect(json.error.message).toContain(problem)
  if (flags.includes('eddsa-ed25518')) expect(json.error.hint).toContain('Did you mean eddsa-ed25519?')
})

test('a --timeout that is longer than any timer leaves time to read', async () => {
  const under = ['--public-key', key, '--scheme', 'eddsa-ed25519']
  const args = ['verify', ...under, '--in', '-', '--signature', 'cd'.repeat(64), '--timeout', '25d', '--json']
  const { json } = await mpc(`${folder.dir}/nobody`, args, { input: 'hello' })
  expect(json).toMatchObject({ code: 9, error: { code: 'E_SIGNATURE_INVALID' } })
})
