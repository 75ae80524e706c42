/** A request that waits, for machines and people. */
import { askerInWords, nameOf } from '../../ceremony/requests/requester.js'
import type { KnownKey } from '../../ceremony/work/desk.js'
import type { Kept, KeptState } from '../../ceremony/work/kept.js'
import type { View } from '../../payload/decoder.js'
import { hex, rfc3339, visible } from '../../wire/base/text.js'
import { fields } from '../terminal/style.js'
import { viewData } from './payload.js'
import { humanTime } from './time.js'

export type Waiting = { readonly key: KnownKey; readonly kept: Kept; readonly state: KeptState }

const STATES = {
  waiting: 'waits',
  signed: 'signed',
  cancelled: 'taken back by its asker',
  refused: 'refused by those who would have to sign',
  expired: 'expired',
  'another-epoch': 'for another epoch of the key than the one in use here',
} as const

const signersOf = ({ key, kept: { request } }: Waiting): readonly string[] | null =>
  request.signers && request.signers.map((asker) => nameOf(key, { asker }))

/** @param view null for a payload that is refused */
export function waitingData(waiting: Waiting, view: View | null) {
  const { key, kept, state } = waiting
  const { request, statements, refusals } = kept
  return {
    request_id: hex(request.id),
    key: key.name,
    state,
    asker: nameOf(key, request),
    asker_fingerprint: hex(request.asker),
    type: request.type,
    path: request.path,
    payload_sha256: hex(request.payloadSha256),
    reason: request.reason,
    signers: signersOf(waiting),
    created: rfc3339(request.created),
    expires: rfc3339(request.expires),
    said: statements.map(({ card, verdict, reason, at, expires }) => ({
      name: card.name,
      fingerprint: hex(card.fingerprint),
      verdict,
      reason,
      at: rfc3339(at),
      expires: rfc3339(expires),
    })),
    refused_by: refusals.map(({ by, reason }) => ({ name: nameOf(key, { asker: by }), reason })),
    view: view && viewData(view),
  }
}

export function waitingLines(waiting: Waiting, view: View | null, now: number): string[] {
  const { key, kept, state } = waiting
  const { request, statements, refusals } = kept
  return [
    `${hex(request.id)}: ${STATES[state]}`,
    `  ${view ? view.sentence : 'its payload cannot be signed with this key'}`,
    ...fields([
      ['key', key.name],
      ['asked by', `${askerInWords(key, request)}, ${humanTime(request.created, now)}`],
      ...(request.reason === '' ? [] : [['reason', visible(request.reason)] as const]),
      ['signers', signersOf(waiting)?.join(' and ') ?? 'whoever comes first'],
      ['expires', humanTime(request.expires, now)],
      ...statements.map(
        ({ card, verdict, reason }) =>
          [
            verdict === 'approve' ? 'approved by' : 'refused by',
            `${card.name}${reason === '' ? '' : `: ${visible(reason)}`}`,
          ] as const,
      ),
      ...refusals.map(({ by }) => ['not signed by', nameOf(key, { asker: by })] as const),
    ]),
  ]
}
