import { sha256 } from '@noble/hashes/sha2.js'
import { createBase58check } from '@scure/base'
import { describe, expect, test } from 'vitest'
import { xpub } from '../../src/payload/xpub.js'
import { parsePath } from '../../src/protocol/group/derive.js'
import vectors from '../vectors/bip32/public.json' with { type: 'json' }

const decoded = (text: string): Uint8Array => createBase58check(sha256).decode(text)
const partsOf = (text: string) => ({ point: decoded(text).slice(45), chainCode: decoded(text).slice(13, 45) })

describe('an extended public key', () => {
  test.each(vectors.roots)('of the key itself is BIP-32’s: %s', (root) => {
    const { point, chainCode } = partsOf(root)
    expect(xpub(point, chainCode, [])).toBe(root)
  })

  test.each(vectors.steps)(
    'at $path below $from is BIP-32’s, but for the depth of its root',
    ({ from, path, to }) => {
      const { point, chainCode } = partsOf(from)
      const steps = parsePath(path)
      const [ours, theirs] = [decoded(xpub(point, chainCode, steps)), decoded(to)]
      expect(ours[4]).toBe(steps.length)
      // Version; fingerprint of the parent, child number, chain code and point.
      expect(ours.slice(0, 4)).toEqual(theirs.slice(0, 4))
      expect(ours.slice(5)).toEqual(theirs.slice(5))
    },
  )

  test('of a root is at depth 1 what the vector says, to the letter', () => {
    const step = vectors.steps.find(({ from }) =>
      vectors.roots.includes(from),
    ) as (typeof vectors.steps)[number]
    const { point, chainCode } = partsOf(step.from)
    expect(xpub(point, chainCode, parsePath(step.path))).toBe(step.to)
  })
})
