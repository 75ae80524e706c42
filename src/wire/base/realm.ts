/**
 * Whether this process is real or a rehearsal. Everything signed and every file of ours says which, by a tag
 * that begins with `mpc/` or `mpc-rehearsal/`. All such tags are made here, so nothing from a rehearsal is
 * ever valid outside it, nor the reverse, and no other code has to check.
 *
 * The home or `mpc rehearse` decides it once for the whole process, before the first tag is made.
 */
import { CodecError, type Shape } from '../../protocol/core/codec.js'
import { Failure } from './failure.js'

/** The tag outside a rehearsal. */
export type Tag = `mpc/${string}`

const REAL = 'mpc'
const REHEARSAL = 'mpc-rehearsal'

let rehearses: boolean | null = null

/** Makes this process a rehearsal until it ends. @throws Error once a real tag was made or read */
export function enterRehearsal(): void {
  if (rehearses === false)
    throw new Error('a process that has made or read a real tag cannot become a rehearsal')
  rehearses = true
}

/** The first call settles it: a process that has not entered a rehearsal by then is real. */
export const isRehearsal = (): boolean => (rehearses ??= false)

const realmOf = (rehearsal: boolean): string => (rehearsal ? REHEARSAL : REAL)
const inRealm = (rehearsal: boolean, tag: Tag): string => `${realmOf(rehearsal)}${tag.slice(REAL.length)}`

/** Something marked real was met in a rehearsal, or the reverse. */
export class OtherRealm extends CodecError {
  /** @param what the name that it goes by in messages */
  constructor(
    at: string,
    readonly what: string,
  ) {
    super(at, `${what} is ${isRehearsal() ? 'real, and this is a rehearsal' : 'of a rehearsal'}`)
  }
}

/** The tag as this process makes it. */
export const tagged = (tag: Tag): string => inRealm(isRehearsal(), tag)

/** The field that names a file's format. Callers always see the real tag, in a rehearsal too. */
export const format = <T extends Tag>(tag: T): Shape<T> => ({
  parse: (value, at) => {
    if (value === tagged(tag)) return tag
    if (value === inRealm(!isRehearsal(), tag)) throw new OtherRealm(at, value)
    throw new CodecError(at, `expected ${tagged(tag)}`)
  },
  form: (value) => tagged(value),
})

/** The field that marks a rehearsal in words, for readers who do not know the tags. */
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

/** An OtherRealm to give as the cause if the text failed to parse because it is from the other realm. */
export const otherRealmIn = (text: string, what: string): OtherRealm | undefined =>
  text.startsWith(headerIn(what, !isRehearsal())) ? new OtherRealm('', `the ${what}`) : undefined

/** The prefix of our bech32m lines. */
export const linePrefix = (what: string, rehearsal = isRehearsal()): string =>
  `${realmOf(rehearsal).replace('-', '')}${what}`

export const cardPrefix = (rehearsal = isRehearsal()): string => linePrefix('card', rehearsal)

/** The Failure `E_REHEARSAL` (refused) for an error caused by an OtherRealm; others unchanged. */
export function refusalOf(error: unknown): unknown {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if (!(cause instanceof OtherRealm)) continue
    return new Failure('refused', 'E_REHEARSAL', `rehearsals and real keys do not mix: ${cause.problem}`, {
      cause: error,
      hint: isRehearsal()
        ? 'this home belongs to a rehearsal: use its own files, or name your own home with --home'
        : 'nothing was opened; use real files, or name the home of the rehearsal with --home',
    })
  }
  return error
}
