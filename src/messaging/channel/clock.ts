/** How far members' clocks may differ, and how a difference is said: one tolerance for everything that is dated. */

import { Failure } from '../../wire/base/failure.js'
import type { Member } from './letters.js'

/** Milliseconds. */
export const CLOCKS_APART = 2 * 60_000

/**
 * How this clock and another differ, for people; null where the tolerance covers it.
 * @param theirs what the other clock says at `now` of this one, milliseconds since 1970
 */
export function clocksDiffer(theirs: number, now: number, whose: string): string | null {
  const apart = Math.abs(theirs - now)
  if (apart <= CLOCKS_APART) return null
  return `your clock is ${inWords(apart)} ${theirs > now ? 'behind' : 'ahead of'} ${whose}'s`
}

/** That a member's letter is dated wrongly, or that it says so of this one's. @param theirs its date @param now when it was heard */
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

/** A span in the largest unit that it holds twice, or in minutes. */
export function inWords(span: number): string {
  const [unit, length] = UNITS.find(([, length]) => span >= 2 * length) ?? UNITS[2]
  const many = Math.round(span / length)
  return `${many} ${unit}${many === 1 ? '' : 's'}`
}
