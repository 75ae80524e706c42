/** A seeded sample of the crash matrix of signing; all of it is in `sign-crash.slow.ts`. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { encode } from '../../../src/protocol/core/codec.js'
import { noncesLetter, shareLetter } from '../../../src/protocol/frost/sign.js'
import { type Header, sealEnvelope } from '../../../src/wire/session/envelope.js'
import { inParallel, signWithKill } from '../../support/crashes.js'
import { people, type Person } from '../../support/members.js'
import { expectOneAnswerEach } from '../../support/nonces.js'
import { type KillAt, raze, withDisks } from '../../support/processes.js'
import { seededRng } from '../../support/rng.js'
import { type Three, withKey } from '../../support/signing.js'

const SAMPLE = 12
let stop = () => {}
/** A key for each of those that run at once: a home has one process of a kind at a time here. */
let keys: Three[]

beforeAll(async () => {
  keys = await Promise.all(Array.from({ length: SAMPLE }, () => withKey()))
  stop = withDisks()
})
afterAll(() => {
  stop()
  raze(keys.flat())
})

test('a signer is killed somewhere: the others go on with it, and no nonce answers twice', async () => {
  const whole = await signWithKill(keys[0] as Three, 0, null)
  const rng = seededRng('sign-crash', 1)
  const below = (n: number): number => new DataView(rng(4).buffer).getUint32(0) % n
  const killed = await inParallel(
    6,
    keys.map((key, i) => () => {
      const victim = below(2) === 0 ? 0 : 1
      const killAt: KillAt =
        i % 2 === 0
          ? { operation: 1 + below(whole.operations) }
          : { letter: 1 + below(whole.letters), when: below(2) === 0 ? 'before' : 'after' }
      return signWithKill(key, victim, killAt)
    }),
  )
  expect(killed.filter(({ dead }) => dead).length).toBeGreaterThanOrEqual(SAMPLE - 3)
})

test.each([
  ['before it is on disk that its share leaves', 'before'],
  ['once it is, and before it leaves', 'after'],
] as const)('a signer is killed %s', async (_, when) => {
  let seen = false
  const at = (operation: string, path: string): boolean => {
    if (when === 'before') return operation === 'link' && path.endsWith('/left')
    // The first operation after the name is there: the folder's sync.
    const now = seen
    seen ||= operation === 'link' && path.endsWith('/left')
    return now
  }
  const killed = await signWithKill(keys[1] as Three, when === 'before' ? 0 : 1, { at })
  expect(killed.dead).toBe(true)
})

test('the check for nonces finds what it is for', async () => {
  const [alice] = await people('alice')
  const said = (round: string, session: number, body: Uint8Array) => {
    const header: Header = {
      v: 1,
      kind: 'letter',
      definition: new Uint8Array(32),
      session: new Uint8Array(32).fill(session),
      round,
      from: (alice as Person).card.fingerprint,
      to: null,
      time: 1,
      key: null,
    }
    return { subject: '', to: '', bytes: sealEnvelope((alice as Person).identity.signing, header, body) }
  }
  const bytes = (fill: number) => new Uint8Array(32).fill(fill)
  const nonces = (fill: number) =>
    encode([noncesLetter.encode({ hiding: bytes(fill), binding: bytes(fill + 1) })])
  const share = (fill: number) => encode([shareLetter.encode(bytes(fill))])
  const once = [said('nonces', 1, nonces(1)), said('share', 1, share(5))]
  expect(expectOneAnswerEach(once)).toBe(3)
  expect(() => expectOneAnswerEach([...once, said('share', 1, share(6))])).toThrow('answers for')
  const replayed = [...once, said('nonces', 2, nonces(1)), said('share', 2, share(6))]
  expect(() => expectOneAnswerEach(replayed)).toThrow('answers for')
})
