/** Ethereum transactions: official vectors, named refusals, and viem as the second decoder. */
import {
  type Hex,
  keccak256,
  parseTransaction as parseByViem,
  recoverTransactionAddress,
  serializeTransaction,
  toRlp,
  type TransactionSerialized,
} from 'viem'
import { describe, expect, test } from 'vitest'
import { evmTx } from '../../../src/payload/evm/evm-tx.js'
import { parseTransaction } from '../../../src/payload/evm/transaction.js'
import {
  assembled,
  bytesOf,
  COW_KEY,
  decoded,
  EIP155_KEY,
  failureOf,
  hex0,
  testKey,
  textBytes,
  valueOf,
} from './subjects.js'

const key = testKey(COW_KEY)
const ALICE = '0x70997970C51812dc3A010C7d01b50e0d17dc79C8'
const transfer = {
  chainId: 1,
  nonce: 7,
  gas: 21_000n,
  maxFeePerGas: 30_000_000_000n,
  maxPriorityFeePerGas: 1_000_000_000n,
  to: ALICE,
  value: 1_500_000_000_000_000_000n,
} as const

const made = (changes: Record<string, unknown> = {}): Uint8Array =>
  bytesOf(serializeTransaction({ ...transfer, ...changes }))
const legacy = (changes: Record<string, unknown> = {}): Uint8Array =>
  bytesOf(
    serializeTransaction({
      type: 'legacy',
      chainId: 1,
      nonce: 7,
      gas: 21_000n,
      gasPrice: 20_000_000_000n,
      to: ALICE,
      value: 1n,
      ...changes,
    }),
  )
/** An EIP-1559 transaction of fields that viem would not write: chain, nonce, priority, fee, gas, to, value, data. */
const raw1559 = (changes: Readonly<Record<number, Hex>>): Uint8Array => {
  const fields: Hex[] = ['0x01', '0x', '0x01', '0x02', '0x5208', `0x${'11'.repeat(20)}`, '0x', '0x']
  return bytesOf(`02${toRlp([...fields.map((field, i) => changes[i] ?? field), []]).slice(2)}`)
}
const refusal = (payload: Uint8Array) => failureOf(() => decoded(evmTx, payload, key))

describe('EIP-155’s example', () => {
  // https://eips.ethereum.org/EIPS/eip-155, "Example".
  const unsigned =
    'ec098504a817c800825208943535353535353535353535353535353535353535880de0b6b3a764000080018080'
  const signed =
    'f86c098504a817c800825208943535353535353535353535353535353535353535880de0b6b3a76400008025a028ef61340bd939bc2195fe537567866003e1a15d3c71ff63e1590620aa636276a067cbe9d8997f761aecb703304b3800ccf555c9f3dc64214b297fb1966a3b6d83'
  const owner = testKey(EIP155_KEY)

  test('is decoded, and its digest is the one given', () => {
    const result = decoded(evmTx, bytesOf(unsigned), owner)
    expect(hex0(result.messages[0]?.message as Uint8Array)).toBe(
      '0xdaf5a779ae972f972197303d7b574746c7ef83eadac0f2791ad23db92e4c8e53',
    )
    expect(result.view.sentence).toBe(
      'Sends 1 ETH to 0x3535353535353535353535353535353535353535 on Ethereum (chain 1).',
    )
    expect(valueOf(result, 'nonce')).toBe('9')
    expect(valueOf(result, 'gas price')).toBe('20 gwei (20000000000 wei)')
    expect(valueOf(result, 'fee at worst')).toBe('0.00042 ETH (420000000000000 wei)')
    expect(result.view.effects).toEqual([
      {
        chain: 'evm:1',
        kind: 'transfer',
        asset: 'native',
        amount: 10n ** 18n,
        recipient: '0x3535353535353535353535353535353535353535',
      },
      { chain: 'evm:1', kind: 'fee', asset: 'native', amount: 420_000_000_000_000n, recipient: null },
    ])
    expect(result.view.warnings).toEqual([])
  })

  test('is signed to the bytes given (RFC 6979 makes the same signature)', () => {
    expect(assembled(evmTx, bytesOf(unsigned), owner)).toEqual({
      raw_transaction: `0x${signed}`,
      txid: keccak256(`0x${signed}`),
      r: '0x28ef61340bd939bc2195fe537567866003e1a15d3c71ff63e1590620aa636276',
      s: '0x67cbe9d8997f761aecb703304b3800ccf555c9f3dc64214b297fb1966a3b6d83',
      v: 37,
    })
  })
})

// https://github.com/ethereum/go-ethereum, core/types/transaction_test.go: TestEIP2718TransactionSigHash and
// the encodings of emptyEip2718Tx and of a dynamic fee transaction; https://github.com/ethereum/tests,
// TransactionTests, by the names given.
const SIGNED: readonly (readonly [string, string, { digest?: string; sender?: string; hash?: string }])[] = [
  [
    'go-ethereum, EIP-2930',
    '0x01f8630103018261a894b94f5374fce5edbc8e2a8697c15331677e6ebf0b0a825544c001a0c9519f4f2b30335884581971573fadf60c6204f59a911df35ee8a540456b2660a032f1e8e2c5dd761f9e4f88f41c8310aeaba26a8bfcdacfedfa12ec3862d37521',
    { digest: '0x49b486f0ec0a60dfbbca2d30cb07c9e8ffb2a2ff41f29a1ab6737475f6ff69f3' },
  ],
  [
    'ttEIP2930/accessListStorage32Bytes',
    '0x01f89a018001826a4094095e7baea6a6c7c4c2dfeb977efac326af552d878080f838f794a95e7baea6a6c7c4c2dfeb977efac326af552d87e1a0ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff80a05cbd172231fc0735e0fb994dd5b1a4939170a260b36f0427a8a80866b063b948a07c230f7f578dd61785c93361b9871c0706ebfa6d06e3f4491dc9558c5202ed36',
    {
      sender: '0xebe76799923fd62804659fb00b4f0f1a94c0eb1e',
      hash: '0xb4f8b14a7aaf85ec2f76be9fbe4155deae1f87b2da95af73be3c27ed8d4c8cb7',
    },
  ],
  [
    'ttEIP1559/GasLimitPriceProductOverflowtMinusOne',
    '0x02f885018084773594009f02ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff82520894095e7baea6a6c7c4c2dfeb977efac326af552d878080c080a05cbd172231fc0735e0fb994dd5b1a4939170a260b36f0427a8a80866b063b948a07c230f7f578dd61785c93361b9871c0706ebfa6d06e3f4491dc9558c5202ed36',
    {
      sender: '0xae2aec498d20869d441eaaf708fb1e375ae1787d',
      hash: '0xdad8bff3ecfcf95169b1d5625b47f3372be795802bc4fe570991cf332f609334',
    },
  ],
]

describe('a signed vector', () => {
  test.each(SIGNED)('%s is parsed, and viem agrees', async (_, raw, { digest, sender, hash }) => {
    const tx = parseTransaction(bytesOf(raw))
    const seen = parseByViem(raw as Hex)
    const recovered = await recoverTransactionAddress({
      serializedTransaction: raw as TransactionSerialized,
    })
    expect(tx.signedBy).toBe(recovered)
    if (sender !== undefined) expect(tx.signedBy?.toLowerCase()).toBe(sender)
    if (digest !== undefined) expect(hex0(tx.digest)).toBe(digest)
    if (hash !== undefined) expect(keccak256(raw as Hex)).toBe(hash)
    expect(tx.to?.toLowerCase()).toBe(seen.to)
    expect([tx.chainId, tx.nonce, tx.gasLimit, tx.value]).toEqual([
      BigInt(seen.chainId as number),
      BigInt(seen.nonce ?? 0),
      seen.gas,
      seen.value ?? 0n,
    ])
    expect(tx.gasPrice).toBe(seen.gasPrice ?? seen.maxFeePerGas)
    expect(hex0(tx.data)).toBe(seen.data ?? '0x')
  })

  test.each(SIGNED)('%s is refused for another key, which is named', (_, raw) => {
    const payload = bytesOf(raw)
    const failure = refusal(payload)
    expect(failure).toMatchObject({ kind: 'verification', code: 'E_PAYLOAD' })
    expect(failure.message).toContain('from is not this key')
    expect(failure.message).toContain(key.address)
    expect(failure.message).toContain(parseTransaction(payload).signedBy)
  })
})

describe('a transaction of our own', () => {
  const kinds: readonly (readonly [string, Uint8Array, string])[] = [
    ['EIP-1559', made(), 'y_parity'],
    ['EIP-1559 with an access list', made({ accessList: [{ address: ALICE, storageKeys: [] }] }), 'y_parity'],
    [
      'EIP-2930',
      bytesOf(
        serializeTransaction({
          type: 'eip2930',
          chainId: 10,
          nonce: 0,
          gas: 21_000n,
          gasPrice: 5n,
          to: ALICE,
        }),
      ),
      'y_parity',
    ],
    ['legacy', legacy(), 'v'],
    ['legacy on a chain with a large id', legacy({ chainId: 11_155_111 }), 'v'],
    ['a new contract', made({ to: undefined, data: '0x60006000f3' }), 'y_parity'],
  ]

  test.each(kinds)('%s recovers to the key once it is signed, by viem', async (_, payload, parity) => {
    for (const path of [null, 'm/0/5']) {
      const owner = testKey(COW_KEY, path)
      expect(decoded(evmTx, payload, owner).messages).toEqual([
        { path, message: bytesOf(keccak256(hex0(payload))) },
      ])
      const outputs = assembled(evmTx, payload, owner)
      const raw = outputs['raw_transaction'] as TransactionSerialized
      expect(await recoverTransactionAddress({ serializedTransaction: raw })).toBe(owner.address)
      expect(outputs['txid']).toBe(keccak256(raw))
      const seen = parseByViem(raw)
      expect([BigInt(seen.r as Hex), BigInt(seen.s as Hex)]).toEqual([
        BigInt(outputs['r'] as string),
        BigInt(outputs['s'] as string),
      ])
      expect(outputs[parity]).toBe(parity === 'v' ? Number(seen.v) : seen.yParity)
      expect(hex0(payload)).toBe(
        serializeTransaction({
          ...seen,
          r: undefined,
          s: undefined,
          v: undefined,
          yParity: undefined,
        } as never),
      )
    }
  })

  test('is signed again if the key signed it before, and says so', async () => {
    const raw = assembled(evmTx, made(), key)['raw_transaction'] as string
    const result = decoded(evmTx, bytesOf(raw), key)
    expect(result.messages).toEqual(decoded(evmTx, made(), key).messages)
    expect(result.view.warnings).toContain(
      `The transaction was signed by ${key.address} before; that signature is replaced.`,
    )
    expect(assembled(evmTx, bytesOf(raw), key)['raw_transaction']).toBe(raw)
  })

  test('that another path signed is refused', () => {
    const raw = assembled(evmTx, made(), testKey(COW_KEY, 'm/1'))['raw_transaction'] as string
    expect(refusal(bytesOf(raw)).message).toContain('from is not this key')
  })

  test('shows the fee at worst and what a fast block gets', () => {
    const result = decoded(evmTx, made(), key)
    expect(valueOf(result, 'max fee per gas')).toBe('30 gwei (30000000000 wei)')
    expect(valueOf(result, 'max priority fee')).toBe('1 gwei (1000000000 wei)')
    expect(valueOf(result, 'fee at worst')).toBe('0.00063 ETH (630000000000000 wei)')
    expect(valueOf(result, 'value')).toBe('1.5 ETH (1500000000000000000 wei)')
    expect(valueOf(result, 'from')).toBe(key.address)
  })

  test('warns of a fee of a whole coin or more', () => {
    const { view } = decoded(evmTx, made({ gas: 30_000_000n, maxFeePerGas: 10n ** 11n }), key)
    expect(view.warnings).toEqual(['The fee may be as much as 3 ETH.'])
  })

  test('warns of a network without a name here, and speaks of its native coin', () => {
    const { view } = decoded(evmTx, made({ chainId: 4242 }), key)
    expect(view.sentence).toBe(
      `Sends 1.5 of the native coin to ${ALICE} on chain 4242, which has no name here.`,
    )
    expect(view.warnings).toEqual(['This program has no name for the network with chain id 4242.'])
    expect(view.effects.map(({ chain }) => chain)).toEqual(['evm:4242', 'evm:4242'])
  })

  test('says that a network charges for more than gas', () => {
    expect(valueOf(decoded(evmTx, made({ chainId: 8453 }), key), 'fee at worst')).toContain(
      'and what this network charges for data on Ethereum',
    )
  })

  test('that makes a contract names its address, as viem computes it', async () => {
    const { getContractAddress } = await import('viem')
    const created = getContractAddress({ from: key.address as Hex, nonce: 7n })
    const { view } = decoded(evmTx, made({ to: undefined, data: '0x60006000f3', value: 5n }), key)
    expect(view.effects.slice(0, 2)).toEqual([
      { chain: 'evm:1', kind: 'deploy', asset: null, amount: null, recipient: created },
      { chain: 'evm:1', kind: 'transfer', asset: 'native', amount: 5n, recipient: created },
    ])
    expect(view.sentence).toContain(`Deploys the contract ${created}`)
  })

  test('shows the first addresses of an access list, and counts the others', () => {
    const accessList = Array.from({ length: 10 }, (_, i) => ({
      address: `0x${(i + 1).toString().repeat(40).slice(0, 40)}`,
      storageKeys: [`0x${'00'.repeat(32)}`],
    }))
    const rows = decoded(evmTx, made({ accessList }), key).view.rows.filter(
      ({ label }) => label === 'access list',
    )
    expect(rows).toHaveLength(10)
    expect(rows[0]?.value).toBe('10 addresses, 10 storage keys')
    expect(rows.at(-1)?.value).toBe('2 more addresses')
  })
})

describe('a file', () => {
  test('may be hex, base64 or the bytes', () => {
    const payload = made()
    for (const form of [
      textBytes(`${hex0(payload)}\n`),
      textBytes(Buffer.from(payload).toString('base64')),
      payload,
    ]) {
      expect(evmTx.read(form)).toEqual(payload)
    }
  })
})

test('the odd transactions below are whole but for what is odd', () => {
  expect(decoded(evmTx, raw1559({}), key).messages).toHaveLength(1)
})

describe('refused by name', () => {
  const rlp = (first: number, rest = made()): Uint8Array => Uint8Array.from([first, ...rest.subarray(1)])
  const noChain = legacy({ chainId: undefined })
  const preEip155 = bytesOf(
    // https://github.com/ethereum/go-ethereum, core/types/transaction_test.go, rightvrsTx: v is 28.
    'f86103018207d094b94f5374fce5edbc8e2a8697c15331677e6ebf0b0a8255441ca098ff921201554726367d2be8c804a7ff89ccf285ebc57dff8ae4c44b9c19ac4aa08887321be575c8095f789dd4c743dfe42c1820f9231f98a962b210e3ac2452a3',
  )
  const signed = bytesOf(assembled(evmTx, made(), key)['raw_transaction'] as string)
  const N = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n
  const highS = (): Uint8Array => {
    const seen = parseByViem(hex0(signed))
    const s = `0x${(N - BigInt(seen.s as Hex)).toString(16)}` as const
    return bytesOf(
      serializeTransaction(
        { ...seen, r: undefined, s: undefined, v: undefined, yParity: undefined } as never,
        { r: seen.r as Hex, s, yParity: 1 - (seen.yParity as number) },
      ),
    )
  }

  test.each([
    ['no chain id', noChain, 'names no chain'],
    ['a signature without a chain id', preEip155, 'names no chain'],
    ['chain id 0', raw1559({ 0: '0x' }), 'no network has the chain id 0'],
    [
      'a chain id beyond exact numbers',
      raw1559({ 0: '0x20000000000000' }),
      'no network has the chain id 9007199254740992',
    ],
    ['EIP-7702', rlp(4), 'EIP-7702'],
    ['a blob transaction', rlp(3), 'EIP-4844'],
    ['a type of the future', rlp(5), 'type 5 is not known'],
    ['type 0', rlp(0), 'type 0 is not known'],
    ['text', textBytes('{'), 'type 123 is not known'],
    ['nothing', new Uint8Array(), 'empty'],
    ['a byte at the end', Uint8Array.from([...made(), 0]), 'canonical'],
    ['a byte too few', made().subarray(0, -1), 'canonical'],
    ['neither recipient nor code', made({ to: undefined, data: undefined }), 'neither a recipient nor'],
    ['a signature with a high s', highS(), 'not valid'],
    ['more bytes than nodes take', made({ data: `0x${'00'.repeat(128 * 1024)}` }), 'at most 131072 bytes'],
    ['more for the proposer than is paid', raw1559({ 2: '0x03' }), 'canonical'],
    ['a nonce of nine bytes', raw1559({ 1: '0x010000000000000000' }), 'canonical'],
    ['a short recipient', raw1559({ 5: `0x${'11'.repeat(19)}` }), 'canonical'],
    [
      // https://github.com/ethereum/tests, TransactionTests/ttEIP1559/maxFeePerGas00prefix.
      'a number with a zero in front',
      bytesOf(
        '02f88701808477359400a100ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff82520894095e7baea6a6c7c4c2dfeb977efac326af552d878080c080a05cbd172231fc0735e0fb994dd5b1a4939170a260b36f0427a8a80866b063b948a07c230f7f578dd61785c93361b9871c0706ebfa6d06e3f4491dc9558c5202ed36',
      ),
      'canonical',
    ],
    [
      // TransactionTests/ttEIP2930/accessListAddressLessThan20.
      'a short address in an access list',
      bytesOf(
        '01f8bc018001826a4094095e7baea6a6c7c4c2dfeb977efac326af552d878080f85af858939e7baea6a6c7c4c2dfeb977efac326af552d87f842a00000000000000000000000000000000000000000000000000000000000000000a0000000000000000000000000000000000000000000000000000000000000000180a05cbd172231fc0735e0fb994dd5b1a4939170a260b36f0427a8a80866b063b948a07c230f7f578dd61785c93361b9871c0706ebfa6d06e3f4491dc9558c5202ed36',
      ),
      'canonical',
    ],
    [
      // TransactionTests/ttEIP2930/accessListStorageOver32Bytes.
      'a long key in an access list',
      bytesOf(
        '01f89c018001826a4094095e7baea6a6c7c4c2dfeb977efac326af552d878080f83af83894a95e7baea6a6c7c4c2dfeb977efac326af552d87e2a101000000000000000000000000000000000000000000000000000000000000000080a05cbd172231fc0735e0fb994dd5b1a4939170a260b36f0427a8a80866b063b948a07c230f7f578dd61785c93361b9871c0706ebfa6d06e3f4491dc9558c5202ed36',
      ),
      'canonical',
    ],
  ])('%s', (_, payload, problem) => {
    const failure = refusal(payload)
    expect(failure).toMatchObject({ kind: 'verification', code: 'E_PAYLOAD' })
    expect(failure.message).toContain(problem)
  })

  test('a key of another scheme', () => {
    const record = { ...key.subject.record, scheme: 'schnorr-taproot' as const }
    const failure = failureOf(() => evmTx.decode(made(), { record, path: null }))
    expect(failure).toMatchObject({ kind: 'verification', code: 'E_PAYLOAD' })
    expect(failure.message).toContain('schnorr-taproot')
  })

  test('a path that leads to no key', () => {
    const failure = failureOf(() => evmTx.decode(made(), { ...key.subject, path: 'm/x' }))
    expect(failure).toMatchObject({ kind: 'usage', code: 'E_PATH' })
  })

  test('a signature of another key', () => {
    const { assemble, messages } = decoded(evmTx, made(), key)
    const other = testKey(EIP155_KEY).sign(messages[0]?.message as Uint8Array)
    expect(failureOf(() => assemble([other]))).toMatchObject({ code: 'E_SIGNATURE_INVALID' })
  })
})
