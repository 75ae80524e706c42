/** Times as people read them: in their own zone, which is named, and with how far away they are. */

/** A text that Node's own formats may put other blanks into; screens get the plain one. */
const plainBlanks = (text: string): string => text.replaceAll(/\s/gu, ' ')

const DATE = new Intl.DateTimeFormat('en-GB', {
  weekday: 'short',
  day: 'numeric',
  month: 'short',
  year: 'numeric',
  hour: '2-digit',
  minute: '2-digit',
  timeZoneName: 'short',
})
const DISTANCE = new Intl.RelativeTimeFormat('en')
const UNITS = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
  ['second', 1000],
] as const
/** Less than two of a unit are said in the next smaller one. */
const LEAST = 2

/** `Fri, 31 Jan 2030, 10:00 CET (in 6 days)`, of milliseconds since 1970. */
export function humanTime(time: number, now: number): string {
  if (Math.abs(time) > 8.64e15) return 'a time beyond all calendars'
  return `${plainBlanks(DATE.format(time))} (${distance(time - now)})`
}

function distance(span: number): string {
  const [unit, length] = UNITS.find(([, each]) => Math.abs(span) >= LEAST * each) ?? [null, 1]
  return unit === null ? 'now' : plainBlanks(DISTANCE.format(Math.round(span / length), unit))
}
