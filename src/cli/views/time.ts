/** Times for people: in the local time zone, with the distance from now. */

/** Made on first use: a script that prints no time does without the tables of a language. */
let parts: Intl.DateTimeFormat | null = null
let distances: Intl.RelativeTimeFormat | null = null
const partsOf = (time: number): Intl.DateTimeFormatPart[] => {
  parts ??= new Intl.DateTimeFormat('en-GB', {
    weekday: 'short',
    day: '2-digit',
    month: 'short',
    year: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
    timeZoneName: 'short',
  })
  return parts.formatToParts(time)
}
const UNITS = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
] as const
/** The least count of a unit; smaller spans use the next unit, and under two minutes are "now". */
const LEAST = 2

/** `Thu 31 Jan 2030, 10:00 CET (in 6 days)`. @param time milliseconds since 1970 */
export function humanTime(time: number, now: number): string {
  if (Math.abs(time) > 8.64e15) return 'a time out of range'
  const part = Object.fromEntries(partsOf(time).map(({ type, value }) => [type, value]))
  // Three letters for every month; the locale writes "Sept".
  const date = `${part['weekday']} ${part['day']} ${part['month']?.slice(0, 3)} ${part['year']}`
  return `${date}, ${part['hour']}:${part['minute']} ${part['timeZoneName']} (${distance(time - now)})`
}

function distance(span: number): string {
  const found = UNITS.find(([, each]) => Math.abs(span) >= LEAST * each)
  if (!found) return 'now'
  distances ??= new Intl.RelativeTimeFormat('en')
  return distances.format(Math.round(span / found[1]), found[0])
}
