/** Subjects. They only route; signatures in the envelopes authenticate. */
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
  /** The patterns to subscribe to. */
  readonly inbound: readonly string[]
  /** The subject for a letter of this kind. */
  outbound(kind: Kind, to: Uint8Array | null): string
  /** The sender's token in an inbound subject. */
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

/** The pattern of all control letters of a ceremony, for a listener that knows no member. */
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

/** `mpc.v1.work.<k>.<from>`: what a server keeps about requests of one key. Chatter on `req` is never kept. */
export const workSubject = (keyId: Uint8Array, from: Uint8Array): string =>
  subject('mpc', 'v1', 'work', ceremonyToken(keyId), memberToken(from))

/** The pattern of all of it. */
export const workOf = (keyId: Uint8Array): string => subject('mpc', 'v1', 'work', ceremonyToken(keyId), '*')

/** The stream that keeps it. Each member reads it by a durable consumer that is named by its token. */
export const streamOf = (keyId: Uint8Array): string => `MPC_WORK_${ceremonyToken(keyId)}`

/** Where the server answers a member; nobody else may listen there. */
export const inboxOf = (fingerprint: Uint8Array): string => `_INBOX_${memberToken(fingerprint)}`

/** The patterns that a broker's user may publish and subscribe to. */
export type Permissions = { readonly publish: readonly string[]; readonly subscribe: readonly string[] }

/**
 * A member's permissions in the account of its key group: to publish as itself, and to read what is addressed
 * to it or to all. Every signing is a ceremony of its own, so the ceremony's token is a wildcard.
 */
export function permissionsOf(fingerprint: Uint8Array): Permissions {
  const me = memberToken(fingerprint)
  return {
    publish: [`mpc.v1.*.all.${me}`, `mpc.v1.*.ctl.${me}`, `mpc.v1.*.to.*.${me}`, `mpc.v1.req.*.${me}`],
    subscribe: ['mpc.v1.*.all.*', 'mpc.v1.*.ctl.*', `mpc.v1.*.to.${me}.*`, 'mpc.v1.req.*.*'],
  }
}

/**
 * The permissions of somebody who approves requests and holds no share: to hear what is asked for and approved, and to
 * speak of it. A member's permissions let it hear this.
 */
export const approverPermissions = (fingerprint: Uint8Array): Permissions => ({
  publish: [`mpc.v1.req.*.${memberToken(fingerprint)}`],
  subscribe: ['mpc.v1.req.*.*'],
})

/**
 * What a member or an approver may do besides, where a server keeps requests of a key: put its own messages into the
 * stream, and read them there by its own consumer. It can neither make, change nor remove anything.
 */
export function keeperPermissions(keyId: Uint8Array, fingerprint: Uint8Array): Permissions {
  const me = memberToken(fingerprint)
  const at = `${streamOf(keyId)}.${me}`
  return {
    publish: [
      `mpc.v1.work.*.${me}`,
      `$JS.API.CONSUMER.INFO.${at}`,
      `$JS.API.CONSUMER.MSG.NEXT.${at}`,
      `$JS.ACK.${at}.>`,
    ],
    subscribe: [`${inboxOf(fingerprint)}.>`],
  }
}

/** What `mpc nats setup` needs, beside an inbox. */
export const SETUP_PUBLISH = '$JS.API.>'

/** All subjects, for clients on this machine. */
export const EVERYTHING: Permissions = { publish: ['mpc.v1.>'], subscribe: ['mpc.v1.>'] }
