import { describe, expect, test } from 'vitest'
import type { Key } from '../../../src/ceremony/keys/key.js'
import { withOthers } from '../../../src/cli/args/other-signers.js'
import { Failure } from '../../../src/wire/base/failure.js'

const members = ['alice', 'bob', 'carol', 'dave'].map((name) => ({ card: { name } }))
const key = { name: 'treasury', record: { threshold: 3 }, seated: { members } } as unknown as Key
const asked = { in: 'pay me.bin', type: 'text', path: 'm/0/7', signers: ['alice', 'bob', 'carol'] }
const absent = (missing: readonly string[]) =>
  new Failure('absent', 'E_ABSENT', 'away', { hint: 'wait', missing })

describe('where a named signer is away', () => {
  test('the error gives the exact command that asks others', () => {
    const failure = withOthers(absent(['bob']), key, asked)
    expect(failure).toMatchObject({ kind: 'absent', code: 'E_ABSENT', message: 'away', missing: ['bob'] })
    expect(failure.hint).toBe(
      "wait; or ask others: `mpc sign --key treasury --type text --in 'pay me.bin' --path m/0/7 --signers alice,carol,dave`",
    )
  })

  test.each([
    ['too few are left', absent(['bob', 'carol']), asked],
    ['nobody was named', absent(['bob']), { in: 'pay me.bin' }],
    ['it is about something else', new Failure('doubt', 'E_IN_DOUBT', '', { party: 'bob' }), asked],
  ])('and says nothing of it where %s', (_, failure, how) => {
    expect(withOthers(failure, key, how)).toBe(failure)
  })
})
