/**
 * Requests passed over, with the reason for each: shown to the person as they come, and listed at the end.
 */
import type { Emit } from '../../messaging/channel/events.js'
import type { View } from '../../payload/decoder.js'
import { Failure } from '../../wire/base/failure.js'
import type { Request } from '../../wire/ceremony/request.js'
import { hex } from '../../wire/base/text.js'

/** Entries per asker, so that no asker fills the list. */
const MOST = 16
/** What a policy says of a request: a script acts on it, so nothing else hides it. */
const RULED: readonly string[] = ['E_POLICY_DENIES', 'E_POLICY_NEEDS', 'E_ATTENDED']
/** Entries in the error. */
const SAID = 3

export class Skipped {
  readonly #byAsker = new Map<string, { readonly id: string; readonly why: Failure }[]>()

  constructor(readonly emit: Emit) {}

  /** @param request null for an unreadable one. @param view what it asks to have signed, if its payload was decoded */
  add(asker: string, request: Request | null, why: Failure, view: View | null = null): void {
    const theirs = this.#byAsker.get(asker) ?? []
    const id = request ? hex(request.id) : ''
    if (theirs.length >= MOST || theirs.some((each) => each.id === id && each.why.code === why.code)) return
    this.#byAsker.set(asker, [...theirs, { id, why }])
    this.emit({
      event: 'skipped',
      party: asker,
      request: request ? id : null,
      sha256: request ? hex(request.payloadSha256) : null,
      sentence: view && view.sentence,
      code: why.code,
      reason: why.message,
    })
  }

  /** The failure for no suitable request, with the requests that were passed over. */
  nothing(what: string): Failure {
    const all = [...this.#byAsker].flatMap(([asker, theirs]) => theirs.map(({ why }) => ({ asker, why })))
    const ours = all.filter(({ why }) => why.code !== 'E_NOT_SIGNER')
    const [first] = ours
    if (!first) return noRequest(what)
    const ruled = ours.find(({ why }) => RULED.includes(why.code))
    if (ruled) return ruled.why.of(`a request of ${ruled.asker}`)
    const said = ours.slice(0, SAID).map(({ asker, why }) => `of ${asker}: ${why.message}`)
    const more = ours.length > SAID ? `; and ${ours.length - SAID} more` : ''
    return new Failure(
      'absent',
      'E_NO_REQUEST',
      `no request came in time that may be signed here; passed over, ${said.join('; ')}${more}`,
      {
        party: first.asker,
        hint: first.why.hint ?? `ask ${first.asker} what was to be signed`,
        cause: first.why,
      },
    )
  }
}

export const noRequest = (what: string): Failure =>
  new Failure('absent', 'E_NO_REQUEST', `nobody asked for ${what} in time`, {
    hint: 'a request lives while its asker runs: `mpc sign --key KEY --in FILE`',
  })

/** Why a request of somebody is no request of this key. */
export const unread = (): Failure =>
  new Failure('authentication', 'E_REQUEST', 'it is damaged, of another key, or not signed by its asker')
