/** The refusals of a NATS server, and the message to a person about each. */
import { Failure } from '../../wire/base/failure.js'
import { rfc3339, visible } from '../../wire/base/text.js'
import type { Login } from './credentials.js'

/** How long to retry after a refusal: not at all, for a moment, or until the deadline. */
export type Lasts = 'for good' | 'a moment' | 'a while'
export type Trouble = { readonly failure: Failure; readonly lasts: Lasts }

/** The most subscriptions that one command has at a time: one ceremony, and the requests of its key. */
const SUBSCRIPTIONS = 8

/**
 * The trouble behind `-ERR 'text'`.
 * @param where the server, for people
 */
export function refusal(text: string, where: string, login: Login, now: number): Trouble {
  const said = text.toLowerCase()
  if (said.includes('authorization violation') || said.includes('authentication expired')) {
    return { failure: unknown(where, login, said.includes('expired') ? 0 : now), lasts: 'for good' }
  }
  if (said.includes('connections exceeded')) {
    const hint = 'end other programs of this identity, or raise max_connections in its configuration'
    return {
      failure: limit(`the NATS server at ${where} is full: it takes no more connections`, hint),
      lasts: 'a moment',
    }
  }
  if (said.includes('subscriptions exceeded')) {
    const hint = `set max_subscriptions to ${SUBSCRIPTIONS} or more in its configuration`
    return {
      failure: limit(`the NATS server at ${where} allows too few subscriptions`, hint),
      lasts: 'for good',
    }
  }
  if (said.includes('control line exceeded')) {
    const hint = 'set max_control_line to 4096 in its configuration'
    return { failure: limit(`the NATS server at ${where} takes too short lines`, hint), lasts: 'for good' }
  }
  if (said.includes('tls required') || said.includes('secure connection')) {
    return { failure: wantsTls(where), lasts: 'for good' }
  }
  const lasts = /timeout|stale|slow consumer/.test(said) ? 'a while' : 'for good'
  return { failure: broker(`the NATS server at ${where} refuses: ${visible(text)}`, SAID), lasts }
}

const SAID = 'ask its administrator what that means there'

/** @param now 0 if the server reported the expiry */
function unknown(where: string, { path, expires }: Login, now: number): Failure {
  if (path === null) {
    return new Failure(
      'network',
      'E_BROKER_AUTH',
      `the NATS server at ${where} does not know this identity`,
      {
        hint: 'give its administrator your card; `mpc nats config` makes the users section',
      },
    )
  }
  const expired = now === 0 || (expires !== null && expires <= now)
  const when = expires === null ? '' : ` on ${rfc3339(expires)}`
  const problem = expired
    ? `the NATS credentials in ${path} expired${when}`
    : `the NATS server at ${where} does not accept the credentials in ${path}`
  return new Failure('network', 'E_BROKER_AUTH', problem, {
    hint: expired
      ? 'ask the administrator of the server for new ones'
      : 'ask its administrator whether they are of this server and account, and still valid',
  })
}

export const wantsTls = (where: string): Failure =>
  new Failure('network', 'E_BROKER_TLS', `the NATS server at ${where} wants TLS`, {
    hint: 'use tls:// in its URL, and --nats-ca FILE if its certificate is not from a public authority',
  })

export const noTls = (where: string): Failure =>
  new Failure('network', 'E_BROKER_TLS', `the NATS server at ${where} does not offer TLS`, {
    hint: 'have its administrator turn TLS on; nats:// in clear is for a server on this machine',
  })

/** The failure for a server limit that is too low. */
export const limit = (problem: string, hint: string): Failure =>
  new Failure('network', 'E_BROKER_LIMIT', problem, { hint })

export const tooLarge = (has: number, needs: number): Failure =>
  limit(
    `the NATS server takes messages of ${has} bytes at most, and ${needs} are needed`,
    `set max_payload to ${needs} or more in its configuration; its default of 1048576 is always enough`,
  )

/** The failure for a server that cannot be reached, or is no NATS server. */
export const broker = (problem: string, hint: string, cause?: unknown): Failure =>
  new Failure('network', 'E_BROKER', problem, { hint, cause })

export type PermissionContext = { readonly operation: string; readonly subject: string }

/** The failure for a refused subject; its hint can be pasted into the server's configuration. */
export function permissionFailure(context: PermissionContext | undefined): Failure {
  const verb = context?.operation === 'subscription' ? 'subscribe' : 'publish'
  const what = context ? `${verb} to ${visible(context.subject)}` : 'an operation'
  return new Failure(
    'network',
    'E_BROKER_PERMISSION',
    `the NATS server does not allow this identity to ${what}`,
    {
      hint: context
        ? `its user needs   permissions: { ${verb}: [${visible(context.subject)}] }   beside what it has, see \`mpc nats config\``
        : 'see `mpc nats config`',
    },
  )
}
