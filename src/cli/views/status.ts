/** Unfinished ceremonies and signatures, for machines and people. */
import { type ListedSigning, SIGNING_STATES } from '../../ceremony/signing/list-signings.js'
import {
  CEREMONY_STATES,
  type CeremonyStatus,
  REQUEST_STATES,
  type RequestStatus,
} from '../../ceremony/home/status.js'
import { hex, rfc3339 } from '../../wire/base/text.js'
import { fields } from '../terminal/style.js'
import { viewData } from './payload.js'
import { humanTime } from './time.js'

export const ceremonyData = ({ id, kind, key, state, expires, owner, next }: CeremonyStatus) => ({
  definition_id: hex(id),
  kind,
  key,
  state,
  expires: expires === null ? null : rfc3339(expires),
  owner,
  next,
})

export const requestData = ({ id, key, view, state, owner, next }: RequestStatus) => ({
  request_id: hex(id),
  key,
  view: view && viewData(view),
  state,
  owner,
  next,
})

const KINDS = {
  keygen: 'key generation',
  reshare: 'reshare',
  refresh: 'refresh',
  policy: 'policy change',
  handshake: 'handshake',
}

export const ceremonyLines = ({ id, kind, key, state, owner, next }: CeremonyStatus): string[] => [
  `${KINDS[kind ?? 'keygen']} ${key ?? '?'}, ${hex(id).slice(0, 16)}: ${CEREMONY_STATES[state]}`,
  ...moveLines(owner, next),
]

export const requestLines = ({ id, key, view, state, owner, next }: RequestStatus): string[] => [
  `signature with ${key ?? '?'}, ${hex(id).slice(0, 16)}: ${REQUEST_STATES[state]}`,
  ...(view ? [`  ${view.sentence}`] : []),
  ...moveLines(owner, next),
]

export const signingData = ({ id, request, view, key, state, signatures, transcript }: ListedSigning) => ({
  request_id: hex(id),
  key,
  state,
  created: request && rfc3339(request.created),
  payload_sha256: request && hex(request.payloadSha256),
  view: view && viewData(view),
  signature: signatures?.length === 1 ? hex(signatures[0] as Uint8Array) : null,
  signatures: signatures?.map(hex) ?? null,
  transcript,
})

export const signingLines = (
  { id, request, view, key, state, signatures, transcript }: ListedSigning,
  now: number,
): string[] => [
  `signature with ${key ?? '?'}, ${hex(id).slice(0, 16)}${request ? `, ${humanTime(request.created, now)}` : ''}: ${SIGNING_STATES[state]}`,
  ...(view ? [`  ${view.sentence}`] : []),
  ...fields([
    ...(request ? [['sha256', hex(request.payloadSha256)] as const] : []),
    ...(signatures ?? []).map((signature) => ['signature', hex(signature)] as const),
    ...(transcript ? [['transcript', transcript] as const] : []),
  ]),
]

function moveLines(owner: string | null, next: string | null): string[] {
  if (owner === null) return []
  if (next !== null) return [`  next: ${next}`]
  return owner === 'others'
    ? ['  ask the other members for the outcome']
    : [`  ${owner} of this home is working on it`]
}
