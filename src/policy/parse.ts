/** Policies as people write them: YAML, of which every mistake is named with line and column. */
import { isChain } from '../payload/chain.js'
import { placeOf } from '../payload/place.js'
import { Failure } from '../wire/base/failure.js'
import { fromHex, NAME, NAME_RULE, visible } from '../wire/base/text.js'
import { type Fields, readYaml } from '../wire/base/yaml.js'
import { parseAmount } from './amounts.js'
import { type Asset, CUSTODIANS, FORMAT, type Policy, type Recipient } from './language.js'
import { readRules } from './parse-rule.js'

const MOST_CUSTODIANS = 64
/** No token has more. */
const MOST_DECIMALS = 36

/** A mistake in a policy; line and column count from 1. */
export type Mistake = { readonly line: number; readonly column: number; readonly problem: string }

/** Everything that is wrong with a policy: `E_POLICY` (usage). */
export class PolicyMistakes extends Failure {
  readonly mistakes: readonly Mistake[]

  /** @param problems as `readYaml` gives them */
  constructor(path: string, problems: readonly string[]) {
    super('usage', 'E_POLICY', problems.map((problem) => `${path}:${problem}`).join('; '), {
      hint: 'the policies in ceremonies/policies/ show how one is written',
    })
    this.mistakes = problems.map((each) => {
      const [, line, column, problem] = PLACED.exec(each) ?? []
      return { line: Number(line ?? 1), column: Number(column ?? 1), problem: problem ?? each }
    })
  }
}

const PLACED = /^([0-9]+):([0-9]+) (.*)$/s

/**
 * @param path how the file is called in messages
 * @throws PolicyMistakes with every mistake
 */
export function parsePolicy(file: Uint8Array, path: string): Promise<Policy> {
  return readYaml(file, readPolicy, (problems) => new PolicyMistakes(path, problems))
}

function readPolicy(fields: Fields): Policy {
  fields.refuseEmpty()
  if (fields.text('format') !== FORMAT) fields.reject('format', `is ${FORMAT}`)
  const titles = readTitles(fields)
  const assets = readAssets(fields)
  const recipients = readRecipients(fields)
  const presign = fields.text('presign')
  if (presign !== null && presign !== 'unattended') fields.reject('presign', 'is unattended, or left out')
  return {
    titles,
    assets,
    recipients,
    requests: readRequests(fields.fields('requests'), titles),
    reshareApprovals: readReshare(fields.fields('reshare')),
    unattendedPresign: presign === 'unattended',
    typeAmounts: readTypeAmounts(fields.fields('type-amount'), assets),
    rules: readRules(fields, { titles, assets, recipients }),
  }
}

/** The mappings of a section by their names, which the policy chooses. */
function named<T>(section: Fields | null, read: (name: string, section: Fields) => T | null): Map<string, T> {
  const found = new Map<string, T>()
  for (const name of section?.names() ?? []) {
    if (!NAME.test(name)) section?.reject(name, `is not a name: it has ${NAME_RULE}`)
    const value = section === null ? null : read(name, section)
    if (value !== null) found.set(name, value)
  }
  return found
}

function readTitles(fields: Fields): Map<string, readonly string[]> {
  return named(fields.fields('titles'), (title, section) => {
    const holders = section.list(title)
    if (title === CUSTODIANS) section.reject(title, 'is the title of every custodian, and is not given')
    if (holders === null) return null
    if (holders.length === 0) section.reject(title, 'has nobody')
    if (holders.some((holder) => fromHex(holder, 32) === null)) {
      section.reject(title, 'has fingerprints, each of 64 hex digits in small letters')
    }
    if (new Set(holders).size !== holders.length) section.reject(title, 'names a fingerprint twice')
    return holders
  })
}

function chainIn(fields: Fields): string | null {
  const chain = fields.text('chain')
  if (chain !== null && isChain(chain)) return chain
  fields.reject('chain', 'is evm: with a chain id, bitcoin, bitcoin-testnet or solana')
  return null
}

/** A place on a chain; both are complained about where they are wrong. */
function placeIn(
  fields: Fields,
  field: string,
  chain: string | null,
  words: readonly string[],
): string | null {
  const text = fields.text(field)
  if (text !== null && words.includes(text)) return text
  if (chain === null) return null
  const place = text === null ? null : placeOf(chain, text)
  if (place === null) fields.reject(field, `is no address of ${chain}, or its checksum is wrong`)
  return place
}

function readAssets(fields: Fields): Map<string, Asset> {
  const seen = new Map<string, string>()
  return named(fields.fields('assets'), (name, section) => {
    const inner = section.fields(name)
    if (inner === null) return null
    const chain = chainIn(inner)
    const contract = placeIn(inner, 'contract', chain, ['native'])
    const decimals = inner.integer('decimals')
    if (decimals === null || decimals < 0 || decimals > MOST_DECIMALS) {
      inner.reject('decimals', `is a whole number from 0 to ${MOST_DECIMALS}`)
    }
    if (chain === null || contract === null || decimals === null) return null
    // Two names with other decimals would give one amount two meanings.
    const twin = seen.get(`${chain} ${contract}`)
    if (twin !== undefined) section.reject(name, `is the same asset as ${twin}`)
    seen.set(`${chain} ${contract}`, name)
    return { name, chain, contract, decimals }
  })
}

function readRecipients(fields: Fields): Map<string, Recipient> {
  return named(fields.fields('recipients'), (name, section) => {
    const inner = section.fields(name)
    if (inner === null) return null
    const chain = chainIn(inner)
    const address = placeIn(inner, 'address', chain, [])
    return chain === null || address === null ? null : { name, chain, address }
  })
}

function readRequests(fields: Fields | null, titles: Policy['titles']): Policy['requests'] {
  const from = fields?.list('from') ?? null
  if (from?.length === 0) fields?.reject('from', 'names nobody')
  for (const title of from ?? []) {
    if (title !== CUSTODIANS && !titles.has(title)) {
      fields?.reject('from', `names the title ${visible(title)}, which is not among the titles`)
    }
  }
  return {
    from: from ?? [CUSTODIANS],
    digests: fields?.flag('digests') ?? false,
    digestLike: fields?.flag('digest-like') ?? false,
  }
}

function readReshare(fields: Fields | null): number | null {
  const approvals = fields?.integer('approvals') ?? null
  if (fields !== null && (approvals === null || approvals < 1 || approvals > MOST_CUSTODIANS)) {
    fields.reject('approvals', `is a whole number from 1 to ${MOST_CUSTODIANS}`)
  }
  return approvals
}

function readTypeAmounts(fields: Fields | null, assets: Policy['assets']): Policy['typeAmounts'] {
  return (fields?.names() ?? []).flatMap((name) => {
    const text = fields?.text(name) ?? null
    const asset = assets.get(name)
    const amount = text === null || asset === undefined ? null : parseAmount(text, asset.decimals)
    if (asset === undefined) fields?.reject(name, 'is not among the assets')
    else if (text !== null && amount === null) fields?.reject(name, `is an amount of ${name} like "10.5"`)
    return asset === undefined || amount === null ? [] : [{ asset, amount }]
  })
}
