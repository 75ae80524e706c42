/** The members and TLS files of a server, as its flags name them. */
import { readCeremony } from '../../ceremony/definition/build.js'
import { knownCards } from '../../ceremony/contacts/contacts.js'
import { parseCards } from '../../ceremony/contacts/import-cards.js'
import { findKey } from '../../ceremony/epochs/find-key.js'
import { agreedPolicy } from '../../ceremony/policy/agreed-policy.js'
import { policyInForce } from '../../ceremony/policy/policy-in-force.js'
import type { Policy } from '../../policy/language.js'
import { type Definition, definitionKeys } from '../../wire/ceremony/definition.js'
import { fingerprintOf, type Keys } from '../../wire/identity/card.js'
import { Failure } from '../../wire/base/failure.js'
import { hex } from '../../wire/base/text.js'
import type { Context } from '../runtime/context.js'
import { readNamed } from '../runtime/read-input.js'

export type Group = {
  /** Names of keys are local, so this is the key's name with the first digits of the ceremony's ID. */
  readonly name: string
  readonly members: readonly Keys[]
  /** People who have a title in the key's policy and no share. */
  readonly approvers: readonly Keys[]
  /** Fingerprints of those whose card is not known here. */
  readonly unknown: readonly string[]
  /** Of the key; null for a ceremony without one. */
  readonly keyId: Uint8Array | null
}

/**
 * All members of a ceremony, in any role, and those whom its policy names beside them.
 * @param cards files with cards of such people, beside those that this home knows
 * @throws Failure `E_NATS_GROUP` (usage) for a card of nobody whom the policy names
 */
export async function groupOf(
  context: Pick<Context, 'existingHome'>,
  path: string,
  cards: readonly string[],
): Promise<Group> {
  const { definition, id } = readCeremony(await readNamed(path, '--definition'))
  const name = `${nameIn(definition)}-${hex(id).slice(0, 8)}`
  const members = definitionKeys(definition)
  const policy = await agreedPolicy(definition)
  return groupUnder(context, { name, members, keyId: keyIn(definition, id) }, policy, cards)
}

/** The custodians of a key in this home, and those whom its policy in force names beside them. */
export async function groupOfKey(
  context: Pick<Context, 'existingHome' | 'home'>,
  name: string,
  cards: readonly string[],
): Promise<Group> {
  const home = await context.home()
  const key = await findKey(home, name)
  const keyId = key.record.key_id
  const members = key.seated.members.map(({ card }) => card)
  const group = { name: `${name}-${hex(keyId).slice(0, 8)}`, members, keyId }
  return groupUnder(context, group, (await policyInForce(home, key))?.policy ?? null, cards)
}

async function groupUnder(
  context: Pick<Context, 'existingHome'>,
  group: Pick<Group, 'name' | 'members' | 'keyId'>,
  policy: Policy | null,
  cards: readonly string[],
): Promise<Group> {
  const titled = new Set(titleHolders(policy, group.members.map(fingerprintOf)))
  const given = (await Promise.all(cards.map((file) => readNamed(file, '--card')))).flatMap(parseCards)
  const stranger = given.find(({ fingerprint }) => !titled.has(hex(fingerprint)))
  if (stranger) {
    throw new Failure(
      'usage',
      'E_NATS_GROUP',
      `${stranger.name} has no title in the policy of this ceremony`,
      {
        hint: '--card is for people whom the policy names and who are no members; see `mpc ceremony show FILE`',
      },
    )
  }
  const { home } = await context.existingHome()
  const known = home ? (await knownCards(home)).map(({ card }) => card) : []
  const found = new Map([...known, ...given].map((card) => [hex(card.fingerprint), card]))
  return {
    ...group,
    approvers: [...titled].flatMap((each) => found.get(each) ?? []),
    unknown: [...titled].filter((each) => !found.has(each)),
  }
}

/** Fingerprints in hex of those who have a title in a policy and are none of these members. */
function titleHolders(policy: Policy | null, members: readonly Uint8Array[]): readonly string[] {
  const seated = new Set(members.map(hex))
  return [...new Set([...(policy?.titles.values() ?? [])].flat())].filter((each) => !seated.has(each))
}

export const cardAlone = (): Failure =>
  new Failure('usage', 'E_NATS_GROUP', '--card needs --definition, whose policy names the person', {
    hint: 'give --definition FILE; --cards takes members',
  })

function keyIn(definition: Definition, id: Uint8Array): Uint8Array | null {
  switch (definition.kind) {
    case 'keygen':
      return id
    case 'reshare':
    case 'refresh':
    case 'policy':
      return definition.parent_record.key_id
    case 'handshake':
    case 'sign':
    case 'presign':
      return null
    default:
      return definition satisfies never
  }
}

const nameIn = (definition: Definition): string => ('key' in definition ? definition.key : 'handshake')

/** A line for each person who cannot connect because no card is known. */
export const unknownLines = ({ unknown }: Group): string[] =>
  unknown.map((each) => `No card is known of ${each}, who has a title in the policy: give --card FILE`)

export type TlsFiles = { readonly tlsCert?: string; readonly tlsKey?: string }

/** Null if neither is given. @throws Failure `E_TLS_FILES` (usage) if only one is */
export function tlsFiles({ tlsCert, tlsKey }: TlsFiles): { cert: string; key: string } | null {
  if (tlsCert !== undefined && tlsKey !== undefined) return { cert: tlsCert, key: tlsKey }
  if (tlsCert === undefined && tlsKey === undefined) return null
  throw new Failure('usage', 'E_TLS_FILES', '--tls-cert and --tls-key must be given together', {
    hint: 'give both, or neither',
  })
}
