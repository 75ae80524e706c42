/**
 * Instructions of the System program (Solana SDK, `SystemInstruction`): a number of 4 bytes, then the fields as bincode
 * writes them.
 */
import { visible } from '../../wire/base/text.js'
import type { Fields } from './fields.js'
import { Undecodable } from './fields.js'
import type { Account } from './message.js'
import {
  allLamports,
  allows,
  calls,
  lamports,
  notable,
  type Reading,
  row,
  severe,
  sol,
  transfers,
  type Warning,
} from './reading.js'

export const SYSTEM = '11111111111111111111111111111111'

/** @param key address of the key that is asked to sign */
export function readSystem(fields: Fields, key: string): Reading {
  const kind = fields.u32()
  switch (kind) {
    case 0:
      return creates(fields, key, false)
    case 1: {
      const owner = fields.address()
      return assigns('assign', fields.account(), owner, key)
    }
    case 2: {
      const amount = fields.u64()
      const [from, to] = [fields.account(), fields.account()]
      return sends('transfer', { from, to, amount })
    }
    case 3:
      return creates(fields, key, true)
    case 4:
      return advancesNonce(fields)
    case 5: {
      const amount = fields.u64()
      const [from, to] = [fields.account(), fields.account()]
      fields.skip(2)
      return sends('withdraw from a nonce account', { from, to, amount, authority: fields.account() })
    }
    case 6: {
      const authority = fields.address()
      const nonce = fields.account()
      fields.skip(2)
      return givesNonce('set up a nonce account', nonce, authority, key)
    }
    case 7: {
      const authority = fields.address()
      const nonce = fields.account()
      fields.skip(1)
      return givesNonce('hand over a nonce account', nonce, authority, key)
    }
    case 8: {
      const space = fields.u64()
      return allocates(fields.account(), space, key)
    }
    case 9: {
      const seeded = seedOf(fields)
      const space = fields.u64()
      const owner = fields.address()
      const reading = assigns('allocate and assign with a seed', fields.account(), owner, key)
      return { ...reading, rows: [...reading.rows, ...seeded, row('space', `${space} bytes`)] }
    }
    case 10: {
      const seeded = seedOf(fields)
      const owner = fields.address()
      const reading = assigns('assign with a seed', fields.account(), owner, key)
      return { ...reading, rows: [...reading.rows, ...seeded] }
    }
    case 11:
      return sendsWithSeed(fields)
    case 12: {
      const nonce = fields.account()
      return {
        title: 'System: upgrade a nonce account',
        does: `upgrades the nonce account ${nonce.name}`,
        rows: [row('nonce account', nonce.name)],
        effects: [calls(SYSTEM)],
        warnings: [],
      }
    }
    default:
      throw new Undecodable()
  }
}

/** How an account's address is made of another's. */
const seedOf = (fields: Fields): [ReturnType<typeof row>, ReturnType<typeof row>] => [
  row('base', fields.address()),
  row('seed', visible(fields.text())),
]

type Sending = {
  readonly from: Account
  readonly to: Account
  readonly amount: bigint
  readonly authority?: Account
}

const sends = (name: string, { from, to, amount, authority }: Sending): Reading => ({
  title: `System: ${name}`,
  does: `sends ${sol(amount)} to ${to.name}`,
  rows: [
    row('from', from.name),
    ...(authority ? [row('authority', authority.name)] : []),
    row('to', to.name),
    row('amount', sol(amount)),
  ],
  effects: [transfers(lamports(amount), to)],
  warnings: [],
})

function sendsWithSeed(fields: Fields): Reading {
  const amount = fields.u64()
  const seed = row('seed', visible(fields.text()))
  const owner = row('owner of the source', fields.address())
  const [from, authority, to] = [fields.account(), fields.account(), fields.account()]
  const reading = sends('transfer with a seed', { from, to, amount, authority })
  return { ...reading, rows: [...reading.rows, seed, owner] }
}

function creates(fields: Fields, key: string, isSeeded: boolean): Reading {
  const seeded = isSeeded ? seedOf(fields) : []
  const amount = fields.u64()
  const space = fields.u64()
  const owner = fields.address()
  const [from, created] = [fields.account(), fields.account()]
  return {
    title: `System: create an account${isSeeded ? ' with a seed' : ''}`,
    does: `creates the account ${created.name} with ${sol(amount)}, which the program ${owner} controls`,
    rows: [
      row('from', from.name),
      row('new account', created.name),
      row('amount', sol(amount)),
      row('space', `${space} bytes`),
      row('controlled by', owner),
      ...seeded,
    ],
    effects: [
      transfers(lamports(amount), created),
      ...(created.address === key ? [allows(allLamports(), owner)] : []),
    ],
    warnings: created.address === key ? handedOver(owner) : [],
  }
}

const handedOver = (owner: string): Warning[] => [
  severe(
    `The address of this key goes under the control of the program ${owner}, with all SOL that it holds.`,
  ),
]

const assigns = (name: string, account: Account, owner: string, key: string): Reading => ({
  title: `System: ${name}`,
  does: `puts the account ${account.name} under the control of the program ${owner}`,
  rows: [row('account', account.name), row('controlled by', owner)],
  effects: [allows(allLamports(), owner)],
  warnings:
    account.address === key
      ? handedOver(owner)
      : [severe(`The account ${account.name} goes under the control of the program ${owner}.`)],
})

/** The first instruction of a transaction that stays valid until its nonce is used. */
function advancesNonce(fields: Fields): Reading {
  const nonce = fields.account()
  fields.skip(1)
  const authority = fields.account()
  return {
    title: 'System: advance a nonce',
    does: null,
    rows: [row('nonce account', nonce.name), row('authority', authority.name)],
    effects: [calls(SYSTEM)],
    warnings: [],
  }
}

/** The authority of a nonce account may withdraw what it holds. */
const givesNonce = (name: string, nonce: Account, authority: string, key: string): Reading => ({
  title: `System: ${name}`,
  does: `gives the nonce account ${nonce.name} the authority ${authority}`,
  rows: [
    row('nonce account', nonce.name),
    row('authority', authority === key ? `${key} (this key)` : authority),
  ],
  effects: [authority === key ? calls(SYSTEM) : allows(allLamports(), authority)],
  warnings:
    authority === key
      ? []
      : [
          severe(
            `${authority} becomes the authority of a nonce account, and may withdraw all that it holds.`,
          ),
        ],
})

/** SOL cannot be sent from an account with data, so at the address of this key all of it is lost. */
const allocates = (account: Account, space: bigint, key: string): Reading => ({
  title: 'System: allocate',
  does: `reserves ${space} bytes in the account ${account.name}`,
  rows: [row('account', account.name), row('space', `${space} bytes`)],
  effects: [account.address === key ? transfers(allLamports(), null) : calls(SYSTEM)],
  warnings:
    account.address === key
      ? [
          severe(
            'The address of this key becomes an account with data, from which SOL cannot be sent any more.',
          ),
        ]
      : [
          notable(
            `The account ${account.name} becomes one with data, from which SOL cannot be sent any more.`,
          ),
        ],
})
