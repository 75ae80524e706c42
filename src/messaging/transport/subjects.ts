/** Where everything travels. Subjects are routing only: authority is in the envelope. */
import { base32nopad } from '@scure/base'
import type { Kind } from '../../wire/session/envelope.js'
import { hex } from '../../wire/base/text.js'
import { subject } from './transport.js'

/** A member's token: the first 20 bytes of its fingerprint. */
export const memberToken = (fingerprint: Uint8Array): string =>
  base32nopad.encode(fingerprint.subarray(0, 20))

const ceremonyToken = (id: Uint8Array): string => hex(id.subarray(0, 16))

/** The subjects of one ceremony, or of the requests of one key, for one member. */
export type Subjects = {
  /** What this member listens to. */
  readonly inbound: readonly string[]
  /** Where this member sends a letter of this kind. */
  outbound(kind: Kind, to: Uint8Array | null): string
  /** The sender's token in a subject of `inbound`. */
  senderOf(subject: string): string
}

const senderOf = (subject: string): string => subject.slice(subject.lastIndexOf('.') + 1)

/** `mpc.v1.<c>.{all,ctl}.<from>` and `mpc.v1.<c>.to.<to>.<from>`. */
export function ceremonySubjects(definition: Uint8Array, self: Uint8Array): Subjects {
  const c = ceremonyToken(definition)
  const me = memberToken(self)
  return {
    inbound: [
      subject('mpc', 'v1', c, 'all', '*'),
      subject('mpc', 'v1', c, 'ctl', '*'),
      subject('mpc', 'v1', c, 'to', me, '*'),
    ],
    outbound: (kind, to) =>
      to
        ? subject('mpc', 'v1', c, 'to', memberToken(to), me)
        : subject('mpc', 'v1', c, kind === 'letter' ? 'all' : 'ctl', me),
    senderOf,
  }
}

/** Where everybody's control letters of a ceremony are heard, for who knows nobody in it. */
export const controlOf = (definition: Uint8Array): string =>
  subject('mpc', 'v1', ceremonyToken(definition), 'ctl', '*')

/** `mpc.v1.req.<k>.<from>`: requests for signatures of one key. */
export function requestSubjects(keyId: Uint8Array, self: Uint8Array): Subjects {
  const k = ceremonyToken(keyId)
  return {
    inbound: [subject('mpc', 'v1', 'req', k, '*')],
    outbound: () => subject('mpc', 'v1', 'req', k, memberToken(self)),
    senderOf,
  }
}

/** What a user of a broker may publish to and subscribe to, as patterns. */
export type Permissions = { readonly publish: readonly string[]; readonly subscribe: readonly string[] }

/**
 * What a member needs, and all it gets, within the account of its key group: to speak as itself, and to hear what is for
 * everybody or for it. Every signing is a ceremony of its own, so that the ceremony is left open.
 */
export function permissionsOf(fingerprint: Uint8Array): Permissions {
  const me = memberToken(fingerprint)
  return {
    publish: [`mpc.v1.*.all.${me}`, `mpc.v1.*.ctl.${me}`, `mpc.v1.*.to.*.${me}`, `mpc.v1.req.*.${me}`],
    subscribe: ['mpc.v1.*.all.*', 'mpc.v1.*.ctl.*', `mpc.v1.*.to.${me}.*`, 'mpc.v1.req.*.*'],
  }
}

/** All of it, for whoever is on this machine. */
export const EVERYTHING: Permissions = { publish: ['mpc.v1.>'], subscribe: ['mpc.v1.>'] }
