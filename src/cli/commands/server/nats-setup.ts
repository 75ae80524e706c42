import { readCeremony } from '../../../ceremony/definition/build.js'
import { Failure } from '../../../wire/base/failure.js'
import { fingerprintOf } from '../../../wire/identity/card.js'
import { readNamed } from '../../runtime/read-input.js'
import { wipeIdentity } from '../../../ceremony/contacts/identity.js'
import { questionsOf } from '../../../messaging/stream/api.js'
import { setUpStream } from '../../../messaging/stream/setup.js'
import { inboxOf, memberToken } from '../../../messaging/transport/subjects.js'
import type { Transport } from '../../../messaging/transport/transport.js'
import { fromHex } from '../../../wire/base/text.js'
import { type Group, groupOf, groupOfKey } from '../../args/members-file.js'
import type { Context } from '../../runtime/context.js'
import type { Result } from '../../runtime/result.js'

export type Options = { readonly key?: string; readonly definition?: string }

/** `mpc nats setup`: the stream of a key's requests on a nats-server, and a consumer for each of the key's people. */
export async function run(context: Context, options: Options): Promise<Result> {
  const { key, group } = await theKey(context, options)
  const { members, approvers, unknown } = group
  const known = [...members, ...approvers]
  const people = [...known.map(fingerprintOf), ...unknown.flatMap((each) => fromHex(each, 32) ?? [])]
  const names = new Map(known.map((keys) => [memberToken(fingerprintOf(keys)), keys.name]))
  const { stream, state, added, removed } = await asAdministrator(context, (transport) =>
    setUpStream(questionsOf(transport), group.keyId as Uint8Array, people),
  )
  const named = (tokens: readonly string[]): string[] => tokens.map((token) => names.get(token) ?? token)
  const line = (what: string, tokens: readonly string[]): string[] =>
    tokens.length === 0 ? [] : [`${what}: ${named(tokens).join(', ')}`]
  return {
    data: {
      key,
      stream,
      state,
      people: named(people.map(memberToken)),
      added: named(added),
      removed: named(removed),
    },
    text: [
      `The stream ${stream} for requests of ${key}: ${state}.`,
      ...line('Now read by it', added),
      ...line('No longer read by it', removed),
    ],
  }
}

/** The key of this home; or the one that a key generation is to make, whose ID is that of its ceremony. */
async function theKey(
  context: Context,
  { key, definition: path }: Options,
): Promise<{ readonly key: string; readonly group: Group }> {
  if (key !== undefined && path === undefined) return { key, group: await groupOfKey(context, key, []) }
  if (key !== undefined || path === undefined) {
    throw new Failure('usage', 'E_NATS_GROUP', 'no key is named, or twice', {
      hint: 'give --key NAME; before there is a key, --definition FILE',
    })
  }
  const { definition } = readCeremony(await readNamed(path, '--definition'))
  if (definition.kind === 'keygen') return { key: definition.key, group: await groupOf(context, path, []) }
  throw new Failure('usage', 'E_NATS_GROUP', `this defines a ${definition.kind}, which makes no new key`, {
    hint: 'give --key NAME in the home of one of its custodians',
  })
}

/** Acts on the server with the credentials that the settings name, or else as this identity. */
async function asAdministrator<T>(context: Context, act: (transport: Transport) => Promise<T>): Promise<T> {
  const { nats } = await context.config()
  const identity = nats.creds ? null : await context.openIdentity()
  let transport: Transport | null = null
  try {
    const inbox = identity ? inboxOf((await context.card()).fingerprint) : undefined
    transport = await context.connect(identity, inbox)
    return await act(transport)
  } finally {
    await transport?.close()
    if (identity) wipeIdentity(identity)
  }
}
