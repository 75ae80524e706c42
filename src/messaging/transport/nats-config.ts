/**
 * A nats-server configuration for one key group: its members as NKey users of one account, with the
 * permissions of `subjects.ts` and the relay's limits. Every user is inside `accounts`: beside an
 * `authorization` block, servers before 2.9.23 and 2.10.2 admit clients without credentials (CVE-2023-47090).
 */
import { fingerprintOf, type Keys } from '../../wire/identity/card.js'
import { nkeyText } from '../../wire/base/nkey.js'
import { LIMITS } from './limits.js'
import {
  approverPermissions,
  keeperPermissions,
  type Permissions,
  permissionsOf,
  SETUP_PUBLISH,
} from './subjects.js'

export type NatsConfig = {
  /** The account's name. */
  readonly account: string
  readonly members: readonly Keys[]
  /** People who approve requests and hold no share. */
  readonly approvers: readonly Keys[]
  /** `HOST:PORT`. */
  readonly listen: string
  /** With JetStream, which keeps the requests of a key; null: without. */
  readonly keeping: Keeping | null
  /** Paths on the server's machine; with `ca`, clients need a certificate too. */
  readonly tls: { readonly cert: string; readonly key: string; readonly ca: string | null } | null
}

export type Keeping = {
  /** A folder on the server's machine. */
  readonly folder: string
  readonly keyId: Uint8Array
  /** The name of the member who may run `mpc nats setup`; null: somebody with other credentials does. */
  readonly admin: string | null
}

/** The configuration, line by line. */
export function natsConfig({ account, members, approvers, listen, keeping, tls }: NatsConfig): string[] {
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
    ...(keeping ? [`jetstream { store_dir: ${JSON.stringify(keeping.folder)} }`] : []),
    ...accountsBlock(account, members, approvers, keeping),
  ]
}

/** The `accounts` block: the users and their permissions. */
export function accountsBlock(
  account: string,
  members: readonly Keys[],
  approvers: readonly Keys[] = [],
  keeping: Keeping | null = null,
): string[] {
  const lines = (keys: Keys, own: (fingerprint: Uint8Array) => Permissions): string[] =>
    userLines(keys, (fingerprint) => kept(own(fingerprint), fingerprint, keeping, keys.name))
  return [
    'accounts {',
    `  ${JSON.stringify(account)} {`,
    ...(keeping ? ['    jetstream: enabled'] : []),
    '    users: [',
    ...[
      ...members.flatMap((keys) => lines(keys, permissionsOf)),
      ...approvers.flatMap((keys) => lines(keys, approverPermissions)),
    ].map((line) => `      ${line}`),
    '    ]',
    '  }',
    '}',
  ]
}

/** The same permissions, and those for what the server keeps. */
function kept(
  { publish, subscribe }: Permissions,
  fingerprint: Uint8Array,
  keeping: Keeping | null,
  name: string,
): Permissions {
  if (keeping === null) return { publish, subscribe }
  const more = keeperPermissions(keeping.keyId, fingerprint)
  return {
    publish: [...publish, ...more.publish, ...(keeping.admin === name ? [SETUP_PUBLISH] : [])],
    subscribe: [...subscribe, ...more.subscribe],
  }
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
