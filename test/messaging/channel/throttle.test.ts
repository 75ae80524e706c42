import { describe, expect, test } from 'vitest'
import { Throttle } from '../../../src/messaging/channel/throttle.js'

const MINUTE = 60_000
const MIB = 1 << 20
/** The beginning of a minute. */
const start = 30_000_000 * MINUTE

describe('how much one member may say', () => {
  test('200 envelopes a second, and the next in the next second', () => {
    const throttle = new Throttle()
    for (let i = 0; i < 200; i++) expect(throttle.admit('alice', 1, start + 100)).toBe(0)
    expect(throttle.admit('alice', 1, start + 100)).toBe(900)
    expect(throttle.admit('alice', 1, start + 999)).toBe(1)
    expect(throttle.admit('alice', 1, start + 1000)).toBe(0)
  })

  test('what was made to wait is not counted until it passes', () => {
    const throttle = new Throttle()
    for (let i = 0; i < 200; i++) throttle.admit('alice', 1, start)
    for (let i = 0; i < 500; i++) expect(throttle.admit('alice', 1, start)).toBe(1000)
    for (let i = 0; i < 200; i++) expect(throttle.admit('alice', 1, start + 1000)).toBe(0)
    expect(throttle.admit('alice', 1, start + 1000)).toBe(1000)
  })

  test('32 MiB a minute, and the next in the next minute', () => {
    const throttle = new Throttle()
    for (let i = 0; i < 32; i++) expect(throttle.admit('alice', MIB, start + i * 1000)).toBe(0)
    expect(throttle.admit('alice', 1, start + 40_000)).toBe(20_000)
    expect(throttle.admit('alice', 1, start + MINUTE - 1)).toBe(1)
    expect(throttle.admit('alice', MIB, start + MINUTE)).toBe(0)
  })

  test('up to the last byte', () => {
    const throttle = new Throttle()
    expect(throttle.admit('alice', 32 * MIB - 1, start)).toBe(0)
    expect(throttle.admit('alice', 2, start)).toBe(MINUTE)
    expect(throttle.admit('alice', 1, start)).toBe(0)
    expect(throttle.admit('alice', 1, start)).toBe(MINUTE)
  })

  test('whoever waits as long as it was told passes then', () => {
    const throttle = new Throttle()
    let now = start + 123
    for (let i = 0; i < 1000; i++) {
      const wait = throttle.admit('alice', 100_000, now)
      now += wait
      if (wait > 0) expect(throttle.admit('alice', 100_000, now)).toBe(0)
    }
    // 1000 envelopes of 100 kB are about 95 MiB: the third minute.
    expect(Math.floor((now - start) / MINUTE)).toBe(2)
  })

  test('one member’s noise costs another nothing', () => {
    const throttle = new Throttle()
    for (let i = 0; i < 300; i++) throttle.admit('alice', MIB, start)
    expect(throttle.admit('alice', 1, start)).toBeGreaterThan(0)
    expect(throttle.admit('bob', MIB, start)).toBe(0)
  })
})
