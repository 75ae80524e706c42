/** Ceremony files, for machines and people. */
import { type CeremonyFile, missingFrom, participantsOf, signersOf } from '../../ceremony/definition/build.js'
import { listed } from '../../ceremony/epochs/remaining-quorum.js'
import type { Status } from '../../ceremony/contacts/contacts.js'
import { agreedPolicy, policyBytes } from '../../ceremony/policy/agreed-policy.js'
import { type Card, fingerprintOf, type Keys } from '../../wire/identity/card.js'
import { custodiansOf, definitionKeys, type ReshareDefinition } from '../../wire/ceremony/definition.js'
import {
  dealersOf,
  isKeyDefinition,
  isReshare,
  isVoted,
  membersOf as membersIn,
  watchersNeeded,
  watchersOf,
} from '../../wire/ceremony/key-definition.js'
import type { PolicyDefinition } from '../../wire/ceremony/policy-definition.js'
import { sha256 } from '../../wire/base/hash.js'
import { hex, rfc3339 } from '../../wire/base/text.js'
import { fields } from '../terminal/style.js'
import { policyLines } from './policy-rules.js'
import { humanTime } from './time.js'

type Member = {
  readonly name: string
  readonly fingerprint: string
  readonly role: string
  /** Of the member's new share; null if it gets none. */
  readonly index: number | null
}

/** A ceremony file in the JSON contract. @param file absolute path */
export function definitionData(ceremony: CeremonyFile, file: string): Readonly<Record<string, unknown>> {
  const { definition, id } = ceremony
  const about = isKeyDefinition(definition) ? definition : null
  const voted = isVoted(definition) ? definition : null
  const reshare = isReshare(definition) ? definition : null
  const change = definition.kind === 'policy' ? definition : null
  const policy = policyBytes(definition)
  return {
    definition_id: hex(id),
    kind: definition.kind,
    key: voted?.key ?? null,
    scheme: about?.scheme ?? null,
    threshold: about?.threshold ?? null,
    members: membersOf(ceremony),
    participants: names(participantsOf(ceremony)),
    dealers: reshare ? dealersOf(reshare).map(({ card }) => card.name) : [],
    ...(change && {
      parent: hex(change.parent),
      supersedes: change.supersedes?.map(hex) ?? null,
      policy_number: change.number,
      policy_previous: change.previous && hex(change.previous),
      rebound: names(change.rebinds.map(({ card }) => card)),
    }),
    ...(reshare && {
      parent: hex(reshare.parent),
      supersedes: reshare.supersedes?.map(hex) ?? null,
      minority: reshare.minority,
      rebound: names(reshare.rebinds.map(({ card }) => card)),
      watchers: names(watchersOf(reshare)),
      watchers_needed: watchersNeeded(reshare),
    }),
    policy_sha256: policy && hex(sha256(policy)),
    signed_by: names(signersOf(ceremony)),
    missing: names(missingFrom(ceremony)),
    not_before: voted && rfc3339(voted.not_before),
    expires: voted && rfc3339(voted.expires),
    rehearsal: voted?.rehearsal ?? false,
    warnings: warningsOf(ceremony),
    file,
  }
}

/**
 * @param statusOf how far this home trusts each member's keys
 * @throws Failure as `agreedPolicy`
 */
export async function definitionLines(
  ceremony: CeremonyFile,
  now: number,
  statusOf: (keys: Keys) => Status | 'unknown' | null = () => null,
): Promise<string[]> {
  const { definition, id } = ceremony
  const signed = signersOf(ceremony)
  const members = definitionKeys(definition)
  const roles = membersOf(ceremony)
  const rows = members.map((keys, i) => {
    const status = statusOf(keys)
    const notes = [
      roles[i]?.role,
      ...(status === null ? [] : [STATUS[status]]),
      ...(signed.includes(keys) ? ['has signed'] : []),
    ]
    return [keys.name, `${notes.join(', ')}\n${hex(fingerprintOf(keys))}`] as const
  })
  return [
    ...headOf(ceremony, now),
    ...fields(rows),
    ...(await policyOf(definition)),
    ...fields([['ID', hex(id)]]),
  ]
}

/** The policy that the key gets or keeps, in words. */
async function policyOf(definition: CeremonyFile['definition']): Promise<string[]> {
  if (definition.kind === 'handshake') return []
  const [policy, bytes] = [await agreedPolicy(definition), policyBytes(definition)]
  if (policy === null || bytes === null) return ['No policy.']
  const what = definition.kind === 'policy' ? 'The new policy' : 'The key has a policy'
  return [`${what}, sha256 ${hex(sha256(bytes))}:`, ...policyLines(policy).map((line) => `  ${line}`)]
}

const STATUS: Readonly<Record<Status | 'unknown', string>> = {
  self: 'you',
  verified: 'verified',
  unverified: 'NOT VERIFIED',
  unknown: 'NOT KNOWN HERE',
}

function headOf(file: CeremonyFile, now: number): string[] {
  const { definition } = file
  if (definition.kind === 'handshake') return [`Handshake of ${definition.members.length} members`]
  if (definition.kind === 'policy') return changeHead(definition, now)
  const { key, rehearsal, threshold, scheme } = definition
  const custodians = custodiansOf(definition).length
  return [
    `${rehearsal ? 'REHEARSAL: ' : ''}${WHAT[definition.kind]} the key ${key}`,
    `${threshold} of ${custodians} must sign; ${scheme}`,
    ...warningsOf(file).map((warning) => `WARNING: ${warning}`),
    ...(definition.kind === 'keygen' ? [] : beforeOf(definition)),
    ...whenOf(definition, now),
  ]
}

/** What a policy change replaces. */
function changeHead(definition: PolicyDefinition, now: number): string[] {
  const { key, rehearsal, parent_record: old, number, previous, supersedes } = definition
  return [
    `${rehearsal ? 'REHEARSAL: ' : ''}Change the policy of the key ${key}`,
    `all ${old.members.length} custodians of epoch ${old.epoch} take part; shares and public key stay`,
    previous
      ? `policy ${number} replaces policy ${number - 1}, sha256 ${hex(previous)}`
      : 'the first policy of the key: until now it has none',
    ...replacing(supersedes),
    ...whenOf(definition, now),
  ]
}

const replacing = (supersedes: readonly Uint8Array[] | null): string[] =>
  supersedes
    ? [`REPLACES ${listed(supersedes.map(hex))}: a vote in this one rejects ${outcomeOf(supersedes)}`]
    : []

/** Thresholds that deserve a second look. */
export function warningsOf({ definition }: CeremonyFile): string[] {
  if (!isKeyDefinition(definition)) return []
  const { threshold } = definition
  const count = custodiansOf(definition).length
  return [
    ...(threshold === count
      ? [`All ${count} must sign. If one loses its share and has no backup, the key is lost.`]
      : []),
    ...(2 * threshold <= count
      ? [
          `Half of the custodians or fewer must sign, so two separate groups of ${threshold} can each sign alone.`,
        ]
      : []),
  ]
}

const WHAT = { keygen: 'Make', reshare: 'Reshare', refresh: 'Refresh' } as const

/** The changes of a reshare, with everything unusual. */
function beforeOf(definition: ReshareDefinition): string[] {
  const { parent_record: old, rebinds, supersedes, minority } = definition
  const watchers = names(watchersOf(definition)).join(', ')
  const needed = watchersNeeded(definition)
  return [
    `now ${old.threshold} of ${old.members.length}, epoch ${old.epoch}; the public key stays`,
    `dealt by ${names(dealersOf(definition).map(({ card }) => card)).join(', ')}`,
    ...rebinds.map(
      ({ card, old: before }) =>
        `${card.name} has a new identity by a rebind; the old one, ${hex(before).slice(0, 16)}, is no longer valid`,
    ),
    ...(minority ? [`BY A MINORITY; not asked: ${watchers || 'nobody'}, who could make another one`] : []),
    ...(needed > 0 ? [`needs consent from ${needed} of ${watchers}: they run this too`] : []),
    ...replacing(supersedes),
  ]
}

export const outcomeOf = (ceremonies: readonly Uint8Array[]): string =>
  ceremonies.length === 1 ? 'its result' : 'their results'

/** The time window, the most urgent part first. */
function whenOf(
  { not_before: from, expires }: { not_before: number; expires: number },
  now: number,
): string[] {
  if (expires <= now) return [`EXPIRED ${humanTime(expires, now)}: its author can make a new one`]
  const until = `expires ${humanTime(expires, now)}`
  return from > now ? [`NOT YET: begins ${humanTime(from, now)}`, until] : [until]
}

function membersOf({ definition }: CeremonyFile): Member[] {
  if (definition.kind === 'handshake') {
    return definition.members.map((keys) => member(keys, 'member', null))
  }
  if (definition.kind === 'policy') {
    return membersIn(definition).map((card, i) => member(card, 'custodian', i + 1))
  }
  let index = 0
  const members = definition.members.map(({ card, role }) => {
    const custodian = role === 'custodian'
    if (custodian) index += 1
    return member(card, role, custodian ? index : null)
  })
  const leaving = membersIn(definition).slice(members.length)
  const dealers = definition.kind === 'keygen' ? [] : definition.dealers.map(hex)
  const roleOf = (card: Card) => (dealers.includes(hex(card.fingerprint)) ? 'deals and leaves' : 'leaves')
  return [...members, ...leaving.map((card) => member(card, roleOf(card), null))]
}

const member = (keys: Keys, role: string, index: number | null): Member => ({
  name: keys.name,
  fingerprint: hex(fingerprintOf(keys)),
  role,
  index,
})

const names = (all: readonly Keys[]): string[] => all.map(({ name }) => name)
