/** Times as people write them in flags and plans. */

const UNITS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }
const RFC3339 = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,3})?(?:Z|[+-]\d{2}:\d{2})$/

/** Milliseconds of `30s`, `5m`, `2h` or `7d`; null for anything else. */
export function parseSpan(text: string): number | null {
  const [, count, unit] = /^([1-9][0-9]{0,5})([smhd])$/.exec(text) ?? []
  return count && unit ? Number(count) * (UNITS[unit] as number) : null
}

/** A span as `parseSpan` reads it, in the largest unit that fits. @param span whole seconds, in milliseconds */
export function spanText(span: number): string {
  const [unit, length] = Object.entries(UNITS).findLast(([, each]) => span % each === 0) ?? ['s', 1000]
  return `${span / length}${unit}`
}

/** Milliseconds since 1970 of an RFC 3339 time with its zone; null for anything else. */
export function parseTime(text: string): number | null {
  const time = RFC3339.test(text) ? Date.parse(text) : Number.NaN
  return Number.isSafeInteger(time) && time >= 0 ? time : null
}
