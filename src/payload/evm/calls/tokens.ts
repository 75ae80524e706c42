/** Tokens and their amounts. A name and decimals count only for the contract on its chain. */
import { TOKENS } from 'micro-eth-signer/abi.js'
import { decimal } from '../../decimal.js'
import type { Known } from '../../decoder.js'
import { comparable } from '../../chain.js'
import type { Report } from '../base/report.js'
import type { Call } from './call.js'
import { wrapperOf } from './contracts.js'

export type Token = {
  readonly contract: string
  /** Null for a token that is not known. */
  readonly symbol: string | null
  /** Whether the symbol and the decimals are the policy's. */
  readonly isByPolicy: boolean
  /** `5 USDC`, `5 units of the token 0x...` */
  readonly short: (amount: bigint) => string
  /** `5 USDC (5000000 of its smallest unit)` */
  readonly exact: (amount: bigint) => string
  /** `5000000 of its smallest unit` */
  readonly raw: (amount: bigint) => string
}

/** Where a token is spoken of. */
type Place = { readonly call: Pick<Call, 'chain'>; readonly out: Report }

/** The library's list is of Ethereum alone. */
const LISTED_CHAIN = 1n

type Listed = { readonly symbol: string; readonly decimals: number }

/** The policy's name and decimals of a token. */
function named({ chain, known }: Report, contract: string): Listed | null {
  const isIt = (token: Known['tokens'][number]): boolean =>
    token.chain === chain && comparable(chain, token.contract) === comparable(chain, contract)
  const found = known?.tokens.find(isIt)
  return found ? { symbol: found.name, decimals: found.decimals } : null
}

function listed(chain: bigint | null, contract: string): Listed | null {
  const key = contract.toLowerCase()
  if (chain === LISTED_CHAIN && Object.hasOwn(TOKENS, key)) return TOKENS[key] ?? null
  const symbol = wrapperOf(chain, contract)
  return symbol === null ? null : { symbol, decimals: 18 }
}

/** @param contract EIP-55 */
export function tokenOf({ call: { chain }, out }: Place, contract: string): Token {
  const own = named(out, contract)
  const known = own ?? listed(chain, contract)
  const raw = (amount: bigint): string => `${amount} of its smallest unit`
  if (known === null) {
    return {
      contract,
      symbol: null,
      isByPolicy: false,
      short: (amount) => `${amount} units of the token ${contract}`,
      exact: raw,
      raw,
    }
  }
  const short = (amount: bigint): string => `${decimal(amount, known.decimals)} ${known.symbol}`
  const exact = (amount: bigint): string => `${short(amount)} (${raw(amount)})`
  return { contract, symbol: known.symbol, isByPolicy: own !== null, short, exact, raw }
}

/** The same, for functions in which a contract that is not known may read the id of an NFT. */
export function tokenOrNft(place: Place, contract: string): Token {
  const token = tokenOf(place, contract)
  if (token.symbol !== null) return token
  const raw = (amount: bigint): string => `${token.raw(amount)}, or the NFT with the id ${amount}`
  return {
    ...token,
    short: (amount) => `${amount} units, or the NFT with the id ${amount}, of the token ${contract}`,
    exact: raw,
    raw,
  }
}

export const tokenName = ({ symbol, contract }: Token): string =>
  symbol === null ? `the token ${contract}` : symbol

/** The token of a contract, with a row for it; a token that is not known is warned of. */
export function tokenIn(place: Place, contract: string, of = tokenOf): Token {
  const token = of(place, contract)
  const { out } = place
  const { symbol, isByPolicy } = token
  const by = isByPolicy ? 'named by your policy' : "known to this program's list, not to your policy"
  out.row('token', symbol === null ? `${contract}, not known here` : `${symbol}, ${contract} (${by})`)
  if (symbol === null) {
    out.warn(
      'caution',
      `The token ${contract} is not known here: what a unit is worth, and whether it does what a token should.`,
    )
  }
  return token
}

/** From half of what a number of so many bits can say, an allowance is without limit in practice. */
export const isUnlimited = (amount: bigint, bits: number): boolean => amount >> BigInt(bits - 1) > 0n

/** A spender's allowance: an amount for effects, and words. */
export function allowance(token: Token, amount: bigint, bits: number) {
  const unlimited = isUnlimited(amount, bits)
  return {
    amount: unlimited ? null : amount,
    short: unlimited ? `unlimited ${symbolOrUnits(token)}` : token.short(amount),
    exact: unlimited ? `unlimited (${token.raw(amount)})` : token.exact(amount),
    unlimited,
  }
}

const symbolOrUnits = ({ symbol, contract }: Token): string => symbol ?? `units of the token ${contract}`

export function warnUnlimited(out: Report, token: Token, owner: string, spender: string): void {
  out.warn(
    'danger',
    `Unlimited: ${spender} may take all of ${tokenName(token)} that ${owner} has or will have.`,
  )
}
