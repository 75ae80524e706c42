/** Identities, for machines and people. */
import type { Contacts, Known } from '../../ceremony/contacts/contacts.js'
import { fingerprintWords } from '../../wire/identity/card.js'
import { hex, rfc3339 } from '../../wire/base/text.js'
import type { Line } from '../terminal/layout.js'
import { fields } from '../terminal/style.js'
import { humanTime } from './time.js'

/** An identity in the JSON contract. */
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

export function identityLines(
  known: Known,
  now: number,
  more: readonly (readonly [string, string])[] = [],
): string[] {
  const { card } = known
  return [
    `${card.name} (${beliefIn(known, now)})`,
    ...fields([['fingerprint', hex(card.fingerprint)], ['created', humanTime(card.created, now)], ...more]),
  ]
}

/** The same, with the words that people compare. */
export function identityWithWords(known: Known, now: number): Line[] {
  const { card } = known
  return [
    ...identityLines(known, now),
    `  In words, for ${known.status === 'self' ? 'you' : card.name} to read aloud:`,
    { words: fingerprintWords(card.fingerprint) },
  ]
}

/** One line for each identity. */
export function identityRows(all: readonly Known[], now: number): string[] {
  const width = Math.max(0, ...all.map(({ card }) => card.name.length))
  return all.map((known) => {
    const { name, fingerprint } = known.card
    return `${name.padEnd(width)}  ${hex(fingerprint).slice(0, 16)}…  ${beliefIn(known, now)}`
  })
}

/** Card files that cannot be read. */
export const damagedData = (damaged: Contacts['damaged']) =>
  damaged.map(({ fingerprint, problem: { code, message, hint } }) => ({
    fingerprint: hex(fingerprint),
    problem: { code, message, hint },
  }))
export const damagedRows = (damaged: Contacts['damaged']): string[] =>
  damaged.map(({ problem }) => `PROBLEM: ${problem.message}; ${problem.hint ?? ''}`)

function beliefIn({ card, status, since, how, beside }: Known, now: number): string {
  const when = since === null ? '' : ` ${humanTime(Date.parse(since), now)}`
  const belief = { self: 'you', verified: `verified by ${how}${when}`, unverified: 'NOT VERIFIED' }[status]
  return `${belief}${beside ? `, one of two cards named ${card.name}` : ''}`
}
