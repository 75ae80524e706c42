/** The policies of a key in one file, for another custodian's home that was restored or is behind. */
import { equalBytes } from '../../protocol/core/codec.js'
import { lockKey } from '../../storage/home/epochs.js'
import type { Home } from '../../storage/home/home.js'
import { readPolicyFile, stagePolicy } from '../../storage/home/policies.js'
import { Failure } from '../../wire/base/failure.js'
import { encodeChain, parseChain, parseLink } from '../../wire/ceremony/policy-link.js'
import type { KeyRecord } from '../../wire/key/record.js'
import { activateLink } from './activate-link.js'
import { chainHere, follows, type Guarded } from './policy-chain.js'
import { numberInForce } from './policy-in-force.js'

/** @throws Failure as `policyInForce` */
export async function exportPolicies(home: Home, key: Guarded): Promise<Uint8Array> {
  const chain = await chainHere(home, key, await numberInForce(home, key))
  return encodeChain({
    key_id: key.record.key_id,
    record: key.digest,
    first: chain.find(({ link }) => link === null)?.bytes ?? null,
    links: chain.flatMap(({ link }) => (link ? [link.encoded] : [])),
  })
}

/** Number of the last policy in a file, 0 if there is none. @throws Failure `E_POLICY_FILE` (verification) */
export const newestIn = (file: Uint8Array, { policy }: KeyRecord): number =>
  (policy?.number ?? 0) + parseChain(file).links.length

/**
 * Takes in the policies that another custodian has written, each checked from the first on.
 * @returns the numbers of those that were not here
 * @throws Failure `E_POLICY_FILE` (verification) for a file that is damaged, cut, or of another key or epoch;
 *   `E_POLICY_OLDER` (conflict) if a later policy is in force here; as `activateLink`
 */
export async function importPolicies(home: Home, key: Guarded, file: Uint8Array): Promise<readonly number[]> {
  const { key_id, record, first, links } = parseChain(file)
  if (!equalBytes(key_id, key.record.key_id)) throw refuse('it is of another key', key.name)
  if (!equalBytes(record, key.digest))
    throw refuse('it is of another epoch than the one in use here', key.name)
  const parsed = links.map(parseLink)
  const begins = key.record.policy?.number ?? 0
  const last = begins + parsed.length
  if (parsed.some(({ definition }, i) => definition.number !== begins + i + 1))
    throw refuse('its policies do not follow on each other', key.name)
  if (last < (await numberInForce(home, key))) throw older(key.name, last)
  const added: number[] = []
  const lacks = async (number: number): Promise<boolean> =>
    (await readPolicyFile(home, key.name, number, 'yaml')) === null
  if ((first === null) !== (key.record.policy === null)) throw refuse('its first policy is missing', key.name)
  if (first !== null) {
    follows(key, null, { number: begins, bytes: first, link: null })
    if (await lacks(begins)) added.push(begins)
    await using _ = await lockKey(home, key.name)
    await stagePolicy(home, key.name, begins, { yaml: first })
  }
  for (const link of parsed) {
    const isNew = await lacks(link.definition.number)
    await activateLink(home, key, link)
    if (isNew) added.push(link.definition.number)
  }
  return added
}

const refuse = (problem: string, name: string): Failure =>
  new Failure('verification', 'E_POLICY_FILE', `these are not the policies of ${name}: ${problem}`, {
    hint: `nothing was changed; ask a custodian whose epoch is the same: \`mpc policy show ${name} --chain -o FILE\``,
  })

const older = (name: string, last: number): Failure =>
  new Failure(
    'conflict',
    'E_POLICY_OLDER',
    `the file ends with policy ${last} of ${name}, and a later one is in force here`,
    {
      hint: 'nothing was changed; the home where it was written is behind',
    },
  )
