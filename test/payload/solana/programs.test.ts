/** Each instruction that is decoded, built by the programs' own clients. */
import {
  getAdvanceNonceAccountInstruction,
  getAllocateInstruction,
  getAllocateWithSeedInstruction,
  getAssignInstruction,
  getAssignWithSeedInstruction,
  getAuthorizeNonceAccountInstruction,
  getCreateAccountInstruction,
  getCreateAccountWithSeedInstruction,
  getInitializeNonceAccountInstruction,
  getTransferSolInstruction,
  getTransferSolWithSeedInstruction,
  getUpgradeNonceAccountInstruction,
  getWithdrawNonceAccountInstruction,
  SYSTEM_PROGRAM_ADDRESS,
} from '@solana-program/system'
import {
  ASSOCIATED_TOKEN_PROGRAM_ADDRESS,
  AuthorityType,
  getApproveCheckedInstruction,
  getApproveInstruction,
  getBurnCheckedInstruction,
  getBurnInstruction,
  getCloseAccountInstruction,
  getCreateAssociatedTokenIdempotentInstruction,
  getCreateAssociatedTokenInstruction,
  getMintToCheckedInstruction,
  getMintToInstruction,
  getRevokeInstruction,
  getSetAuthorityInstruction,
  getSyncNativeInstruction,
  getTransferCheckedInstruction,
  getTransferInstruction,
  TOKEN_PROGRAM_ADDRESS,
} from '@solana-program/token'
import { AccountRole, address, type Instruction } from '@solana/kit'
import { describe, expect, test } from 'vitest'
import type { Effect, View } from '../../../src/payload/decoder.js'
import {
  decoded,
  delegate,
  instruction,
  messageOf,
  mint,
  other,
  place,
  signer,
  source,
  target,
  us,
} from './support.js'

const me = signer(us)
const PROGRAM = place(77)
const UNLIMITED = 2n ** 64n - 1n
const TOKEN_2022 = address('TokenzQdBNbLqP5VEhdkAS6EPFLC1PHnBqCXEpPxuEb')

const effect = (kind: Effect['kind'], rest: Partial<Effect>): Effect => ({
  chain: 'solana',
  kind,
  asset: null,
  amount: null,
  recipient: null,
  ...rest,
})
const FEE = effect('fee', { asset: 'native', amount: 5000n })
const sol = (amount: bigint | null, recipient: string): Effect =>
  effect('transfer', { asset: 'native', amount, recipient })
const control = (recipient: string): Effect => effect('approve', { asset: 'native', recipient })
const view = (...instructions: Instruction[]): View => decoded(messageOf(instructions)).view
/** The rows of the first instruction. */
const said = ({ rows }: View): Record<string, string> =>
  Object.fromEntries(
    rows.filter(({ label }) => label.startsWith('1 ')).map(({ label, value }) => [label.slice(2), value]),
  )

type Case = {
  readonly of: string
  readonly built: Instruction
  readonly sentence: string
  readonly effects: readonly Effect[]
  readonly warns?: RegExp
}

const ours = `${us.address} (this key)`
const nonce = { nonceAccount: source, nonceAuthority: me }

const SYSTEM: readonly Case[] = [
  {
    of: 'transfer',
    built: getTransferSolInstruction({ source: me, destination: target, amount: 1_500_000_000n }),
    sentence: `Sends 1.5 SOL to ${target} on Solana.`,
    effects: [sol(1_500_000_000n, target)],
  },
  {
    of: 'createAccount',
    built: getCreateAccountInstruction({
      payer: me,
      newAccount: signer(other),
      lamports: 1n,
      space: 82n,
      programAddress: PROGRAM,
    }),
    sentence: `Creates the account ${other.address} with 0.000000001 SOL, which the program ${PROGRAM} controls on Solana.`,
    effects: [sol(1n, other.address)],
  },
  {
    of: 'createAccount for the address of this key',
    built: getCreateAccountInstruction({
      payer: signer(other),
      newAccount: me,
      lamports: 1n,
      space: 0n,
      programAddress: PROGRAM,
    }),
    sentence: `Creates the account ${ours} with 0.000000001 SOL, which the program ${PROGRAM} controls on Solana.`,
    effects: [sol(1n, us.address), control(PROGRAM)],
    warns: /^The address of this key goes under the control of the program/,
  },
  {
    of: 'createAccountWithSeed',
    built: getCreateAccountWithSeedInstruction({
      payer: me,
      newAccount: target,
      baseAccount: signer(other),
      base: other.address,
      seed: 'a "seed"',
      amount: 7n,
      space: 9n,
      programAddress: PROGRAM,
    }),
    sentence: `Creates the account ${target} with 0.000000007 SOL, which the program ${PROGRAM} controls on Solana.`,
    effects: [sol(7n, target)],
  },
  {
    of: 'assign',
    built: getAssignInstruction({ account: me, programAddress: PROGRAM }),
    sentence: `Puts the account ${ours} under the control of the program ${PROGRAM} on Solana.`,
    effects: [control(PROGRAM)],
    warns: /^The address of this key goes under the control of the program/,
  },
  {
    of: 'assignWithSeed',
    built: getAssignWithSeedInstruction({
      account: target,
      baseAccount: me,
      base: us.address,
      seed: 's',
      programAddress: PROGRAM,
    }),
    sentence: `Puts the account ${target} under the control of the program ${PROGRAM} on Solana.`,
    effects: [control(PROGRAM)],
    warns: /goes under the control/,
  },
  {
    of: 'allocate',
    built: getAllocateInstruction({ newAccount: me, space: 10n }),
    sentence: `Reserves 10 bytes in the account ${ours} on Solana.`,
    effects: [effect('transfer', { asset: 'native' })],
    warns: /^The address of this key becomes an account with data/,
  },
  {
    of: 'allocateWithSeed',
    built: getAllocateWithSeedInstruction({
      newAccount: target,
      baseAccount: me,
      base: us.address,
      seed: 's',
      space: 5n,
      programAddress: PROGRAM,
    }),
    sentence: `Puts the account ${target} under the control of the program ${PROGRAM} on Solana.`,
    effects: [control(PROGRAM)],
    warns: /goes under the control/,
  },
  {
    of: 'transferWithSeed',
    built: getTransferSolWithSeedInstruction({
      source,
      baseAccount: me,
      destination: target,
      amount: 3n,
      fromSeed: 'savings',
      fromOwner: PROGRAM,
    }),
    sentence: `Sends 0.000000003 SOL to ${target} on Solana.`,
    effects: [sol(3n, target)],
  },
  {
    of: 'withdrawNonceAccount',
    built: getWithdrawNonceAccountInstruction({ ...nonce, recipientAccount: target, withdrawAmount: 5n }),
    sentence: `Sends 0.000000005 SOL to ${target} on Solana.`,
    effects: [sol(5n, target)],
  },
  {
    of: 'initializeNonceAccount for another authority',
    built: getInitializeNonceAccountInstruction({ nonceAccount: source, nonceAuthority: other.address }),
    sentence: `Gives the nonce account ${source} the authority ${other.address} on Solana.`,
    effects: [control(other.address)],
    warns: /becomes the authority of a nonce account/,
  },
  {
    of: 'initializeNonceAccount for this key',
    built: getInitializeNonceAccountInstruction({ nonceAccount: source, nonceAuthority: us.address }),
    sentence: `Gives the nonce account ${source} the authority ${us.address} on Solana.`,
    effects: [effect('call', { recipient: SYSTEM_PROGRAM_ADDRESS })],
  },
  {
    of: 'authorizeNonceAccount',
    built: getAuthorizeNonceAccountInstruction({ ...nonce, newNonceAuthority: other.address }),
    sentence: `Gives the nonce account ${source} the authority ${other.address} on Solana.`,
    effects: [control(other.address)],
    warns: /becomes the authority of a nonce account/,
  },
  {
    of: 'upgradeNonceAccount',
    built: getUpgradeNonceAccountInstruction({ nonceAccount: source }),
    sentence: `Upgrades the nonce account ${source} on Solana.`,
    effects: [effect('call', { recipient: SYSTEM_PROGRAM_ADDRESS })],
  },
]

const token = { source, mint, owner: me, authority: me }
const named = `the token ${mint}`
const unnamed = 'a token that the message does not name'

const TOKEN: readonly Case[] = [
  {
    of: 'transfer',
    built: getTransferInstruction({ ...token, destination: target, amount: 40n }),
    sentence: `Sends 40 smallest units of ${unnamed} to the token account ${target} on Solana.`,
    effects: [effect('transfer', { amount: 40n, recipient: target })],
    warns: /^The message does not say which token is sent/,
  },
  {
    of: 'transferChecked',
    built: getTransferCheckedInstruction({ ...token, destination: target, amount: 1_250_000n, decimals: 6 }),
    sentence: `Sends 1.25 of ${named} to the token account ${target} on Solana.`,
    effects: [effect('transfer', { asset: mint, amount: 1_250_000n, recipient: target })],
  },
  {
    of: 'approve',
    built: getApproveInstruction({ ...token, delegate, amount: 9n }),
    sentence: `Lets ${delegate} spend 9 smallest units of ${unnamed} on Solana.`,
    effects: [effect('approve', { amount: 9n, recipient: delegate })],
    warns: new RegExp(`^${delegate} may spend 9 smallest units`),
  },
  {
    of: 'approve without limit',
    built: getApproveInstruction({ ...token, delegate, amount: UNLIMITED }),
    sentence: `Lets ${delegate} spend any amount of ${unnamed} on Solana.`,
    effects: [effect('approve', { recipient: delegate })],
    warns: /may spend all tokens of .*, now and later/,
  },
  {
    of: 'approveChecked',
    built: getApproveCheckedInstruction({ ...token, delegate, amount: 9n, decimals: 2 }),
    sentence: `Lets ${delegate} spend 0.09 of ${named} on Solana.`,
    effects: [effect('approve', { asset: mint, amount: 9n, recipient: delegate })],
    warns: /without asking again/,
  },
  {
    of: 'approveChecked without limit',
    built: getApproveCheckedInstruction({ ...token, delegate, amount: UNLIMITED, decimals: 2 }),
    sentence: `Lets ${delegate} spend any amount of ${named} on Solana.`,
    effects: [effect('approve', { asset: mint, recipient: delegate })],
    warns: /may spend all tokens of .*, now and later/,
  },
  {
    of: 'revoke',
    built: getRevokeInstruction(token),
    sentence: `Takes back what others may spend of ${source} on Solana.`,
    effects: [effect('approve', { amount: 0n })],
  },
  {
    of: 'setAuthority, ownership',
    built: getSetAuthorityInstruction({
      owned: source,
      owner: me,
      authorityType: AuthorityType.AccountOwner,
      newAuthority: other.address,
    }),
    sentence: `Gives ownership of ${source} to ${other.address} on Solana.`,
    effects: [effect('approve', { recipient: other.address })],
    warns: /^The token account .* and all its tokens go to/,
  },
  {
    of: 'setAuthority, minting, to nobody',
    built: getSetAuthorityInstruction({
      owned: mint,
      owner: me,
      authorityType: AuthorityType.MintTokens,
      newAuthority: null,
    }),
    sentence: `Gives minting of ${mint} to nobody, for ever on Solana.`,
    effects: [effect('approve', {})],
    warns: /^The authority over minting .* goes to nobody, for ever/,
  },
  {
    of: 'mintTo',
    built: getMintToInstruction({ mint, token: target, mintAuthority: me, amount: 5n }),
    sentence: `Makes 5 smallest units of ${named} for the token account ${target} on Solana.`,
    effects: [effect('transfer', { asset: mint, amount: 5n, recipient: target })],
    warns: /come into being/,
  },
  {
    of: 'mintToChecked',
    built: getMintToCheckedInstruction({ mint, token: target, mintAuthority: me, amount: 5n, decimals: 1 }),
    sentence: `Makes 0.5 of ${named} for the token account ${target} on Solana.`,
    effects: [effect('transfer', { asset: mint, amount: 5n, recipient: target })],
    warns: /come into being/,
  },
  {
    of: 'burn',
    built: getBurnInstruction({ account: source, mint, authority: me, amount: 5n }),
    sentence: `Destroys 5 smallest units of ${named} on Solana.`,
    effects: [effect('transfer', { asset: mint, amount: 5n })],
    warns: /are destroyed/,
  },
  {
    of: 'burnChecked',
    built: getBurnCheckedInstruction({ account: source, mint, authority: me, amount: 50n, decimals: 1 }),
    sentence: `Destroys 5 of ${named} on Solana.`,
    effects: [effect('transfer', { asset: mint, amount: 50n })],
    warns: /are destroyed/,
  },
  {
    of: 'closeAccount',
    built: getCloseAccountInstruction({ account: source, destination: target, owner: me }),
    sentence: `Closes the token account ${source} and sends all its SOL to ${target} on Solana.`,
    effects: [sol(null, target)],
    warns: /^All SOL of the token account .* goes to/,
  },
  {
    of: 'syncNative',
    built: getSyncNativeInstruction({ account: source }),
    sentence: `Counts the SOL of ${source} as its tokens on Solana.`,
    effects: [effect('call', { recipient: TOKEN_PROGRAM_ADDRESS })],
  },
]

const ata = { payer: me, ata: target, owner: other.address, mint }
const ASSOCIATED: readonly Case[] = [
  getCreateAssociatedTokenInstruction(ata),
  getCreateAssociatedTokenIdempotentInstruction(ata),
  // Without data, as the first version of the program has it.
  { ...getCreateAssociatedTokenInstruction(ata), data: new Uint8Array() },
].map((built, i) => ({
  of: `create, form ${i + 1}`,
  built,
  sentence: `Makes a token account of ${other.address} for the token ${mint} on Solana.`,
  effects: [effect('call', { recipient: ASSOCIATED_TOKEN_PROGRAM_ADDRESS })],
}))

describe.each([
  ['System', SYSTEM],
  ['SPL Token', TOKEN],
  ['Associated token account', ASSOCIATED],
] as const)('%s', (_, cases) => {
  test.each(cases)('$of', ({ built, sentence, effects, warns }) => {
    const shown = view(built)
    expect(shown.sentence).toBe(sentence)
    const signatures = BigInt(shown.rows.filter(({ label }) => /signer \d+$/.test(label)).length)
    expect(shown.effects).toEqual([...effects, { ...FEE, amount: 5000n * signatures }])
    const ownWarnings = shown.warnings.filter((text) => !/^It needs \d+ signatures/.test(text))
    if (warns) expect(ownWarnings[0]).toMatch(warns)
    else expect(ownWarnings).toEqual([])
  })
})

describe('Associated token account', () => {
  test('of a token program that is not known is unknown: that program could take rent from the payer', () => {
    const shown = view(getCreateAssociatedTokenInstruction({ ...ata, tokenProgram: delegate }))
    expect(shown.sentence).toMatch(/^Calls an unknown instruction of the Associated token program/)
    expect(shown.effects[0]).toMatchObject({ kind: 'unknown', recipient: ASSOCIATED_TOKEN_PROGRAM_ADDRESS })
    expect(shown.warnings[0]).toMatch(/which may move anything that this key holds\.$/)
  })

  test('of Token-2022 is read', () => {
    const shown = view(getCreateAssociatedTokenInstruction({ ...ata, tokenProgram: TOKEN_2022 }))
    expect(shown.sentence).toMatch(/^Makes a token account of /)
  })
})

describe('Token-2022', () => {
  test.each(TOKEN)('reads $of as SPL Token does, and says what its tokens may do', ({ built, effects }) => {
    const shown = view({ ...built, programAddress: TOKEN_2022 })
    const same = effects.map((each) =>
      each.recipient === TOKEN_PROGRAM_ADDRESS ? { ...each, recipient: TOKEN_2022 } : each,
    )
    expect(shown.effects).toEqual([...same, FEE])
    expect(shown.rows.find(({ label }) => label === 'instruction 1')?.value).toMatch(/^Token-2022: /)
    expect(shown.warnings.some((text) => text.includes('may take a fee'))).toBe(
      view(built).sentence.startsWith('Sends'),
    )
  })

  test('an authority that only Token-2022 has is shown by its number', () => {
    const data = [6, 9, 1, ...new Uint8Array(32).fill(5)]
    const shown = view(instruction(TOKEN_2022, [mint, us], data))
    expect(said(shown)).toMatchObject({ authority: 'authority of type 9', 'new authority': place(5) })
  })
})

describe('an instruction', () => {
  test('shows its fields and its accounts', () => {
    const built = getTransferSolWithSeedInstruction({
      source,
      baseAccount: me,
      destination: target,
      amount: 3n,
      fromSeed: 'savings',
      fromOwner: PROGRAM,
    })
    expect(said(view(built))).toEqual({
      from: source,
      authority: ours,
      to: target,
      amount: '0.000000003 SOL',
      seed: '"savings"',
      'owner of the source': PROGRAM,
    })
  })

  test('shows the signers of a multisig and other accounts that its fields do not name', () => {
    const built = getTransferCheckedInstruction({
      ...token,
      authority: place(3),
      destination: target,
      amount: 1n,
      decimals: 0,
      multiSigners: [me, signer(other)],
    })
    expect(said(view(built))['further accounts']).toBe(`${ours}, ${other.address}`)
  })

  test('that names an account hundreds of times does not fill the screen', () => {
    const accounts = Array.from({ length: 250 }, () => target)
    const built = getTransferSolInstruction({ source: me, destination: target, amount: 1n })
    const more = accounts.map((each) => ({ address: each, role: AccountRole.WRITABLE }))
    const shown = said(view({ ...built, accounts: [...built.accounts, ...more] }))
    expect(shown['further accounts']).toMatch(/^(?:\w{32,44}, ){11}\w{32,44} and 238 more$/)
  })

  test('that advances a nonce counts as a call where it is not the first', () => {
    const advance = getAdvanceNonceAccountInstruction(nonce)
    const pay = getTransferSolInstruction({ source: me, destination: target, amount: 1n })
    expect(view(advance, pay).effects).toEqual([sol(1n, target), FEE])
    expect(view(pay, advance).effects).toEqual([
      sol(1n, target),
      effect('call', { recipient: SYSTEM_PROGRAM_ADDRESS }),
      FEE,
    ])
  })
})
