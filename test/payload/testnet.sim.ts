/** The addresses of a rehearsal's key on the chains: none takes real money. */
import { sha256 } from '@noble/hashes/sha2.js'
import { createBase58check } from '@scure/base'
import { expect, test } from 'vitest'
import { addressOf } from '../../src/payload/address.js'
import { xpub } from '../../src/payload/xpub.js'
import { parsePath } from '../../src/protocol/group/derive.js'
import { enterRehearsal } from '../../src/wire/base/realm.js'
import { hex } from '../../src/wire/base/text.js'
import vectors from '../vectors/bip32/public.json' with { type: 'json' }

enterRehearsal()

const decoded = (text: string): Uint8Array => createBase58check(sha256).decode(text)

test.each(vectors.roots)('an extended public key is a tpub: %s', (root) => {
  const [chainCode, point] = [decoded(root).slice(13, 45), decoded(root).slice(45)]
  for (const path of [[], parsePath('m/0/7')]) {
    const made = xpub(point, chainCode, path)
    expect(made).toMatch(/^tpub[1-9A-HJ-NP-Za-km-z]+$/)
    expect(hex(decoded(made).slice(0, 4))).toBe('043587cf')
  }
  // All but the version is the main network's.
  expect(decoded(xpub(point, chainCode, [])).slice(4)).toEqual(decoded(root).slice(4))
  expect(addressOf('btc-p2wpkh', point)).toMatch(/^tb1q/)
})
