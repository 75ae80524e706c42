/**
 * All parties of one protocol in one loop: no promises, no clock, every letter encoded and decoded.
 * A cheating test is one lambda: it sees each letter on its way and returns what the recipient gets instead.
 */
import type { Inbox, Job, Outbox, Protocol, Reply, Step } from '../../src/protocol/core/round.js'
import { type PartyId, Session } from '../../src/protocol/core/session.js'

export type Letter = {
  readonly round: string
  readonly from: PartyId
  readonly to: PartyId
  readonly kind: 'broadcast' | 'direct'
  readonly body: Uint8Array
}

/** The bytes received in place of `letter.body`; undefined withholds it. */
export type Tamper = (letter: Letter) => Uint8Array | undefined

export type Outcome<T> =
  | { readonly ended: 'done'; readonly output: T }
  | { readonly ended: 'failed'; readonly error: unknown }
  /** Its peers stopped before it could. */
  | { readonly ended: 'waiting'; readonly round: string }

export const sid = new Uint8Array(32).fill(7)
export const honest: Tamper = (letter) => letter.body

export function simulate<T>(
  parties: readonly PartyId[],
  protocol: (session: Session) => Protocol<T>,
  options: {
    readonly tamper?: Tamper
    readonly jobs?: (job: Job) => Uint8Array
    readonly sid?: Uint8Array
  } = {},
): Map<PartyId, Outcome<T>> {
  const tamper = options.tamper ?? honest
  const runs = new Map(
    parties.map((party) => [party, protocol(new Session(options.sid ?? sid, party, parties))] as const),
  )
  const outcomes = new Map<PartyId, Outcome<T>>()
  const pending = new Map<PartyId, Outbox>()

  const advance = (party: PartyId, reply?: Reply): void => {
    const run = runs.get(party) as Protocol<T>
    try {
      let result: IteratorResult<Step, T> =
        reply === undefined ? run.next(undefined as never) : run.next(reply)
      while (!result.done && result.value.kind === 'compute') {
        result = run.next(result.value.jobs.map((job) => options.jobs?.(job) as Uint8Array))
      }
      if (result.done) outcomes.set(party, { ended: 'done', output: result.value })
      else if (result.value.kind === 'exchange') pending.set(party, result.value.outbox)
    } catch (error) {
      outcomes.set(party, { ended: 'failed', error })
    }
  }

  for (const party of parties) advance(party)
  while (pending.size > 0) {
    const sent = new Map(pending)
    pending.clear()
    for (const [to, outbox] of sent) {
      const inbox: Inbox = new Map(
        parties
          .filter((from) => from !== to)
          .map((from) => {
            const theirs = sent.get(from)
            const same = theirs?.round === outbox.round ? theirs : undefined
            const carry = (kind: Letter['kind'], body: Uint8Array | undefined) => {
              const got = body && tamper({ round: outbox.round, from, to, kind, body: body.slice() })
              return got ? { [kind]: got } : {}
            }
            return [
              from,
              { ...carry('broadcast', same?.broadcast), ...carry('direct', same?.direct?.get(to)) },
            ]
          }),
      )
      const someoneStopped = parties.some((from) => from !== to && sent.get(from)?.round !== outbox.round)
      if (someoneStopped) {
        runs.get(to)?.return(undefined as never)
        outcomes.set(to, { ended: 'waiting', round: outbox.round })
      } else advance(to, inbox)
    }
  }
  return outcomes
}

/** The outputs, when everybody finished; otherwise the first error, so that a test fails with its cause. */
export function outputs<T>(outcomes: Map<PartyId, Outcome<T>>): Map<PartyId, T> {
  return new Map(
    [...outcomes].map(([party, outcome]) => {
      if (outcome.ended === 'failed') throw outcome.error
      if (outcome.ended === 'waiting') throw new Error(`party ${party} waits in ${outcome.round}`)
      return [party, outcome.output]
    }),
  )
}
