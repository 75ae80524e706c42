/** Ceremony files: made from a plan, read, signed by their members, and merged. */
import { CodecError } from '../../protocol/core/codec.js'
import { engineOf } from '../../protocol/engines/registry.js'
import { SCHEMES, type Scheme } from '../../protocol/group/scheme.js'
import type { Rng } from '../../protocol/core/session.js'
import { type Card, fingerprintOf, type Keys } from '../../wire/identity/card.js'
import {
  acceptDefinition,
  type DefinitionFile,
  definitionCodec,
  definitionId,
  definitionKeys,
  type HandshakeDefinition,
  type KeygenDefinition,
  parseDefinition,
  readDefinition,
  type Role,
  type Signature,
} from '../../wire/ceremony/definition.js'
import { isVoted, playersOf, type VotedDefinition } from '../../wire/ceremony/key-definition.js'
import type { Identity } from '../../wire/identity/identity.js'
import { Failure } from '../../wire/base/failure.js'
import { isRehearsal } from '../../wire/base/realm.js'
import { hex, rfc3339, visible } from '../../wire/base/text.js'
import { wordsOf } from '../../wire/base/safety-words.js'
import { type KeygenPlan, problemsOf, rolesOf } from './keygen-plan.js'
import { parseSpan, parseTime } from '../../wire/base/duration.js'
import { type Known, meaningOf } from '../contacts/contacts.js'

/** A ceremony that people agree on by a file. Signing orders are agreed on within the signing. */
export type CeremonyFile = DefinitionFile & { readonly definition: VotedDefinition | HandshakeDefinition }

/** When and with what randomness a definition is made. */
export type At = { readonly now: number; readonly rng: Rng }

const WEEK = 7 * 86_400_000
const ROLE: Readonly<Record<string, Role>> = {
  members: 'custodian',
  observers: 'observer',
}

/**
 * The definition of a key generation; custodians come first, in the order of the plan.
 * @param policy the bytes of the key's policy
 * @throws Failure (usage) `E_PLAN` for a problem with the plan; (configuration) `E_UNKNOWN_PEER`
 */
export function buildKeygen(
  plan: KeygenPlan,
  known: readonly Known[],
  { now, rng }: At,
  policy: Uint8Array | null = null,
): KeygenDefinition {
  const problems = problemsOf(plan).map(({ field, problem }) => `--${field} ${problem}`)
  if (problems.length > 0) throw badPlan(problems.join('; '))
  const scheme = SCHEMES.find((each) => each === plan.scheme) as Scheme
  return whole({
    kind: 'keygen',
    key: plan.key,
    scheme,
    engine: engineOf(scheme).name,
    threshold: plan.threshold,
    members: rolesOf(plan).flatMap(([field, names]) =>
      names.map((name) => ({ card: meaningOf(known, name).card, role: ROLE[field] as Role })),
    ),
    policy,
    parent: null,
    dealers: null,
    supersedes: null,
    minority: false,
    ...timesOf(plan, now),
    nonce: rng(32),
    rehearsal: isRehearsal(),
  })
}

/** The period in which a ceremony may be held. @throws Failure `E_PLAN` (usage) */
export function timesOf(
  plan: { readonly notBefore: string | null; readonly expires: string | null },
  now: number,
): { readonly not_before: number; readonly expires: number } {
  const notBefore = plan.notBefore === null ? now : parseTime(plan.notBefore)
  if (notBefore === null) throw badPlan('--not-before is a time like 2030-01-31T09:00:00Z')
  const span = plan.expires === null ? WEEK : parseSpan(plan.expires)
  const expires = span === null ? parseTime(plan.expires as string) : notBefore + span
  if (expires === null)
    throw badPlan('--expires is a time like 2030-01-31T09:00:00Z, or a span like 12h or 7d')
  if (expires <= now) throw badPlan(`--expires ${rfc3339(expires)} has passed`)
  return { not_before: notBefore, expires }
}

/** The definition, if it satisfies every rule. @throws Failure `E_PLAN` (usage) */
export function whole<D extends VotedDefinition>(definition: D): D {
  try {
    definitionCodec.decode(definitionCodec.encode(definition))
  } catch (cause) {
    if (cause instanceof CodecError) throw badPlan(cause.message, cause)
    throw cause
  }
  return definition
}

export const badPlan = (problem: string, cause?: unknown): Failure =>
  new Failure('usage', 'E_PLAN', problem, { hint: 'see `mpc ceremony new --help`; nothing was made', cause })

/** A definition without signatures. */
export const unsigned = (definition: CeremonyFile['definition']): CeremonyFile => ({
  definition,
  id: definitionId(definition),
  signatures: [],
})

/** @throws Failure `E_DEFINITION` (authentication); `E_NOT_A_CEREMONY` (usage) for a signing order */
export const readCeremony = (bytes: Uint8Array): CeremonyFile => agreedByFile(parseDefinition(bytes))

/** The same from a bare definition without signatures. */
export const readPublished = (encoded: Uint8Array): CeremonyFile => agreedByFile(readDefinition(encoded))

function agreedByFile({ definition, id, signatures }: DefinitionFile): CeremonyFile {
  if (definition.kind !== 'sign' && definition.kind !== 'presign') return { definition, id, signatures }
  const isOrder = definition.kind === 'sign'
  const what = isOrder ? 'the order of a signing' : 'a making of presignatures'
  throw new Failure('usage', 'E_NOT_A_CEREMONY', `this is ${what}, which takes no signatures by file`, {
    hint: isOrder
      ? 'to take part in a signing: `mpc sign --key NAME --next`'
      : 'to take part in it: `mpc presign --key NAME --signers NAMES --count N`',
  })
}

/** The command by which a member takes part. */
export const commandOf = ({ kind }: VotedDefinition): string => (kind === 'policy' ? 'policy apply' : kind)

/** The participants in the rounds, whose signatures the ceremony needs. */
export const participantsOf = ({ definition }: CeremonyFile): readonly Keys[] =>
  isVoted(definition) ? playersOf(definition) : definition.members

/** The members whose signature is on the file. */
export const signersOf = (file: CeremonyFile): readonly Keys[] =>
  definitionKeys(file.definition).filter((keys) => hasSigned(file, keys))

/** The participants whose signature is missing. */
export const missingFrom = (file: CeremonyFile): readonly Keys[] =>
  participantsOf(file).filter((keys) => !hasSigned(file, keys))

const hasSigned = ({ signatures }: CeremonyFile, keys: Keys): boolean =>
  signatures.some(({ fingerprint }) => hex(fingerprint) === hex(fingerprintOf(keys)))

/** Two words of the ID for a person to type, never to compare: they are too short. */
export const acceptanceWords = (id: Uint8Array): string => wordsOf(id.subarray(0, 2)).join(' ').toLowerCase()

/** @throws Failure `E_NOT_MEMBER` (authentication) unless a member has all keys of this card */
export function checkMember({ definition }: CeremonyFile, card: Card): void {
  if (definitionKeys(definition).some((keys) => hex(fingerprintOf(keys)) === hex(card.fingerprint))) return
  const namesake = definitionKeys(definition).some((keys) => keys.name === card.name)
  throw new Failure(
    'authentication',
    'E_NOT_MEMBER',
    `${card.name} of this home is not a member of this ceremony`,
    {
      party: card.name,
      hint: namesake
        ? `it names another ${card.name}, with other keys: ask its author`
        : 'is this the right --home?',
    },
  )
}

/** @throws Failure `E_ACCEPT` (authentication) unless `accepted`, 64 hex digits, is the file's ID */
export const checkAccepted = ({ id }: CeremonyFile, accepted: string): void =>
  checkAcceptedId(hex(id), accepted)

/** As `checkAccepted`, if only the ID is known. */
export function checkAcceptedId(id: string, accepted: string): void {
  if (accepted === id) return
  throw new Failure('authentication', 'E_ACCEPT', 'this is not the ceremony that --accept names', {
    hint: `its id is ${id}: look at it with \`mpc ceremony show\` before you accept it`,
  })
}

/** @throws Failure `E_EXPIRED` (absent) */
export function checkNotExpired({ definition }: CeremonyFile, now: number): void {
  if (!isVoted(definition) || now < definition.expires) return
  throw new Failure('absent', 'E_EXPIRED', `this ceremony expired at ${rfc3339(definition.expires)}`, {
    hint: 'make a new one: `mpc ceremony new`',
  })
}

/** The file with this member's signature added. @throws Failure `E_NOT_MEMBER` (authentication) */
export function signCeremony(file: CeremonyFile, card: Card, identity: Identity): CeremonyFile {
  checkMember(file, card)
  const own = { fingerprint: card.fingerprint, signature: acceptDefinition(identity.signing, file.id) }
  return { ...file, signatures: unite([...file.signatures, own]) }
}

/** One file with everybody's signatures. @throws Failure `E_DEFINITION_DIFFERS` (authentication) */
export function mergeCeremonies(
  files: readonly { readonly path: string; readonly file: CeremonyFile }[],
): CeremonyFile {
  const [first, ...others] = files
  if (!first) throw new RangeError('nothing to merge')
  for (const { path, file } of others) {
    if (hex(file.id) === hex(first.file.id)) continue
    throw new Failure(
      'authentication',
      'E_DEFINITION_DIFFERS',
      `${visible(path)} is another ceremony than ${visible(first.path)}`,
      {
        hint: `their ids are ${hex(file.id)} and ${hex(first.file.id)}: compare them with \`mpc ceremony show\``,
      },
    )
  }
  return { ...first.file, signatures: unite(files.flatMap(({ file }) => file.signatures)) }
}

/** One signature per member, sorted by fingerprint. */
export function unite(signatures: readonly Signature[]): readonly Signature[] {
  const byMember = new Map(signatures.map((signature) => [hex(signature.fingerprint), signature]))
  return [...byMember].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, signature]) => signature)
}
