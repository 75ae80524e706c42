import { expect, test } from 'vitest'
import {
  levelNamed,
  levelShape,
  PRODUCTION,
  TEST_ONLY,
} from '../../../../src/protocol/cggmp24/integers/level.js'
import { CodecError } from '../../../../src/protocol/core/codec.js'

test('the levels are what the reference says, and known by their names', () => {
  const ranges = { ell: 256, ellPrime: 1280, epsilon: 512, repetitions: 128, kappaBytes: 48 }
  expect(PRODUCTION).toEqual({ name: 'cggmp24-3072', primeBits: 1536, modulusBits: 3072, ...ranges })
  expect(TEST_ONLY).toEqual({ name: 'TEST_ONLY-2048', primeBits: 1024, modulusBits: 2048, ...ranges })
  for (const level of [PRODUCTION, TEST_ONLY]) {
    expect(levelNamed(level.name)).toBe(level)
    expect(levelShape.parse(levelShape.form(level), '')).toBe(level)
  }
  for (const name of ['', 'cggmp24-2048', 'TEST_ONLY', '__proto__']) {
    expect(() => levelNamed(name)).toThrow(RangeError)
    expect(() => levelShape.parse(name, '')).toThrow(CodecError)
  }
})
