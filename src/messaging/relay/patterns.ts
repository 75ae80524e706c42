/**
 * Subjects and patterns, and whether one pattern covers another. A subscription is permitted only if every
 * subject that it can match is granted; otherwise a `>` would read subjects that no grant names.
 */
import type { Permissions } from '../transport/subjects.js'

/** Whether this is a subject to publish to: non-empty tokens without wildcards. */
export const isSubject = (text: string): boolean =>
  text.split('.').every((token) => token !== '' && token !== '*' && token !== '>')

/** Whether this is a subject to subscribe to: `*` stands for one token, a final `>` for one or more. */
export const isPattern = (text: string): boolean =>
  text.split('.').every((token, i, tokens) => token !== '' && (token !== '>' || i === tokens.length - 1))

/**
 * Whether `pattern` matches every subject that `other` can match. A subject matches nothing but itself, so
 * that this is also how a subject is matched.
 */
export function covers(pattern: string, other: string): boolean {
  const wanted = pattern.split('.')
  const tokens = other.split('.')
  for (const [i, want] of wanted.entries()) {
    const token = tokens[i]
    if (token === undefined) return false
    if (want === '>') return true
    // As one token `>` is not covered by `*`: it stands for more. (nats-server 2.9 lets it pass.)
    if (token === '>' || (want !== '*' && want !== token)) return false
  }
  return wanted.length === tokens.length
}

/** One pattern must grant it alone: a union of several is refused, as nats-server does. */
export const mayPublish = ({ publish }: Permissions, subject: string): boolean =>
  publish.some((granted) => covers(granted, subject))

export const maySubscribe = ({ subscribe }: Permissions, pattern: string): boolean =>
  subscribe.some((granted) => covers(granted, pattern))
