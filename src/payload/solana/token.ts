/**
 * Instructions of the SPL Token program and of Token-2022, which read these alike: a number of one byte, then the
 * fields (`TokenInstruction`). The chain holds decimals and mint of the "checked" ones against the mint.
 */
import { decimal } from '../decimal.js'
import { type Fields, U64_MAX, Undecodable } from './fields.js'
import type { Row } from '../decoder.js'
import type { Account } from './message.js'
import {
  allLamports,
  allows,
  calls,
  notable,
  type Reading,
  row,
  severe,
  transfers,
  type Warning,
} from './reading.js'

export const TOKEN = 'TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA'
export const TOKEN_2022 = 'TokenzQdBNbLqP5VEhdkAS6EPFLC1PHnBqCXEpPxuEb'

/** @param program which of the two it is */
export function readToken(fields: Fields, program: string): Reading {
  const name = program === TOKEN ? 'Token' : 'Token-2022'
  const reading = read(fields, program)
  return { ...reading, title: `${name}: ${reading.title}` }
}

function read(fields: Fields, program: string): Reading {
  const kind = fields.u8()
  switch (kind) {
    case 3:
    case 12:
      return sends(fields, program, kind === 12)
    case 4:
    case 13:
      return approves(fields, kind === 13)
    case 5: {
      const [account, owner] = [fields.account(), fields.account()]
      return {
        title: 'revoke',
        does: `takes back what others may spend of ${account.name}`,
        rows: [row('token account', account.name), row('owner', owner.name)],
        effects: [allows({ asset: null, amount: 0n }, null)],
        warnings: [],
      }
    }
    case 6:
      return setsAuthority(fields)
    case 7:
    case 14:
      return mints(fields, kind === 14)
    case 8:
    case 15:
      return burns(fields, kind === 15)
    case 9:
      return closes(fields)
    case 17: {
      const account = fields.account()
      return {
        title: 'sync native',
        does: `counts the SOL of ${account.name} as its tokens`,
        rows: [row('token account', account.name)],
        effects: [calls(program)],
        warnings: [],
      }
    }
    default:
      throw new Undecodable()
  }
}

/** An amount of tokens. Without decimals it is in smallest units. */
type Tokens = { readonly asset: string | null; readonly amount: bigint; readonly words: string }

function tokens(amount: bigint, mint: Account | null, decimals: number | null): Tokens {
  const number = decimals === null ? `${amount} smallest units` : decimal(amount, decimals)
  const what = mint === null ? 'a token that the message does not name' : `the token ${mint.name}`
  return { asset: mint?.address ?? null, amount, words: `${number} of ${what}` }
}

const noMint = (what: string): Warning =>
  notable(`The message does not say which token is ${what}; look up the mint of the token account.`)

/** The amount, and in a checked instruction the decimals of the token. */
const amountIn = (fields: Fields, isChecked: boolean): readonly [bigint, number | null] => [
  fields.u64(),
  isChecked ? fields.u8() : null,
]

const deliveryRows = (authority: Account, to: Account, { words }: Tokens): Row[] => [
  row('authority', authority.name),
  row('to token account', to.name),
  row('amount', words),
]

function sends(fields: Fields, program: string, isChecked: boolean): Reading {
  const [amount, decimals] = amountIn(fields, isChecked)
  const from = fields.account()
  const mint = isChecked ? fields.account() : null
  const [to, authority] = [fields.account(), fields.account()]
  const sent = tokens(amount, mint, decimals)
  return {
    title: isChecked ? 'transfer checked' : 'transfer',
    does: `sends ${sent.words} to the token account ${to.name}`,
    rows: [row('from token account', from.name), ...deliveryRows(authority, to, sent)],
    effects: [transfers(sent, to)],
    warnings: [
      ...(isChecked ? [] : [noMint('sent')]),
      ...(program === TOKEN_2022
        ? [notable('A Token-2022 token may take a fee of what is sent and run a program of its issuer.')]
        : []),
    ],
  }
}

function approves(fields: Fields, isChecked: boolean): Reading {
  const [amount, decimals] = amountIn(fields, isChecked)
  const account = fields.account()
  const mint = isChecked ? fields.account() : null
  const [delegate, owner] = [fields.account(), fields.account()]
  const approved = tokens(amount, mint, decimals)
  const words =
    amount === U64_MAX
      ? `any amount of ${approved.words.split(' of ').slice(1).join(' of ')}`
      : approved.words
  return {
    title: isChecked ? 'approve checked' : 'approve',
    does: `lets ${delegate.name} spend ${words}`,
    rows: [
      row('token account', account.name),
      row('owner', owner.name),
      row('delegate', delegate.name),
      row('amount', words),
    ],
    effects: [allows(approved, delegate.address)],
    warnings: [
      amount === U64_MAX
        ? severe(
            `${delegate.name} may spend all tokens of ${account.name}, now and later, without asking again.`,
          )
        : notable(`${delegate.name} may spend ${words} without asking again.`),
      ...(isChecked ? [] : [noMint('approved')]),
    ],
  }
}

/** `AuthorityType`; Token-2022 has more, which are shown by number. */
const AUTHORITIES = ['minting', 'freezing', 'ownership', 'closing']
const OWNERSHIP = 2

function setsAuthority(fields: Fields): Reading {
  const type = fields.u8()
  const isSome = fields.u8()
  if (isSome > 1) throw new Undecodable()
  const next = isSome === 1 ? fields.address() : null
  const [account, present] = [fields.account(), fields.account()]
  const what = AUTHORITIES[type] ?? `authority of type ${type}`
  const to = next ?? 'nobody, for ever'
  return {
    title: 'set an authority',
    does: `gives ${what} of ${account.name} to ${to}`,
    rows: [
      row('account', account.name),
      row('authority', what),
      row('present authority', present.name),
      row('new authority', to),
    ],
    effects: [allows({ asset: null, amount: null }, next)],
    warnings: [
      severe(
        type === OWNERSHIP
          ? `The token account ${account.name} and all its tokens go to ${to}.`
          : `The authority over ${what} of ${account.name} goes to ${to}.`,
      ),
    ],
  }
}

function mints(fields: Fields, isChecked: boolean): Reading {
  const [amount, decimals] = amountIn(fields, isChecked)
  const [mint, to, authority] = [fields.account(), fields.account(), fields.account()]
  const minted = tokens(amount, mint, decimals)
  return {
    title: isChecked ? 'mint checked' : 'mint',
    does: `makes ${minted.words} for the token account ${to.name}`,
    rows: [row('mint', mint.name), ...deliveryRows(authority, to, minted)],
    effects: [transfers(minted, to)],
    warnings: [notable(`New tokens of ${mint.name} come into being.`)],
  }
}

function burns(fields: Fields, isChecked: boolean): Reading {
  const [amount, decimals] = amountIn(fields, isChecked)
  const [account, mint, owner] = [fields.account(), fields.account(), fields.account()]
  const burned = tokens(amount, mint, decimals)
  return {
    title: isChecked ? 'burn checked' : 'burn',
    does: `destroys ${burned.words}`,
    rows: [
      row('token account', account.name),
      row('owner', owner.name),
      row('mint', mint.name),
      row('amount', burned.words),
    ],
    effects: [transfers(burned, null)],
    warnings: [severe(`${burned.words} are destroyed.`)],
  }
}

/** The account's SOL goes along: its rent, and all of it where its token is wrapped SOL. */
function closes(fields: Fields): Reading {
  const [account, to, owner] = [fields.account(), fields.account(), fields.account()]
  return {
    title: 'close an account',
    does: `closes the token account ${account.name} and sends all its SOL to ${to.name}`,
    rows: [row('token account', account.name), row('owner', owner.name), row('SOL goes to', to.name)],
    effects: [transfers(allLamports(), to)],
    warnings: [
      severe(
        `All SOL of the token account ${account.name} goes to ${to.name}; how much the message does not say.`,
      ),
    ],
  }
}
