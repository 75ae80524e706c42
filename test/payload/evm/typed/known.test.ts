/** Typed data that is known: permits, and the transactions of a Safe. viem hashes every one of them, too. */
import { describe, expect, test } from 'vitest'
import {
  A_SAFE,
  ALICE,
  BOB,
  DAI,
  effectsOf,
  encoded,
  MOST,
  multiSend,
  MULTISEND,
  NOBODY,
  PERMIT2,
  SOMETHING,
  USDC,
} from '../encoded.js'
import { hex0, valueOf } from '../subjects.js'
import { digestByViem, key, seen as seenJson, type TypedData, typedData } from '../typed.js'

const me = key.address

/** The view; the digest is viem's. */
function seen(data: TypedData) {
  const result = seenJson(data)
  expect(hex0(result.messages[0]?.message as Uint8Array)).toBe(digestByViem(data))
  return result
}

describe('a permit of EIP-2612', () => {
  const TYPE = 'Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)'
  const asked = (changes: Record<string, unknown> = {}, contract = USDC) =>
    typedData(TYPE, contract, {
      owner: me,
      spender: BOB,
      value: 5_000_000n,
      nonce: 0n,
      deadline: 1_700_000_000n,
      ...changes,
    })

  test('has its token, spender and amount', () => {
    const result = seen(asked())
    expect(result.view.sentence).toBe(
      `Allows ${BOB} to spend 5 USDC, by a signature for ${USDC} on Ethereum (chain 1).`,
    )
    expect(effectsOf(result)).toEqual([`permit ${USDC} 5000000 ${BOB}`])
    expect(valueOf(result, 'token')).toContain('USDC')
    expect(valueOf(result, 'valid until')).toBe('2023-11-14T22:13:20Z')
    expect(result.view.warnings).toEqual([])
  })

  test('without limit has no amount, and is warned of', () => {
    const result = seen(asked({ value: MOST }))
    expect(effectsOf(result)).toEqual([`permit ${USDC} null ${BOB}`])
    expect(result.view.warnings).toEqual([
      `Unlimited: ${BOB} may take all of USDC that ${me} has or will have.`,
    ])
  })

  test('of another owner permits nothing by itself', () => {
    const { view } = seen(asked({ owner: ALICE }))
    expect(view.warnings).toEqual([
      `The owner ${ALICE} is not this key, so the signature permits nothing by itself.`,
    ])
  })

  test('takes the token from the contract, not from the name that the domain claims', () => {
    const data = asked({}, SOMETHING)
    const { types } = data
    const result = seen({
      ...data,
      types: { ...types, EIP712Domain: [{ name: 'name', type: 'string' }, ...(types['EIP712Domain'] ?? [])] },
      domain: { name: 'USD Coin', ...data.domain },
    })
    expect(effectsOf(result)).toEqual([`permit ${SOMETHING} 5000000 ${BOB}`])
    expect(valueOf(result, 'token')).toBe(`${SOMETHING}, not known here`)
  })

  test('on another chain has no name of a token', () => {
    const result = seen(typedData(TYPE, USDC, asked().message, 10))
    expect(valueOf(result, 'token')).toBe(`${USDC}, not known here`)
    expect(result.view.effects[0]?.chain).toBe('evm:10')
  })

  test.each([
    ['with a field more', TYPE.replace(')', ',bool really)'), { really: true }],
    [
      'with its fields in another order',
      TYPE.replace('address owner,address spender', 'address spender,address owner'),
      {},
    ],
  ])('%s is not known', (_, type, more) => {
    const result = seen(typedData(type, USDC, { ...asked().message, ...more }))
    expect(effectsOf(result)).toEqual([`unknown null null ${USDC}`])
    expect(result.view.warnings[0]).toContain('What a signature of "Permit" does')
  })

  test('without a contract is not known', () => {
    const result = seen({
      ...asked(),
      types: { ...asked().types, EIP712Domain: [{ name: 'chainId', type: 'uint256' }] },
      domain: { chainId: 1 },
    })
    expect(effectsOf(result)).toEqual(['unknown null null null'])
  })
})

describe('a permit of DAI', () => {
  const TYPE = 'Permit(address holder,address spender,uint256 nonce,uint256 expiry,bool allowed)'

  test.each([
    [true, 'null', 0n, 'for ever'],
    [false, '0', 1_700_000_000n, '2023-11-14T22:13:20Z'],
  ])('that allows: %s', (allowed, amount, expiry, until) => {
    const result = seen(typedData(TYPE, DAI, { holder: me, spender: BOB, nonce: 1n, expiry, allowed }))
    expect(effectsOf(result)).toEqual([`permit ${DAI} ${amount} ${BOB}`])
    expect(valueOf(result, 'valid until')).toBe(until)
    expect(result.view.warnings.length).toBe(allowed ? 1 : 0)
  })
})

describe('a permit of Permit2', () => {
  const DETAILS = 'PermitDetails(address token,uint160 amount,uint48 expiration,uint48 nonce)'
  const PERMITTED = 'TokenPermissions(address token,uint256 amount)'
  const detail = (token: string, amount: bigint) => ({ token, amount, expiration: 1_700_000_000n, nonce: 0n })
  const SINGLE = `PermitSingle(PermitDetails details,address spender,uint256 sigDeadline)${DETAILS}`
  const single = { details: detail(USDC, 5_000_000n), spender: BOB, sigDeadline: 1_700_000_001n }

  test('for one token', () => {
    const result = seen(typedData(SINGLE, PERMIT2, single))
    expect(effectsOf(result)).toEqual([`permit ${USDC} 5000000 ${BOB}`])
    expect(valueOf(result, 'owner')).toBe(me)
    expect(valueOf(result, 'allowed until')).toBe('2023-11-14T22:13:20Z')
    expect(result.view.sentence).toBe(
      `Allows ${BOB} to spend 5 USDC, by a signature for ${PERMIT2} (Permit2) on Ethereum (chain 1).`,
    )
    expect(result.view.warnings).toEqual([])
  })

  test('without limit', () => {
    const result = seen(typedData(SINGLE, PERMIT2, { ...single, details: detail(USDC, 2n ** 160n - 1n) }))
    expect(effectsOf(result)).toEqual([`permit ${USDC} null ${BOB}`])
    expect(result.view.warnings[0]).toContain('Unlimited')
  })

  test('for several tokens', () => {
    const type = `PermitBatch(PermitDetails[] details,address spender,uint256 sigDeadline)${DETAILS}`
    const details = [detail(USDC, 1n), detail(DAI, 2n)]
    const result = seen(typedData(type, PERMIT2, { ...single, details }))
    expect(effectsOf(result)).toEqual([`permit ${USDC} 1 ${BOB}`, `permit ${DAI} 2 ${BOB}`])
    expect(result.view.sentence).toContain(`Allows ${BOB} to spend 2 tokens`)
  })

  const once = { spender: BOB, nonce: 0n, deadline: 1_700_000_000n }

  test('to be used once', () => {
    const type = `PermitTransferFrom(TokenPermissions permitted,address spender,uint256 nonce,uint256 deadline)${PERMITTED}`
    const result = seen(typedData(type, PERMIT2, { permitted: { token: USDC, amount: 3n }, ...once }))
    expect(effectsOf(result)).toEqual([`permit ${USDC} 3 ${BOB}`])
    expect(result.view.sentence).toContain('to spend 0.000003 USDC once')
  })

  test('to be used once, for several tokens', () => {
    const type = `PermitBatchTransferFrom(TokenPermissions[] permitted,address spender,uint256 nonce,uint256 deadline)${PERMITTED}`
    const permitted = [
      { token: USDC, amount: 3n },
      { token: DAI, amount: 4n },
    ]
    const result = seen(typedData(type, PERMIT2, { permitted, ...once }))
    expect(effectsOf(result)).toEqual([`permit ${USDC} 3 ${BOB}`, `permit ${DAI} 4 ${BOB}`])
  })

  test.each([
    ['', 'PermitWitnessTransferFrom(TokenPermissions permitted', { token: USDC, amount: 3n }],
    [
      'several, ',
      'PermitBatchWitnessTransferFrom(TokenPermissions[] permitted',
      [{ token: USDC, amount: 3n }],
    ],
  ])('with a witness: %sthe rest is not known', (_, head, permitted) => {
    const type = `${head},address spender,uint256 nonce,uint256 deadline,Order witness)Order(address to)${PERMITTED}`
    const result = seen(typedData(type, PERMIT2, { permitted, ...once, witness: { to: ALICE } }))
    expect(effectsOf(result)).toEqual([`permit ${USDC} 3 ${BOB}`, `unknown null null ${BOB}`])
    expect(result.view.warnings[0]).toContain('is in the last field')
  })

  test.each([
    ['of another form', 'TokenPermissions(uint256 token,uint256 amount)', ''],
    [
      'of another form beside one that ends like it',
      'TokenPermissions(uint256 token,uint256 amount)XTokenPermissions(address token,uint256 amount)',
      ',XTokenPermissions extra',
    ],
  ])('with a witness, of tokens %s, is not known', (_, permitted, more) => {
    const head =
      'PermitWitnessTransferFrom(TokenPermissions permitted,address spender,uint256 nonce,uint256 deadline'
    const result = seen(
      typedData(`${head},uint8 witness${more})${permitted}`, PERMIT2, {
        permitted: { token: 5n, amount: 3n },
        ...once,
        witness: 1,
        ...(more !== '' && { extra: { token: USDC, amount: 3n } }),
      }),
    )
    expect(effectsOf(result)).toEqual([`unknown null null ${PERMIT2}`])
  })

  test('for a contract that is not Permit2 may be for something else', () => {
    const result = seen(typedData(SINGLE, SOMETHING, single))
    expect(effectsOf(result)).toEqual([`unknown null null ${SOMETHING}`, `permit ${USDC} 5000000 ${BOB}`])
    expect(result.view.warnings[0]).toContain('is no Permit2 that is known here')
  })
})

describe('a transfer of EIP-3009', () => {
  const FIELDS = 'address from,address to,uint256 value,uint256 validAfter,uint256 validBefore,bytes32 nonce'
  const message = {
    from: me,
    to: BOB,
    value: 5_000_000n,
    validAfter: 0n,
    validBefore: 1_700_000_000n,
    nonce: `0x${'11'.repeat(32)}`,
  }

  test.each(['TransferWithAuthorization', 'ReceiveWithAuthorization'])('as %s is a transfer', (name) => {
    const result = seen(typedData(`${name}(${FIELDS})`, USDC, message))
    expect(effectsOf(result)).toEqual([`transfer ${USDC} 5000000 ${BOB}`])
    expect(result.view.sentence).toBe(
      `Transfers 5 USDC of ${me} to ${BOB}, by a signature for ${USDC} on Ethereum (chain 1).`,
    )
    expect(valueOf(result, 'valid until')).toBe('2023-11-14T22:13:20Z')
    expect(result.view.warnings).toEqual([])
  })

  test('of another owner permits nothing by itself', () => {
    const { view } = seen(
      typedData(`TransferWithAuthorization(${FIELDS})`, USDC, { ...message, from: ALICE }),
    )
    expect(view.warnings[0]).toContain('is not this key')
  })
})

describe('a transaction of a Safe', () => {
  const TYPE =
    'SafeTx(address to,uint256 value,bytes data,uint8 operation,uint256 safeTxGas,uint256 baseGas,uint256 gasPrice,address gasToken,address refundReceiver,uint256 nonce)'
  const transfer = encoded('transfer(address,uint256)', BOB, 5_000_000n)
  const asked = (changes: Record<string, unknown> = {}) =>
    typedData(TYPE, A_SAFE, {
      to: USDC,
      value: 0n,
      data: transfer,
      operation: 0n,
      safeTxGas: 0n,
      baseGas: 0n,
      gasPrice: 0n,
      gasToken: NOBODY,
      refundReceiver: NOBODY,
      nonce: 42n,
      ...changes,
    })

  test('is decoded inwards', () => {
    const result = seen(asked())
    expect(result.view.sentence).toBe(
      `Has the Safe ${A_SAFE} do this: transfers 5 USDC to ${BOB}, by a signature for ${A_SAFE} on Ethereum (chain 1).`,
    )
    expect(effectsOf(result)).toEqual([`call null null ${A_SAFE}`, `transfer ${USDC} 5000000 ${BOB}`])
    expect(valueOf(result, 'call 1 made by')).toBe(A_SAFE)
    expect(valueOf(result, 'message.nonce')).toBe('42')
  })

  test('with many calls is decoded inwards', () => {
    const data = multiSend([
      { to: USDC, data: transfer },
      { to: ALICE, data: '0x', value: 5n },
    ])
    const result = seen(asked({ to: MULTISEND, data, operation: 1n }))
    expect(effectsOf(result)).toEqual([
      `call null null ${A_SAFE}`,
      `delegatecall null null ${MULTISEND}`,
      `transfer ${USDC} 5000000 ${BOB}`,
      `transfer native 5 ${ALICE}`,
    ])
  })

  test('by delegatecall is warned of', () => {
    const result = seen(asked({ operation: 1n }))
    expect(effectsOf(result)).toContain(`delegatecall null null ${USDC}`)
    expect(result.view.warnings[0]).toContain('Delegatecall')
  })

  test('that pays for gas says so', () => {
    const result = seen(asked({ gasPrice: 1n, baseGas: 10n ** 20n, gasToken: DAI, refundReceiver: ALICE }))
    expect(effectsOf(result)).toContain(`transfer ${DAI} null ${ALICE}`)
  })

  test('of an operation that no Safe does is not known', () => {
    expect(effectsOf(seen(asked({ operation: 2n })))).toEqual([`unknown null null ${A_SAFE}`])
  })

  test('of an old Safe, whose domain names no chain, is valid on every chain', () => {
    const result = seen({
      ...asked(),
      types: { ...asked().types, EIP712Domain: [{ name: 'verifyingContract', type: 'address' }] },
      domain: { verifyingContract: A_SAFE },
    })
    expect(result.view.effects.map(({ chain }) => chain)).toEqual(['evm:any', 'evm:any'])
    expect(result.view.warnings).toContain('The domain names no chain: the signature holds on every one.')
    expect(valueOf(result, 'call 1 token')).toBe(`${USDC}, not known here`)
  })
})
