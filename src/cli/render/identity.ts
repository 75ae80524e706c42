/** An identity as machines and people read it. */
import type { Known } from '../../ceremony/trust.js'
import { fingerprintWords } from '../../wire/card.js'
import { hex, rfc3339 } from '../../wire/text.js'
import { fields } from '../style.js'

/** `data` of the identity commands. */
export function identityData({ card, status }: Known): Readonly<Record<string, unknown>> {
  return {
    name: card.name,
    fingerprint: hex(card.fingerprint),
    words: fingerprintWords(card.fingerprint),
    card: card.line,
    created: rfc3339(card.created),
    status,
  }
}

/** The same for a screen. */
export function identityLines(known: Known): string[] {
  const { card, status, since, how } = known
  const belief = { self: 'you', verified: `verified by ${how} ${since ?? ''}`, unverified: 'not verified' }[
    status
  ]
  const beside = known.beside ? `, beside another ${card.name}` : ''
  return [
    `${card.name} (${belief}${beside})`,
    ...fields([
      ['fingerprint', hex(card.fingerprint)],
      ['in words', wordLines(card.fingerprint).join('\n')],
      ['created', rfc3339(card.created)],
    ]),
  ]
}

/** The 16 words of a fingerprint, numbered by fours for reading aloud. */
export function wordLines(fingerprint: Uint8Array): string[] {
  const words = fingerprintWords(fingerprint)
  return [0, 4, 8, 12].map((from) => words.slice(from, from + 4).join('  '))
}
