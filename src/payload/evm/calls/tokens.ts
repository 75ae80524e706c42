/** Tokens and their amounts. A name and decimals count only for the contract on its chain. */
import { TOKENS } from 'micro-eth-signer/abi.js'
import { decimal } from '../../decimal.js'
import type { Report } from '../base/report.js'
import { wrapperOf } from './contracts.js'

export type Token = {
  readonly contract: string
  /** Null for a token that is not known. */
  readonly symbol: string | null
  /** `5 USDC`, `5 units of the token 0x...` */
  readonly short: (amount: bigint) => string
  /** `5 USDC (5000000 of its smallest unit)` */
  readonly exact: (amount: bigint) => string
  /** `5000000 of its smallest unit` */
  readonly raw: (amount: bigint) => string
}

/** The library's list is of Ethereum alone. */
const LISTED_CHAIN = 1n

function listed(chain: bigint | null, contract: string): { symbol: string; decimals: number } | null {
  const key = contract.toLowerCase()
  if (chain === LISTED_CHAIN && Object.hasOwn(TOKENS, key)) return TOKENS[key] ?? null
  const symbol = wrapperOf(chain, contract)
  return symbol === null ? null : { symbol, decimals: 18 }
}

/** @param contract EIP-55 */
export function tokenOf(chain: bigint | null, contract: string): Token {
  const known = listed(chain, contract)
  const raw = (amount: bigint): string => `${amount} of its smallest unit`
  if (known === null) {
    return {
      contract,
      symbol: null,
      short: (amount) => `${amount} units of the token ${contract}`,
      exact: raw,
      raw,
    }
  }
  const short = (amount: bigint): string => `${decimal(amount, known.decimals)} ${known.symbol}`
  const exact = (amount: bigint): string => `${short(amount)} (${raw(amount)})`
  return { contract, symbol: known.symbol, short, exact, raw }
}

/** The same, for functions in which a contract that is not known may read the id of an NFT. */
export function tokenOrNft(chain: bigint | null, contract: string): Token {
  const token = tokenOf(chain, contract)
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

/** A row for the token; a token that is not known is warned of. */
export function tokenRow(token: Token, out: Report): void {
  const { contract, symbol } = token
  out.row(
    'token',
    symbol === null
      ? `${contract}, not known here`
      : `${symbol}, ${contract} (known to this program's list, not to your policy)`,
  )
  if (symbol === null) {
    out.warn(
      'caution',
      `The token ${contract} is not known here: what a unit is worth, and whether it does what a token should.`,
    )
  }
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
