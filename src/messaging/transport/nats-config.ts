/**
 * A nats-server configuration for one key group: its members as NKey users of one account, with the
 * permissions of `subjects.ts` and the relay's limits. Every user is inside `accounts`: beside an
 * `authorization` block, servers before 2.9.23 and 2.10.2 admit clients without credentials (CVE-2023-47090).
 */
import { fingerprintOf, type Keys } from '../../wire/identity/card.js'
import { nkeyText } from '../../wire/base/nkey.js'
import { LIMITS } from './limits.js'
import { approverPermissions, type Permissions, permissionsOf } from './subjects.js'

export type NatsConfig = {
  /** The account's name. */
  readonly account: string
  readonly members: readonly Keys[]
  /** People who approve requests and hold no share. */
  readonly approvers: readonly Keys[]
  /** `HOST:PORT`. */
  readonly listen: string
  /** Paths on the server's machine; with `ca`, clients need a certificate too. */
  readonly tls: { readonly cert: string; readonly key: string; readonly ca: string | null } | null
}

/** The configuration, line by line. */
export function natsConfig({ account, members, approvers, listen, tls }: NatsConfig): string[] {
  return [
    `listen: ${JSON.stringify(listen)}`,
    '# Room for those who have not said who they are: they are dropped after 2 s, and take no place of a member.',
    `max_connections: ${(members.length + approvers.length) * LIMITS.userConnections + LIMITS.strangers}`,
    `max_subscriptions: ${LIMITS.subscriptions}`,
    `max_payload: ${LIMITS.payload}`,
    `max_pending: ${LIMITS.pending}`,
    `max_control_line: ${LIMITS.line}`,
    `ping_interval: "${LIMITS.ping / 1000}s"`,
    `ping_max: ${LIMITS.pings}`,
    'write_deadline: "5s"',
    ...(tls ? tlsBlock(tls) : []),
    ...accountsBlock(account, members, approvers),
  ]
}

/** The `accounts` block: the users and their permissions. */
export function accountsBlock(
  account: string,
  members: readonly Keys[],
  approvers: readonly Keys[] = [],
): string[] {
  return [
    'accounts {',
    `  ${JSON.stringify(account)} {`,
    '    users: [',
    ...[
      ...members.flatMap((keys) => userLines(keys, permissionsOf)),
      ...approvers.flatMap((keys) => userLines(keys, approverPermissions)),
    ].map((line) => `      ${line}`),
    '    ]',
    '  }',
    '}',
  ]
}

function userLines(keys: Keys, granted: (fingerprint: Uint8Array) => Permissions): string[] {
  const { publish, subscribe } = granted(fingerprintOf(keys))
  return [
    `# ${keys.name}`,
    `{ nkey: ${nkeyText(keys.nkey)}, permissions: {`,
    `  publish: ${JSON.stringify(publish)}`,
    `  subscribe: ${JSON.stringify(subscribe)}`,
    '} }',
  ]
}

function tlsBlock({ cert, key, ca }: NonNullable<NatsConfig['tls']>): string[] {
  return [
    'tls {',
    `  cert_file: ${JSON.stringify(cert)}`,
    `  key_file: ${JSON.stringify(key)}`,
    ...(ca === null ? [] : [`  ca_file: ${JSON.stringify(ca)}`, '  verify: true']),
    `  timeout: ${LIMITS.authentication / 1000}`,
    '}',
  ]
}
