/** `mpc presign` by the binary, over a relay, with keys as strong as real ones. */
import { execFileSync } from 'node:child_process'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Pair } from '../../../support/signed-payloads.js'

const PATIENCE = 600_000

describe('presignatures made ahead', () => {
  let pair: Pair
  const presign = (count: number, { key = 'eth', signers = 'alice,bob' } = {}) => {
    const scripted = (name: string) => `--passphrase-file ${name}.pass --no-input --json`
    const line = `presign --key ${key} --signers ${signers} --count ${count}`
    return Promise.all([
      pair.line(pair.alice, `${line} ${scripted('alice')}`),
      pair.line(pair.bob, `${line} ${scripted('bob')}`),
    ])
  }

  beforeAll(async () => {
    pair = await Pair.of('eth', 'ecdsa-secp256k1')
  }, PATIENCE)
  afterAll(() => pair.end())

  test(
    'each signer runs one command, and both are told how many were made and are left',
    async () => {
      for (const ran of await presign(4)) {
        expect(ran.code, ran.stderr).toBe(0)
        expect(ran.json.data).toEqual({ key: 'eth', signers: ['alice', 'bob'], made: 4, left: 4 })
      }
      for (const ran of await presign(1)) expect(ran.json.data).toMatchObject({ made: 1, left: 5 })
    },
    PATIENCE,
  )

  test('`mpc key show` and `mpc status` say how many are left, and for whom', async () => {
    const presignatures = [{ signers: ['alice', 'bob'], left: 5 }]
    expect(await pair.about('key show eth')).toMatchObject({ presignatures })
    expect(await pair.about('status')).toMatchObject({ keys: [{ name: 'eth', presignatures }] })
    for (const line of ['key show eth', 'status']) {
      expect((await pair.line(pair.alice, line)).stdout).toContain('5 presignatures left for alice and bob')
    }
  })

  test('the folder of each has the files, readable by their owner alone', () => {
    for (const { home } of [pair.alice, pair.bob]) {
      const find = (...more: string[]) =>
        execFileSync('find', [home, '-path', '*/presignatures/*/*', '-type', 'f', ...more])
          .toString()
          .trim()
          .split('\n')
      expect(find()).toHaveLength(10)
      expect(find('-perm', '600')).toHaveLength(10)
    }
  })

  test.each([
    ['--count of more than 100', 101, {}, 2, 'E_USAGE'],
    ['a key that is not here', 1, { key: 'none' }, 3, 'E_NO_KEY'],
    ['too few signers', 1, { signers: 'alice' }, 2, 'E_SIGNERS'],
  ])('%s is refused before anybody is waited for', async (_, count, who, code, error) => {
    for (const ran of await presign(count, who)) {
      expect(ran.json).toMatchObject({ code, error: { code: error } })
    }
  })
})

describe('a script that makes presignatures under a policy', () => {
  const rules = `format: mpc/policy/v1
rules:
  - name: texts
    when: { type: [text] }
`
  // The scheme of this key, which has none, is looked at after the policy.
  test.each([
    ['is refused without its leave', '', 8, 'E_POLICY_DENIES'],
    ['goes on with its leave', 'presign: unattended\n', 2, 'E_NO_PRESIGNATURES'],
  ])(
    '%s',
    async (_, leave, code, error) => {
      const pair = await Pair.of('ed', 'eddsa-ed25519', () => `${rules}${leave}`)
      try {
        const scripted = '--passphrase-file alice.pass --no-input --json'
        const line = `presign --key ed --signers alice,bob --count 1 ${scripted}`
        expect((await pair.line(pair.alice, line)).json).toMatchObject({ code, error: { code: error } })
      } finally {
        await pair.end()
      }
    },
    PATIENCE,
  )
})
