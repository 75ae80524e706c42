/** Who began again, and how often: what draws the others along, and what to say when it leads nowhere. */
import { type Accused, Failure } from '../../wire/base/failure.js'
import { accusation } from './blame.js'
import type { Member } from '../channel/letters.js'

const FURTHEST_START = 1000
/**
 * Counted from the first hello to the end of the room, also beyond `ready`: each attempt that was played and lost has
 * cost the others fresh secrets, so a member that leaves whenever it likes must not have as many as it likes.
 */
const MOST_SETS = 8
/** Whoever began again in at least so many of them did not fall over once: it is held against it. */
const TOO_OFTEN = MOST_SETS / 2

export class Restarts {
  /** The highest start heard of each participant: it counts whether or not this member had begun by then. */
  readonly #starts = new Map<Member, number>()
  /** How often each was the first to begin again. */
  readonly #restarted = new Map<Member, number>()
  #to = 0
  #sets = 0

  /** A participant says hello. @returns whether its number is one that somebody may have come to */
  heard(by: Member, start: number, own: number): boolean {
    this.#starts.set(by, Math.max(start, this.#starts.get(by) ?? 0))
    return start <= own + FURTHEST_START
  }

  /** Who has been heard. */
  get all(): Iterable<Member> {
    return this.#starts.keys()
  }

  /** The start to which a participant has gone ahead of this member's own; null if it has not. */
  ahead(by: Member, own: number): number | null {
    const start = this.#starts.get(by) ?? 0
    return own > 0 && start > own && start <= own + FURTHEST_START ? start : null
  }

  /** This member follows. Who is heard with this number later has only followed too. */
  follow(by: Member, start: number): void {
    if (start > this.#to) this.#restarted.set(by, (this.#restarted.get(by) ?? 0) + 1)
    this.#to = Math.max(start, this.#to)
  }

  /**
   * Everybody's hello is in. @throws Failure `E_RESTARTS` when that led nowhere too often, naming who began again, and
   * accusing whoever did so again and again: its hellos are signed, and no network makes a member say new ones
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

/**
 * That something was begun too often.
 * @param counts how often each member, by name, `did` what led to it
 */
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
