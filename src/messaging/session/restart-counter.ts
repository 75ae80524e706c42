/** Counts restarts: when to follow a participant into a new attempt, and when to give up. */
import { type Accused, Failure } from '../../wire/base/failure.js'
import { accusation } from './blame.js'
import type { Member } from '../channel/letters.js'

const FURTHEST_START = 1000
/**
 * The most complete sets of hellos in the life of a room, attempts lost after `ready` included. Each lost
 * attempt costs the others fresh secrets, so a member that leaves at will must not get an unlimited number.
 */
const MOST_SETS = 8
/** A member that began again at least this often did not just crash once, and is accused. */
const TOO_OFTEN = MOST_SETS / 2

export class Restarts {
  /** The highest start heard of each participant, whether or not this member had begun by then. */
  readonly #starts = new Map<Member, number>()
  /** How often each participant was the first to begin again. */
  readonly #restarted = new Map<Member, number>()
  #to = 0
  #sets = 0

  /** Records a participant's hello. @returns whether its start number is plausible */
  heard(by: Member, start: number, own: number): boolean {
    this.#starts.set(by, Math.max(start, this.#starts.get(by) ?? 0))
    return start <= own + FURTHEST_START
  }

  /** The participants heard so far. */
  get all(): Iterable<Member> {
    return this.#starts.keys()
  }

  /** The start of a participant that is ahead of this member's own; null if it is not ahead. */
  ahead(by: Member, own: number): number | null {
    const start = this.#starts.get(by) ?? 0
    return own > 0 && start > own && start <= own + FURTHEST_START ? start : null
  }

  /** Records that this member follows to a start. Later members with this number have only followed too. */
  follow(by: Member, start: number): void {
    if (start > this.#to) this.#restarted.set(by, (this.#restarted.get(by) ?? 0) + 1)
    this.#to = Math.max(start, this.#to)
  }

  /**
   * Counts a complete set of hellos.
   * @throws Failure `E_RESTARTS` after too many of them, naming the members that began again, and accusing
   * those that did so repeatedly: their hellos are signed, and no network makes a member sign new ones
   */
  countSet(): void {
    this.#sets += 1
    if (this.#sets <= MOST_SETS) return
    const counts = new Map([...this.#restarted].map(([{ name }, times]) => [name, times]))
    const accused = [...this.#restarted]
      .filter(([, times]) => times >= TOO_OFTEN)
      .map(([member, times]) => accusation(member, 'start', 'witnessed', `began again ${times} times`))
    throw tooOften('the ceremony was begun', MOST_SETS, 'restarted', counts, accused)
  }
}

/** The failure for too many starts. @param counts how often each member, by name, `did` what led to it */
export function tooOften(
  what: string,
  times: number,
  did: string,
  counts: ReadonlyMap<string, number>,
  accused: readonly Accused[] = [],
): Failure {
  const often = [...counts].sort(([, a], [, b]) => b - a)
  const who = often.map(([name, n]) => `${name} ${did} ${n === 1 ? 'once' : `${n} times`}`).join(', ')
  const [party] = often[0] ?? []
  const whose = who === '' ? '' : `: ${who}`
  return new Failure('absent', 'E_RESTARTS', `${what} ${times} times without getting further${whose}`, {
    hint: 'find out why, then run the same command again',
    accused,
    ...(party && { party }),
  })
}
