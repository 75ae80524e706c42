import { findKey } from '../../../ceremony/epochs/find-key.js'
import { wipeIdentity } from '../../../ceremony/contacts/identity.js'
import { policyInForce } from '../../../ceremony/policy/policy-in-force.js'
import { questionsOf } from '../../../messaging/stream/api.js'
import { setUpStream } from '../../../messaging/stream/setup.js'
import { inboxOf, memberToken } from '../../../messaging/transport/subjects.js'
import type { Transport } from '../../../messaging/transport/transport.js'
import { fromHex } from '../../../wire/base/text.js'
import { titleHolders } from '../../args/members-file.js'
import type { Context } from '../../runtime/context.js'
import type { Result } from '../../runtime/result.js'

export type Options = { readonly key: string }

/** `mpc nats setup`: the stream of a key's requests on a nats-server, and a consumer for each of the key's people. */
export async function run(context: Context, options: Options): Promise<Result> {
  const home = await context.home()
  const key = await findKey(home, options.key)
  const cards = key.seated.members.map(({ card }) => card)
  const policy = (await policyInForce(home, key))?.policy ?? null
  const fingerprints = cards.map(({ fingerprint }) => fingerprint)
  const titled = titleHolders(policy, fingerprints).flatMap((each) => fromHex(each, 32) ?? [])
  const people = [...fingerprints, ...titled]
  const names = new Map(cards.map(({ name, fingerprint }) => [memberToken(fingerprint), name]))
  const { stream, state, added, removed } = await asAdministrator(context, (transport) =>
    setUpStream(questionsOf(transport), key.record.key_id, people),
  )
  const named = (tokens: readonly string[]): string[] => tokens.map((token) => names.get(token) ?? token)
  const line = (what: string, tokens: readonly string[]): string[] =>
    tokens.length === 0 ? [] : [`${what}: ${named(tokens).join(', ')}`]
  return {
    data: {
      key: key.name,
      stream,
      state,
      people: named(people.map(memberToken)),
      added: named(added),
      removed: named(removed),
    },
    text: [
      `The stream ${stream} for requests of ${key.name}: ${state}.`,
      ...line('Now read by it', added),
      ...line('No longer read by it', removed),
    ],
  }
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
