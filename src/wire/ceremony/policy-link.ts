/**
 * A policy that a ceremony of its own brought, with everything that proves it: the definition and the certificate of
 * all custodians. Links of one epoch form a chain that begins with the policy that the epoch's record names.
 */
import { bytes, bytesUpTo, codec, list, nullable, record } from '../../protocol/core/codec.js'
import { Failure, wellFormed } from '../base/failure.js'
import { format } from '../base/realm.js'
import { hex } from '../base/text.js'
import { type Certificate, parseCertificate } from './certificate.js'
import { definitionCodec, readDefinition } from './definition.js'
import { POLICY_LIMIT, type PolicyDefinition, policyOutcome, policyVoters } from './policy-definition.js'

/** The most links in a file. A reshare begins a new chain. */
const MOST_LINKS = 1000
const LINK_LIMIT = (1 << 19) + (1 << 17) + 256

const linkCodec = codec(
  record({
    format: format('mpc/policy-link/v1'),
    definition: bytesUpTo(1 << 19),
    certificate: bytesUpTo(1 << 17),
  }),
  LINK_LIMIT,
)

export type PolicyLink = {
  readonly definition: PolicyDefinition
  /** The definition's. */
  readonly id: Uint8Array
  readonly certificate: Certificate
  readonly encoded: Uint8Array
}

const refuse = (problem: string, cause?: unknown): Failure =>
  new Failure('verification', 'E_POLICY_FILE', `this does not prove a policy: ${problem}`, {
    hint: 'ask another custodian for the file again: `mpc policy show KEY --chain -o FILE`',
    cause,
  })

export const encodeLink = (definition: PolicyDefinition, certificate: Uint8Array): Uint8Array =>
  linkCodec.encode({
    format: 'mpc/policy-link/v1',
    definition: definitionCodec.encode(definition),
    certificate,
  })

/**
 * Parses a link and checks that all custodians whom it names have certified it. Whether they are the custodians of a
 * key here, and whether it follows on another link, its caller checks.
 * @throws Failure `E_POLICY_FILE`, `E_CERTIFICATE` (verification), `E_DEFINITION` (authentication)
 */
export function parseLink(encoded: Uint8Array): PolicyLink {
  const held = wellFormed(() => linkCodec.decode(encoded), refuse)
  const { definition, id } = readDefinition(held.definition)
  if (definition.kind !== 'policy') throw refuse(`it is of a ${definition.kind}`)
  const certificate = parseCertificate(held.certificate, policyVoters(definition), policyOutcome(definition))
  if (hex(certificate.definition) !== hex(id)) throw refuse('its certificate is of another ceremony')
  return { definition, id, certificate, encoded }
}

const chainShape = record({
  format: format('mpc/policy-chain/v1'),
  key_id: bytes(32),
  /** Record digest of the epoch to which the policies belong. */
  record: bytes(32),
  /** The policy that the record names; null: none. */
  first: nullable(bytesUpTo(POLICY_LIMIT, 1)),
  /** In order. */
  links: list(bytesUpTo(LINK_LIMIT), 0, MOST_LINKS),
})
const chainCodec = codec(chainShape, 1 << 26)

export type PolicyChain = Omit<ReturnType<typeof chainCodec.decode>, 'format'>

/** The policies of an epoch in one file, for a home that lacks them. */
export const encodeChain = (chain: PolicyChain): Uint8Array =>
  chainCodec.encode({ format: 'mpc/policy-chain/v1', ...chain })

/** @throws Failure `E_POLICY_FILE` (verification); its links are parsed one by one */
export const parseChain = (file: Uint8Array): PolicyChain => wellFormed(() => chainCodec.decode(file), refuse)
