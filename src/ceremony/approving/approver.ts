/** A key as somebody knows it who approves or refuses its requests: by a share of it, or by its public record. */
import { equalBytes } from '../../protocol/core/codec.js'
import { CUSTODIANS } from '../../policy/language.js'
import { parsePolicy } from '../../policy/parse.js'
import type { Home } from '../../storage/home/home.js'
import { Failure } from '../../wire/base/failure.js'
import { sha256 } from '../../wire/base/hash.js'
import { hex } from '../../wire/base/text.js'
import type { PublicRecord } from '../../wire/ceremony/certified-record.js'
import type { Card } from '../../wire/identity/card.js'
import { recordDigest } from '../../wire/key/record.js'
import { findKey } from '../epochs/find-key.js'
import type { Key, Seats } from '../keys/key.js'
import { formerIn } from '../keys/former.js'
import { type InForce, policyInForce } from '../policy/policy-in-force.js'

export type Approver = {
  readonly key: Pick<Key, 'name' | 'record' | 'seated' | 'digest' | 'everyRebind'>
  readonly policy: InForce
  /** The titles that this identity has, `custodians` among them for a custodian; at least one. */
  readonly titles: readonly string[]
}

/**
 * By the key of this home. @throws Failure as `findKey` and `policyInForce`; `E_NO_TITLE` (refused)
 */
export async function approverHere(home: Home, name: string, self: Card): Promise<Approver> {
  const key = await findKey(home, name)
  const policy = await policyInForce(home, key)
  if (policy) return { key, policy, titles: titlesIn(key, policy, self) }
  throw new Failure('refused', 'E_NO_TITLE', `${name} has no policy, so approvals count for nothing`, {
    hint: `its custodians approve by signing: \`mpc sign --key ${name} --next\``,
  })
}

/** The public record of a key and its policy, as a custodian exported them. */
export type Exported = PublicRecord & {
  /** The file of the policy. */
  readonly policy: Uint8Array
  /** The name of that file, for messages. */
  readonly path: string
}

/**
 * By what a custodian has exported.
 * @param name how the key is called here
 * @throws Failure `E_NOT_CERTIFIED` (verification), `E_POLICY` (usage), `E_NO_TITLE` (refused)
 */
export async function approverByRecord(name: string, exported: Exported, self: Card): Promise<Approver> {
  const { record, certificate } = exported
  if (certificate === null) {
    throw new Failure('verification', 'E_NOT_CERTIFIED', 'the record has no certificate with it', {
      hint: `a custodian's \`mpc key show ${name} --export -o FILE\` writes both`,
    })
  }
  const policy = {
    sha256: sha256(exported.policy),
    policy: await parsePolicy(exported.policy, exported.path),
  }
  const key = { name, record, seated: record, everyRebind: [], digest: recordDigest(record) }
  return { key, policy, titles: titlesIn(key, policy, self) }
}

/** The titles of an identity under a policy; a former identity of a seat has none. */
export function titlesOf(key: Seats, { policy }: InForce, fingerprint: Uint8Array): readonly string[] {
  if (isFormer(key, fingerprint)) return []
  const held = [...policy.titles].filter(([, holders]) => holders.includes(hex(fingerprint)))
  const isCustodian = key.seated.members.some(({ card }) => hex(card.fingerprint) === hex(fingerprint))
  return [...held.map(([title]) => title), ...(isCustodian ? [CUSTODIANS] : [])]
}

const isFormer = (key: Seats, fingerprint: Uint8Array): boolean =>
  formerIn(key).some((each) => equalBytes(each, fingerprint))

/** @throws Failure `E_NO_TITLE` (refused) if there is none */
function titlesIn(key: Approver['key'], policy: InForce, self: Card): readonly string[] {
  const titles = titlesOf(key, policy, self.fingerprint)
  if (titles.length > 0) return titles
  if (isFormer(key, self.fingerprint)) {
    throw new Failure(
      'refused',
      'E_NO_TITLE',
      `this identity of ${self.name} has had a seat of ${key.name} and has none now, so its word counts for nobody, whatever title names it`,
      { hint: 'approve from the home of the present identity; a title of the policy has to name that one' },
    )
  }
  throw new Failure('refused', 'E_NO_TITLE', `${self.name} has no title in the policy of ${key.name}`, {
    hint: `titles go by fingerprint, and yours is ${hex(self.fingerprint)}: ask for a policy that names it, or for the one in force`,
  })
}
