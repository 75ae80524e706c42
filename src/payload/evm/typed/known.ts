/**
 * Typed data that this program knows: permits of EIP-2612 and of DAI, those of Permit2, transfers of EIP-3009, and the
 * transactions of a Safe.
 * The types must be these, letter by letter: the same words with other fields mean something else.
 */
import { expiryOf, timeOf } from '../base/amounts.js'
import { SOME_KEY } from '../base/signer.js'
import type { Report } from '../base/report.js'
import type { Reader } from '../calls/call.js'
import { contractName } from '../calls/contracts.js'
import { approval, recipientRow } from '../calls/erc20.js'
import { contextOf } from '../calls/read-call.js'
import { isOperation, safeTransaction } from '../calls/safe.js'
import { tokenIn } from '../calls/tokens.js'
import type { Schema } from './schema.js'

export type Asked = {
  /** Of the domain; null without one. */
  readonly chain: bigint | null
  /** EIP-55: the contract that takes the signature. */
  readonly contract: string
  /** EIP-55: whose signature it is; or `SOME_KEY`. */
  readonly signer: string
  readonly out: Report
  /** Readers of functions beyond those that are built in. */
  readonly more: readonly Reader[]
}

type Known = (value: unknown, asked: Asked) => string | null

/**
 * The type that is signed has these fields, so its value has this form.
 * @param say gives the deed in words; null, before anything is reported, if no contract would take these values
 */
const known =
  <T>(say: (values: T, asked: Asked) => string | null): Known =>
  (value, asked) =>
    say(value as T, asked)

type Allowed = {
  readonly contract: string
  readonly spender: string
  readonly amount: bigint
  readonly bits: number
  readonly owner: string
}

function permit({ chain, signer, out }: Asked, { contract, spender, amount, bits, owner }: Allowed): string {
  const token = tokenIn({ call: { chain }, out }, contract)
  warnOfOwner(owner, signer, out)
  const words = approval({ out }, { kind: 'permit', token, owner, spender, amount, bits })
  return `allows ${spender} to spend ${words}`
}

function warnOfOwner(owner: string, signer: string, out: Report): void {
  if (signer !== SOME_KEY && owner !== signer) {
    out.warn('caution', `The owner ${owner} is not this key, so the signature permits nothing by itself.`)
  }
}

/** One of Permit2's, which may be asked for by another contract of the same form. */
function byPermit2(
  asked: Asked,
  spender: string,
  list: readonly (readonly [string, bigint])[],
  bits: number,
): string {
  const { chain, contract, signer, out } = asked
  if (contractName(chain, contract) !== 'Permit2') {
    out.effect('unknown', { recipient: contract })
    out.warn(
      'danger',
      `${contract} is no Permit2 that is known here: it may take the signature for something else.`,
    )
  }
  const words = list.map(([token, amount]) =>
    permit(asked, { contract: token, spender, amount, bits, owner: signer }),
  )
  return list.length === 1 ? (words[0] as string) : `allows ${spender} to spend ${list.length} tokens`
}

const until = (out: Report, label: string, seconds: bigint): void => out.row(label, timeOf(seconds))

type Details = readonly [token: string, amount: bigint, expiration: bigint, nonce: bigint]
type SafeTx = readonly [
  to: string,
  value: bigint,
  data: Uint8Array,
  operation: bigint,
  safeTxGas: bigint,
  baseGas: bigint,
  gasPrice: bigint,
  gasToken: string,
  refundReceiver: string,
  nonce: bigint,
]
type Permitted = readonly [token: string, amount: bigint]
const DETAILS_TYPE = 'PermitDetails(address token,uint160 amount,uint48 expiration,uint48 nonce)'
const PERMITTED_NAME = 'TokenPermissions'
const PERMITTED_TYPE = `${PERMITTED_NAME}(address token,uint256 amount)`

/** EIP-3009: whoever holds the signature, or for the second type the recipient, makes the transfer. */
const AUTHORIZED =
  'address from,address to,uint256 value,uint256 validAfter,uint256 validBefore,bytes32 nonce'
type Authorized = readonly [string, string, bigint, bigint, bigint, Uint8Array]

function authorized([from, to, amount, after, before]: Authorized, { chain, contract, signer, out }: Asked) {
  const token = tokenIn({ call: { chain }, out }, contract)
  warnOfOwner(from, signer, out)
  out.row('owner', from)
  recipientRow(out, to, contract)
  out.row('amount', token.exact(amount))
  out.row('valid from', timeOf(after))
  out.row('valid until', timeOf(before))
  out.effect('transfer', { asset: contract, amount, recipient: to })
  return `transfers ${token.short(amount)} of ${from} to ${to}`
}

const KNOWN: ReadonlyMap<string, Known> = new Map([
  [
    // EIP-2612.
    'Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)',
    known<readonly [string, string, bigint, bigint, bigint]>(
      ([owner, spender, amount, , deadline], asked) => {
        const deed = permit(asked, { contract: asked.contract, spender, amount, bits: 256, owner })
        until(asked.out, 'valid until', deadline)
        return deed
      },
    ),
  ],
  [
    // Dai.sol of MakerDAO.
    'Permit(address holder,address spender,uint256 nonce,uint256 expiry,bool allowed)',
    known<readonly [string, string, bigint, bigint, boolean]>(
      ([owner, spender, , expiry, allowed], asked) => {
        const amount = allowed ? 2n ** 256n - 1n : 0n
        const deed = permit(asked, { contract: asked.contract, spender, amount, bits: 256, owner })
        asked.out.row('valid until', expiry === 0n ? 'for ever' : timeOf(expiry))
        return deed
      },
    ),
  ],
  [`TransferWithAuthorization(${AUTHORIZED})`, known<Authorized>(authorized)],
  [`ReceiveWithAuthorization(${AUTHORIZED})`, known<Authorized>(authorized)],
  [
    `PermitSingle(PermitDetails details,address spender,uint256 sigDeadline)${DETAILS_TYPE}`,
    known<readonly [Details, string, bigint]>(([[token, amount, expiration], spender, deadline], asked) => {
      const deed = byPermit2(asked, spender, [[token, amount]], 160)
      asked.out.row('allowed until', expiryOf(expiration))
      until(asked.out, 'signature valid until', deadline)
      return deed
    }),
  ],
  [
    `PermitBatch(PermitDetails[] details,address spender,uint256 sigDeadline)${DETAILS_TYPE}`,
    known<readonly [readonly Details[], string, bigint]>(([list, spender, deadline], asked) => {
      const deed = byPermit2(
        asked,
        spender,
        list.map(([token, amount]) => [token, amount]),
        160,
      )
      until(asked.out, 'signature valid until', deadline)
      return deed
    }),
  ],
  [
    `PermitTransferFrom(TokenPermissions permitted,address spender,uint256 nonce,uint256 deadline)${PERMITTED_TYPE}`,
    known<readonly [Permitted, string, bigint, bigint]>(([permitted, spender, , deadline], asked) => {
      const deed = byPermit2(asked, spender, [permitted], 256)
      until(asked.out, 'valid until', deadline)
      return `${deed} once`
    }),
  ],
  [
    `PermitBatchTransferFrom(TokenPermissions[] permitted,address spender,uint256 nonce,uint256 deadline)${PERMITTED_TYPE}`,
    known<readonly [readonly Permitted[], string, bigint, bigint]>(([list, spender, , deadline], asked) => {
      const deed = byPermit2(asked, spender, list, 256)
      until(asked.out, 'valid until', deadline)
      return `${deed} once`
    }),
  ],
  [
    'SafeTx(address to,uint256 value,bytes data,uint8 operation,uint256 safeTxGas,uint256 baseGas,uint256 gasPrice,address gasToken,address refundReceiver,uint256 nonce)',
    known<SafeTx>(
      (
        [to, value, data, operation, safeTxGas, baseGas, gasPrice, gasToken, refundReceiver],
        { chain, contract, signer, out, more },
      ) => {
        if (!isOperation(operation)) return null
        const tx = { to, value, data, operation, safeTxGas, baseGas, gasPrice, gasToken, refundReceiver }
        const call = { chain, from: signer, to: contract, value: 0n, data: new Uint8Array(), delegate: false }
        return safeTransaction(contract, tx, contextOf(call, out, more))
      },
    ),
  ],
])

/** Permit2's permits with a witness: these fields, then one that says what the spender must do. */
const WITNESSED = [
  'PermitWitnessTransferFrom(TokenPermissions permitted,address spender,uint256 nonce,uint256 deadline,',
  'PermitBatchWitnessTransferFrom(TokenPermissions[] permitted,address spender,uint256 nonce,uint256 deadline,',
] as const

/**
 * @param value of the primary type, as `readStruct` gives it
 * @returns the deed in words, from a verb in the third person; null if it is not known what the signature does
 */
export function readKnown(schema: Schema, primaryType: string, value: unknown, asked: Asked): string | null {
  const encodeType = schema.encodeType(primaryType)
  const exact = KNOWN.get(encodeType)
  if (exact) return exact(value, asked)
  const kind = WITNESSED.findIndex((head) => encodeType.startsWith(head))
  // The type of what is permitted must be the one that is known, and not one of which only the name is.
  if (kind === -1 || schema.encodeType(PERMITTED_NAME) !== PERMITTED_TYPE) return null
  return witnessed(value, kind === 1, asked)
}

function witnessed(value: unknown, batch: boolean, asked: Asked): string {
  const [permitted, spender, , deadline] = value as readonly [unknown, string, bigint, bigint]
  const list = batch ? (permitted as readonly Permitted[]) : [permitted as Permitted]
  const deed = byPermit2(asked, spender, list, 256)
  until(asked.out, 'valid until', deadline)
  asked.out.effect('unknown', { recipient: spender })
  asked.out.warn(
    'danger',
    `What ${spender} must do for it is in the last field; what that means is not known here.`,
  )
  return `${deed} once`
}
