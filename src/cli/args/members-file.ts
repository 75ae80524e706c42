/** The members and TLS files of a server, as its flags name them. */
import { readCeremony } from '../../ceremony/definition/build.js'
import { knownCards } from '../../ceremony/contacts/contacts.js'
import { parseCards } from '../../ceremony/contacts/import-cards.js'
import { agreedPolicy } from '../../ceremony/policy/agreed-policy.js'
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
  const members = definitionKeys(definition)
  const seated = new Set(members.map((keys) => hex(fingerprintOf(keys))))
  const policy = await agreedPolicy(definition)
  const titled = new Set([...(policy?.titles.values() ?? [])].flat().filter((each) => !seated.has(each)))
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
    name: `${nameIn(definition)}-${hex(id).slice(0, 8)}`,
    members,
    approvers: [...titled].flatMap((each) => found.get(each) ?? []),
    unknown: [...titled].filter((each) => !found.has(each)),
  }
}

export const cardAlone = (): Failure =>
  new Failure('usage', 'E_NATS_GROUP', '--card needs --definition, whose policy names the person', {
    hint: 'give --definition FILE; --cards takes members',
  })

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
