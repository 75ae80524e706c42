/**
 * Who the others are, and whether this machine's person has reason to believe it. A script needs verified cards; a
 * person at a terminal may hear the words instead.
 */
import { readPeer, writePeer } from '../storage/peers.js'
import type { Home } from '../storage/home.js'
import { type Card, fingerprintOf, type Keys, parseCard } from '../wire/card.js'
import { Failure } from '../wire/failure.js'
import { hex, rfc3339 } from '../wire/text.js'

/** Those of `participants` whose keys are not stored here as verified under their name; never this member itself. */
export async function unverifiedAmong(
  home: Home,
  self: Card,
  participants: readonly Keys[],
): Promise<Keys[]> {
  const unverified: Keys[] = []
  for (const keys of participants) {
    const fingerprint = fingerprintOf(keys)
    if (hex(fingerprint) === hex(self.fingerprint)) continue
    const peer = await readPeer(home, fingerprint)
    const verified = peer?.status === 'verified' && parseCard(peer.card).name === keys.name
    if (!verified) unverified.push(keys)
  }
  return unverified
}

/** @throws Failure `E_UNVERIFIED` (authentication) where nobody is there to hear the words (F-06) */
export function requireVerified(unverified: readonly Keys[], present: boolean): void {
  const [first] = unverified
  if (!first || present) return
  const names = unverified.map(({ name }) => name).join(', ')
  throw new Failure(
    'authentication',
    'E_UNVERIFIED',
    `not verified here, and nobody is at a terminal: ${names}`,
    {
      party: first.name,
      hint: `import the card with \`mpc identity import ${first.name}.card --fingerprint FP\`, FP as ${first.name} says it`,
    },
  )
}

/** Remembers that these were heard reading the words of a ceremony. Members without a card here stay as they are. */
export async function markHeard(
  home: Home,
  heard: readonly Keys[],
  ceremony: Uint8Array,
  now: number,
): Promise<void> {
  for (const keys of heard) {
    const fingerprint = fingerprintOf(keys)
    const line = 'line' in keys ? (keys as Card).line : (await readPeer(home, fingerprint))?.card
    if (line === undefined) continue
    const how = `handshake ${hex(ceremony.subarray(0, 16))}`
    await writePeer(home, { fingerprint, card: line, status: 'verified', since: rfc3339(now), how })
  }
}
