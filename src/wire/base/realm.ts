/**
 * Whether this process means it or rehearses. Everything that is signed and every file of ours says which, by a tag that
 * begins with `mpc/` or with `mpc-rehearsal/`, and every such tag is made here: so nothing of a rehearsal is ever valid
 * in earnest, nor the reverse, and no other line has to think of it (F-41).
 *
 * It is decided once, by the home or by `mpc rehearse`, before the first tag is made, and for the whole process.
 */
import { CodecError, type Shape } from '../../protocol/core/codec.js'
import { Failure } from './failure.js'

/** As it is in earnest. */
export type Tag = `mpc/${string}`

const REAL = 'mpc'
const REHEARSAL = 'mpc-rehearsal'

let rehearses: boolean | null = null

/** From now on and to its end, this process rehearses. @throws Error once a tag was made or read in earnest */
export function enterRehearsal(): void {
  if (rehearses === false) throw new Error('what has begun in earnest cannot become a rehearsal')
  rehearses = true
}

/** Asking settles it: whoever has not said otherwise by now means it. */
export const isRehearsal = (): boolean => (rehearses ??= false)

const realmOf = (rehearsal: boolean): string => (rehearsal ? REHEARSAL : REAL)
const inRealm = (rehearsal: boolean, tag: Tag): string => `${realmOf(rehearsal)}${tag.slice(REAL.length)}`

/** Something that says that it was made in earnest, met in a rehearsal; or the reverse. */
export class OtherRealm extends CodecError {
  /** @param what it says that it is */
  constructor(
    at: string,
    readonly what: string,
  ) {
    super(at, `${what} is ${isRehearsal() ? 'real, and this is a rehearsal' : 'of a rehearsal'}`)
  }
}

/** The tag as this process makes it. */
export const tagged = (tag: Tag): string => inRealm(isRehearsal(), tag)

/** The field that says what a file is; to everybody inside it reads as it does in earnest. */
export const format = <T extends Tag>(tag: T): Shape<T> => ({
  parse: (value, at) => {
    if (value === tagged(tag)) return tag
    if (value === inRealm(!isRehearsal(), tag)) throw new OtherRealm(at, value)
    throw new CodecError(at, `expected ${tagged(tag)}`)
  },
  form: (value) => tagged(value),
})

/** The field that says so in words, for those who read a file without knowing tags. */
export const rehearsalFlag: Shape<boolean> = {
  parse: (value, at) => {
    if (typeof value !== 'boolean') throw new CodecError(at, 'expected true or false')
    if (value !== isRehearsal()) throw new OtherRealm(at, 'it')
    return value
  },
  form: (value) => value,
}

/** The first line of a text file of ours, in a rehearsal or in earnest. */
export const headerIn = (what: string, rehearsal: boolean): string => `# ${realmOf(rehearsal)}-${what} v1`

/** The same as this process writes it. */
export const headerOf = (what: string): string => headerIn(what, isRehearsal())

/** Of what is not in the form that was expected: an OtherRealm to give as the cause if that is why. */
export const otherRealmIn = (text: string, what: string): OtherRealm | undefined =>
  text.startsWith(headerIn(what, !isRehearsal())) ? new OtherRealm('', `the ${what}`) : undefined

/** What a line of bech32m text of ours begins with. */
export const linePrefix = (what: string, rehearsal = isRehearsal()): string =>
  `${realmOf(rehearsal).replace('-', '')}${what}`

export const cardPrefix = (rehearsal = isRehearsal()): string => linePrefix('card', rehearsal)

/** The Failure `E_REHEARSAL` (refused) for whatever failed because of an OtherRealm; anything else as it is. */
export function refusalOf(error: unknown): unknown {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if (!(cause instanceof OtherRealm)) continue
    return new Failure('refused', 'E_REHEARSAL', `rehearsals and real keys do not mix: ${cause.problem}`, {
      cause: error,
      hint: isRehearsal()
        ? 'this home is of a rehearsal: use what was made there, or name your own home with --home'
        : 'nothing was opened; use what was made in earnest, or the home of the rehearsal (--home)',
    })
  }
  return error
}
