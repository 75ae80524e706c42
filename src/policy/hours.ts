/** Opening hours by the wall clock of a time zone. Machines with other time zone data may differ where laws change. */
import type { Hours } from './language.js'

export const DAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const

/** Names of the IANA time zone database; offsets have no daylight saving and are refused. */
const ZONE = /^(?:UTC|[A-Za-z][A-Za-z_]*(?:\/[A-Za-z0-9_+-]+){1,2})$/

export function isZone(zone: string): boolean {
  return ZONE.test(zone) && formatOf(zone) !== null
}

/** Days of `mon`, or of `mon-fri`, which may go over the end of the week; null if it is neither. */
export function parseDays(text: string): readonly number[] | null {
  const [first, last, ...more] = text.split('-').map((day) => (DAYS as readonly string[]).indexOf(day))
  if (first === undefined || first < 0 || (last !== undefined && last < 0) || more.length > 0) return null
  const count = last === undefined ? 1 : ((last - first + 7) % 7) + 1
  return Array.from({ length: count }, (_, i) => (first + i) % 7)
}

/** Minutes from midnight of `09:00`; `24:00` is the end of the day. Null if it is no time. */
export function parseMinutes(text: string): number | null {
  const [, hour, minute] = /^([01][0-9]|2[0-4]):([0-5][0-9])$/.exec(text) ?? []
  const minutes = Number(hour) * 60 + Number(minute)
  return minutes <= 24 * 60 ? minutes : null
}

/** @param now milliseconds since 1970 */
export function isWithin({ zone, days, from, until }: Hours, now: number): boolean {
  const format = Math.abs(now) <= 8.64e15 ? formatOf(zone) : null
  if (format === null) return false
  const parts = new Map(format.formatToParts(now).map(({ type, value }) => [type, value]))
  const day = (DAYS as readonly string[]).indexOf((parts.get('weekday') ?? '').toLowerCase())
  const minutes = Number(parts.get('hour')) * 60 + Number(parts.get('minute'))
  return days.includes(day) && minutes >= from && minutes < until
}

function formatOf(timeZone: string): Intl.DateTimeFormat | null {
  try {
    return new Intl.DateTimeFormat('en-US', {
      timeZone,
      weekday: 'short',
      hour: '2-digit',
      minute: '2-digit',
      hourCycle: 'h23',
    })
  } catch {
    return null
  }
}
