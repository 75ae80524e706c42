/**
 * Leaving a ceremony with a signed abort, and how the others react to it. An abort accuses nobody by itself:
 * a member's statement about a third is shown, not believed.
 */
import { bytes, codec, list, type Of, oneOf, record, text } from '../../protocol/core/codec.js'
import { Failure } from '../../wire/base/failure.js'
import { hex, visible } from '../../wire/base/text.js'
import type { Member } from '../channel/letters.js'

/** A participant began again: this attempt is over, and another starts with that number. */
export class Restarted extends Error {
  override readonly name = 'Restarted'
  constructor(
    readonly start: number,
    readonly by: Member,
  ) {
    super(`${by.name} started again`)
  }
}

/** Only this member's part here is over, so the others are told nothing. */
export class Elsewhere extends Error {
  override readonly name: string = 'Elsewhere'
}

const abortShape = record({
  /** `left`: interrupted. `gave-up`: waited for somebody in vain. `fault`: found somebody at fault. */
  why: oneOf(['left', 'refused', 'words', 'gave-up', 'fault', 'failed']),
  /** For people, at most a sentence. */
  text: text(200),
  /** Fingerprints of the members that it concerns. */
  about: list(bytes(32), 0, 64),
})
export type Abort = Of<typeof abortShape>
export const abortCodec = codec(abortShape, 4096)

/** The abort to send to `members`, the others, when this member ends with `error`. */
export function abortFor(error: unknown, members: readonly Member[]): Abort {
  const say = (why: Abort['why'], text: string, about: readonly string[] = []): Abort => ({
    why,
    // Cuts between whole characters, because half of one cannot be encoded.
    text: [...text].slice(0, 100).join(''),
    about: members
      .filter((member) => about.includes(hex(member.fingerprint)))
      .map((member) => member.fingerprint),
  })
  if (!(error instanceof Failure)) return say('failed', 'an unexpected error')
  const named = members
    .filter((member) => member.name === error.party)
    .map((member) => hex(member.fingerprint))
  switch (error.kind) {
    case 'interrupted':
      return say('left', '')
    case 'refused':
      return say('refused', error.code === 'E_REFUSED' ? '' : error.message)
    case 'abort':
      return say(
        'fault',
        error.message,
        error.accused.map((accused) => accused.fingerprint),
      )
    case 'absent':
      return say('gave-up', '', named)
    case 'authentication':
      return error.code === 'E_WORDS_DIFFER' ? say('words', '') : say('failed', error.code)
    default:
      return say('failed', error.code)
  }
}

/**
 * The failure with which this member ends after an abort by `from`.
 * @param missing fingerprints, in hex, of members that this member waits for too; any other member that the
 * abort names is hearsay
 */
export function failureOf(
  abort: Abort,
  from: Member,
  members: readonly Member[],
  missing: ReadonlySet<string>,
): Failure {
  const names = members
    .filter((member) => abort.about.some((about) => hex(about) === hex(member.fingerprint)))
    .map((member) => member.name)
  const words = abort.text === '' ? '' : ` and says ${visible(abort.text)}`
  const again = 'nothing was kept; run the same command again when everybody is ready'
  switch (abort.why) {
    case 'left':
      return new Failure('absent', 'E_PEER_LEFT', `${from.name} left the ceremony`, {
        party: from.name,
        hint: again,
      })
    case 'gave-up': {
      const whom = names.length === 0 ? '' : ` waiting for ${names.join(', ')}`
      const absent = members.find(
        ({ fingerprint }) =>
          missing.has(hex(fingerprint)) && abort.about.some((about) => hex(about) === hex(fingerprint)),
      )
      const party = absent?.name ?? from.name
      return new Failure('absent', 'E_ABSENT', `${from.name} gave up${whom}`, { party, hint: again })
    }
    case 'refused':
      return new Failure('refused', 'E_PEER_REFUSED', `${from.name} refused${words}`, { party: from.name })
    case 'words':
      return new Failure('authentication', 'E_WORDS_DIFFER', `${from.name} says that the words differ`, {
        party: from.name,
        hint: 'the connection may be intercepted: compare the cards in person before you try again',
      })
    case 'fault': {
      const whom = names.length === 0 ? '' : ` and accuses ${names.join(', ')}`
      return new Failure('abort', 'E_PEER_ABORT', `${from.name} ended the ceremony${whom}${words}`, {
        party: from.name,
        hint: 'this machine has not seen the fault itself: ask that member for the evidence',
      })
    }
    case 'failed':
      return new Failure('absent', 'E_PEER_FAILED', `${from.name} could not go on${words}`, {
        party: from.name,
        hint: again,
      })
    default:
      return abort.why satisfies never
  }
}
