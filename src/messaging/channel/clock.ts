/** The clock by which a member waits, and the tolerance between members' clocks for every date. */

import { Failure } from '../../wire/base/failure.js'
import type { Member } from './letters.js'

/** The time, and waiting for it. Tests supply one that jumps to the next moment at which something happens. */
export type Clock = {
  /** Milliseconds since 1970. */
  readonly now: () => number
  /** Calls `act` once, `span` milliseconds from now, unless the returned function is called before. */
  readonly after: (span: number, act: () => void) => () => void
}

/** Calls `act` every `span` milliseconds until the returned function is called. */
export function every(clock: Clock, span: number, act: () => void): () => void {
  const again = (): void => {
    stop = clock.after(span, again)
    act()
  }
  let stop = clock.after(span, again)
  return () => stop()
}

/** Milliseconds. */
export const CLOCKS_APART = 2 * 60_000

/**
 * Describes for people how this clock and another differ; null within the tolerance.
 * @param theirs the other clock's time at `now` of this clock, milliseconds since 1970
 */
export function clocksDiffer(theirs: number, now: number, whose: string): string | null {
  const apart = Math.abs(theirs - now)
  if (apart <= CLOCKS_APART) return null
  return `your clock is ${inWords(apart)} ${theirs > now ? 'behind' : 'ahead of'} ${whose}'s`
}

/**
 * The failure for a member's letter with a wrong date, or for a member that reports one of ours.
 * @param theirs the letter's date
 * @param now when the letter came
 */
export function clockFailure({ name }: Pick<Member, 'name'>, theirs: number, now: number): Failure {
  const apart = clocksDiffer(theirs, now, name)
  return apart === null
    ? new Failure(
        'authentication',
        'E_CLOCK',
        `${name} and this member do not agree on whether it is time yet`,
        {
          party: name,
          hint: 'compare your clocks with the time for which the ceremony is defined: `mpc ceremony show`',
        },
      )
    : new Failure('authentication', 'E_CLOCK', apart, {
        party: name,
        hint: 'set the clock that is wrong, then run the same command again; nothing was kept',
      })
}

const UNITS = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
] as const

/** A span in the largest unit that fits at least twice, otherwise in minutes. */
export function inWords(span: number): string {
  const [unit, length] = UNITS.find(([, length]) => span >= 2 * length) ?? UNITS[2]
  const many = Math.round(span / length)
  return `${many} ${unit}${many === 1 ? '' : 's'}`
}
