/** Permissions: our decisions, and those of a nats-server that has never heard of us, over one table. */
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { covers, isPattern, isSubject } from '../../../src/messaging/relay/patterns.js'
import { openRelay, type Relay } from '../../../src/messaging/relay/relay.js'
import type { Permissions } from '../../../src/messaging/transport/subjects.js'
import type { SigningKey } from '../../../src/wire/base/ed25519.js'
import { nkeyText } from '../../../src/wire/base/nkey.js'
import { rng } from '../../support/members.js'
import { NatsServer, natsServerSuite } from '../../support/nats.js'
import { newKey, RawClient } from '../../support/raw.js'

const token = fc.constantFrom('a', 'b', '*', '*')
const pattern = fc
  .tuple(fc.array(token, { maxLength: 3 }), fc.constantFrom('a', 'b', '*', '>'))
  .map(([tokens, last]) => [...tokens, last].join('.'))
const subject = fc
  .array(fc.constantFrom('a', 'b', 'c'), { minLength: 1, maxLength: 4 })
  .map((all) => all.join('.'))

/**
 * Every subject of up to five tokens of this alphabet: `c` and `d` stand for all that patterns do not name.
 */
const universe = (depth = 5): string[] => {
  if (depth === 0) return []
  const tokens = ['a', 'b', 'c', 'd']
  return tokens.flatMap((first) => [
    first,
    ...(depth === 1 ? [] : universe(depth - 1).map((rest) => `${first}.${rest}`)),
  ])
}
const expression = (of: string): RegExp =>
  new RegExp(`^${of.replaceAll('.', '\\.').replaceAll('*', '[^.]+').replace('>', '.+')}$`)

describe('patterns', () => {
  test('one covers another exactly if it matches every subject that the other matches', () => {
    const subjects = universe()
    const matched = new Map<string, boolean[]>()
    const matchesOf = (of: string): boolean[] => {
      const known = matched.get(of) ?? subjects.map((each) => expression(of).test(each))
      matched.set(of, known)
      return known
    }
    fc.assert(
      fc.property(pattern, pattern, (one, other) => {
        const ours = matchesOf(one)
        const subset = matchesOf(other).every((matches, i) => !matches || ours[i])
        expect(covers(one, other), `${one} covers ${other}`).toBe(subset)
      }),
      { numRuns: 300 },
    )
  })

  test('a subject is matched by the patterns that cover it', () => {
    for (const each of universe(3)) expect(covers('a.*.>', each)).toBe(expression('a.*.>').test(each))
  })

  test.each([
    ['a', true, true],
    ['a.b*', true, true],
    ['a.*', false, true],
    ['a.>', false, true],
    ['>', false, true],
    ['a.>.b', false, false],
    ['a..b', false, false],
    ['.a', false, false],
    ['a.', false, false],
    ['', false, false],
  ])('%j: a subject %s, a pattern %s', (text, isOne, isOther) => {
    expect([isSubject(text), isPattern(text)]).toEqual([isOne, isOther])
  })
})

type Somebody = {
  readonly key: SigningKey
  readonly permissions: Permissions
  readonly commands: readonly string[]
}

const grants = fc.array(pattern, { minLength: 1, maxLength: 3 })
const command = fc.oneof(
  fc.tuple(pattern, fc.constantFrom('', ' q')).map(([of, queue]) => `SUB ${of}${queue} 1`),
  subject.map((to) => `PUB ${to} 0\r\n`),
  pattern.map((to) => `PUB ${to} 0\r\n`),
)
const somebody = fc
  .record({ publish: grants, subscribe: grants })
  .chain((permissions) =>
    fc
      .array(command, { minLength: 60, maxLength: 60 })
      .map((commands): Somebody => ({ key: newKey(), permissions, commands })),
  )

natsServerSuite('the permissions of the relay and of nats-server', () => {
  const table = fc.sample(somebody, { numRuns: 60, seed: 1 })
  let server: NatsServer
  let relay: Relay

  beforeAll(async () => {
    const users = table.map(({ key, permissions }) => ({
      nkey: nkeyText(key.publicKey),
      name: 'x',
      permissions,
    }))
    const lines = users.map(
      ({ nkey, permissions }) => `{ nkey: ${nkey}, permissions: ${JSON.stringify(permissions)} }`,
    )
    server = await NatsServer.start(`accounts { A { users: [\n${lines.join('\n')}\n] } }`)
    relay = await openRelay({ host: '127.0.0.1', port: 0, users, tls: null, rng, log: () => undefined })
  })
  afterAll(async () => {
    await server.down()
    await relay.close()
  })

  /** A server's answers to each command of somebody, alone with it: SUB is taken back at once. */
  async function answers({ key, commands }: Somebody, port: number): Promise<string[]> {
    const client = await RawClient.as(key, port)
    const said = await client.answers(
      commands.map((each) => (each.startsWith('SUB') ? `${each}\r\nUNSUB 1` : each)),
    )
    client.close()
    return said
  }

  /**
   * 2.9 takes a `>` at the end for one token more where `*` is granted there: `a.>` by `a.*`. We refuse it.
   */
  const misread = ({ permissions }: Somebody, each: string): boolean => {
    const [verb, of] = each.split(' ') as [string, string]
    const asOneToken = of.replace(/>$/, 'x')
    return (
      verb === 'SUB' &&
      of.endsWith('>') &&
      !permissions.subscribe.some((granted) => covers(granted, of)) &&
      permissions.subscribe.some((granted) => covers(granted, asOneToken))
    )
  }

  test('are the same, word for word, on every command', async () => {
    const counted = { allowed: 0, denied: 0, misread: 0 }
    for (const one of table) {
      const [theirs, ours] = await Promise.all([answers(one, server.port), answers(one, relay.port)])
      for (const [i, each] of one.commands.entries()) {
        const about = `${each} with ${JSON.stringify(one.permissions)}`
        if (misread(one, each)) {
          counted.misread += 1
          expect(ours[i], about).toMatch(/^-ERR 'Permissions Violation for Subscription to /)
          continue
        }
        // Of a publication to a pattern nats-server says both what it is and that it is not granted.
        const [first = ''] = (theirs[i] as string).split(/(?<=\n)/)
        expect(ours[i], about).toBe(first)
        counted[first === '' ? 'allowed' : 'denied'] += 1
      }
    }
    expect(counted.allowed).toBeGreaterThan(300)
    expect(counted.denied).toBeGreaterThan(300)
  })

  test('let the same messages through', async () => {
    for (const one of table) {
      const subscriptions = one.commands
        .filter((each) => each.startsWith('SUB') && !each.includes(' q ') && !misread(one, each))
        .map((each, i) => each.replace(/1$/, String(i + 1)))
      const publications = one.commands.filter((each) => each.startsWith('PUB') && !/[*>]/.test(each))
      const heard = async (port: number): Promise<string[]> => {
        const client = await RawClient.as(one.key, port)
        await client.answers(subscriptions)
        const said = await client.answers(publications)
        client.close()
        return said.map((each) => each.split('MSG').sort().join('MSG'))
      }
      const [theirs, ours] = await Promise.all([heard(server.port), heard(relay.port)])
      expect(ours).toEqual(theirs)
    }
  })
})
