/** Leaving and beginning again is free for nobody, however far an attempt has got. */
import { describe, expect, test } from 'vitest'
import { inSession } from '../../../src/messaging/session/restart-loop.js'
import { MemoryNetwork } from '../../../src/messaging/transport/memory.js'
import { Restarts } from '../../../src/messaging/session/restart-counter.js'
import type { Failure } from '../../../src/wire/base/failure.js'
import { hex } from '../../../src/wire/base/text.js'
import { every } from '../../../src/messaging/channel/clock.js'
import { clock } from '../../support/clock.js'
import { keygenDefinition, people, type Person, seat, startsFrom } from '../../support/members.js'

const everybody = (await people('alice', 'bob', 'carol')) as [Person, Person, Person]
const [alice, bob, carol] = everybody

test('an insider that leaves whenever everybody is ready is named after eight lost attempts, and not met for ever', async () => {
  const network = new MemoryNetwork()
  const definition = keygenDefinition(everybody)
  const patience = { join: 20_000, round: 5000, total: null }
  let played = 0
  let over = false
  const honest = [alice, bob].map(async (who) => {
    const { room, opening } = seat(who, everybody, definition, network.connect(who.member.name), { patience })
    const playing = inSession(room, opening, async (_, signal) => {
      if (who === alice) played += 1
      return new Promise((_, reject) =>
        signal.addEventListener('abort', () => reject(signal.reason as Error)),
      )
    })
    const [result] = await Promise.allSettled([playing])
    over = true
    room.close()
    return result
  })
  const starts = startsFrom(0)
  const insider = async (): Promise<number> => {
    for (let i = 0; i < 40; i++) {
      if (over) return i
      const stop = new AbortController()
      const { signal } = stop
      const { room, opening } = seat(carol, everybody, definition, network.connect('carol'), {
        starts,
        patience,
        signal,
      })
      // As a process that is killed, she says nothing when she leaves.
      room.abort = () => Promise.resolve()
      const stopWaiting = every(clock, 10, () => over && stop.abort(new Error('nobody is there')))
      await inSession(room, opening, () => Promise.resolve()).catch(() => {})
      stopWaiting()
      room.close()
    }
    return 40
  }
  const [results, attempts] = await Promise.all([Promise.all(honest), insider()])
  expect(attempts).toBeLessThan(12)
  expect(played).toBe(8)
  const failures = results.map((result) => result?.status === 'rejected' && (result.reason as Failure))
  for (const failure of failures) expect(failure).toMatchObject({ kind: 'absent', party: 'carol' })
  const counted = failures.find((failure) => failure && failure.code === 'E_RESTARTS') as Failure
  expect(counted.message).toMatch(/^the ceremony was begun 8 times without .*: carol restarted [78] times$/)
  expect(counted.accused).toMatchObject([
    {
      name: 'carol',
      fingerprint: hex(carol.card.fingerprint),
      kind: 'witnessed',
      reason: expect.stringMatching(/^began again [78] times$/),
    },
  ])
}, 60_000)

describe('a count of restarts', () => {
  const begun = (who: readonly Person[]): Failure => {
    const restarts = new Restarts()
    who.forEach(({ member }, i) => {
      restarts.countSet()
      restarts.follow(member, i + 2)
    })
    try {
      restarts.countSet()
    } catch (error) {
      return error as Failure
    }
    return expect.unreachable('it went on')
  }

  test('accuses nobody of a few', () => {
    const { code, accused, message } = begun([alice, alice, alice, bob, bob, bob, carol, carol])
    expect([code, accused]).toEqual(['E_RESTARTS', []])
    expect(message).toContain('alice restarted 3 times, bob restarted 3 times, carol restarted 2 times')
  })

  test('accuses each who did it again and again', () => {
    const { accused } = begun([alice, bob, alice, bob, alice, bob, alice, bob])
    expect(accused.map(({ name, reason }) => [name, reason])).toEqual([
      ['alice', 'began again 4 times'],
      ['bob', 'began again 4 times'],
    ])
  })
})
