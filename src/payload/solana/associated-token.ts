/** The Associated Token Account program: it makes the one token account that belongs to a wallet and a mint. */
import { type Fields, Undecodable } from './fields.js'
import { calls, type Reading, row } from './reading.js'
import { TOKEN, TOKEN_2022 } from './token.js'

export const ASSOCIATED_TOKEN = 'ATokenGPvbdGVxr1b2hvZbsiqW5xWH25efTNsLJA8knL'

/** No data, or 0, is Create; 1 is CreateIdempotent, which is content if the account is there. */
export function readAssociatedToken(fields: Fields): Reading {
  const [kind = 0, ...more] = fields.rest()
  if (kind > 1 || more.length > 0) throw new Undecodable()
  const [payer, account, wallet, mint] = [
    fields.account(),
    fields.account(),
    fields.account(),
    fields.account(),
  ]
  // The System program and a token program; older instructions also name the rent sysvar.
  fields.skip(1)
  const program = fields.account()
  // The program asks it how large the account is, pays the rent for that, and puts the account under its control.
  if (program.address !== TOKEN && program.address !== TOKEN_2022) throw new Undecodable()
  return {
    title: kind === 0 ? 'Associated token: create' : 'Associated token: create unless it is there',
    does: `makes a token account of ${wallet.name} for the token ${mint.name}`,
    rows: [
      row('rent paid by', payer.name),
      row('token account', account.name),
      row('wallet', wallet.name),
      row('mint', mint.name),
      row('token program', program.name),
    ],
    effects: [calls(ASSOCIATED_TOKEN)],
    warnings: [],
  }
}
