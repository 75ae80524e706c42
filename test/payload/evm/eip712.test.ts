/** Typed data: vectors, refusals, and viem as the second hash and verifier. */
import { EVM_ANY } from '../../../src/payload/chain.js'
import fc from 'fast-check'
import { type Hex, recoverTypedDataAddress } from 'viem'
import { describe, expect, test } from 'vitest'
import { eip712 } from '../../../src/payload/evm/eip712.js'
import { HOSTILE, hostileSamples } from '../../support/hostile.js'
import { ALICE, BOB } from './encoded.js'
import { assembled, COW_KEY, decoded, failureOf, hex0, testKey, textBytes, valueOf } from './subjects.js'
import { digestByViem, fields, jsonOf, key, seen, type TypedData, typedData, typesOf } from './typed.js'

/** https://eips.ethereum.org/EIPS/eip-712, "Specification of the eth_signTypedData JSON RPC", "Example". */
const MAIL: TypedData = {
  types: {
    EIP712Domain: fields('string name,string version,uint256 chainId,address verifyingContract'),
    ...typesOf('Person(string name,address wallet)Mail(Person from,Person to,string contents)').types,
  },
  primaryType: 'Mail',
  domain: {
    name: 'Ether Mail',
    version: '1',
    chainId: 1,
    verifyingContract: '0xCcCCccccCCCCcCCCCCCcCcCccCcCCCcCcccccccC',
  },
  message: {
    from: { name: 'Cow', wallet: '0xCD2a3d9F938E13CD947Ec05AbC7FE734Df8DD826' },
    to: { name: 'Bob', wallet: '0xbBbBBBBbbBBBbbbBbbBbbbbBBbBbbbbBbBbbBBbB' },
    contents: 'Hello, Bob!',
  },
}

const digestOf = (data: unknown): string => hex0(seen(data).messages[0]?.message as Uint8Array)

describe('EIP-712’s example', () => {
  test('has the hashes of the EIP and of its Example.js', () => {
    const result = seen(MAIL)
    expect(valueOf(result, 'message hash')).toBe(
      '0xc52c0ee5d84264471806290a3f2c4cecfc5490626bf912d01f240d7a274b371e',
    )
    expect(valueOf(result, 'domain hash')).toBe(
      '0xf2cee375fa42b42143804025fc449deafd50cc031ca257e0b194a650a912090f',
    )
    expect(digestOf(MAIL)).toBe('0xbe609aee343fb3c4b28e1df9e632fca64fcfaede20f02e86244efddf30957bd2')
    expect(digestByViem(MAIL)).toBe(digestOf(MAIL))
  })

  test('is shown: domain, contract, primary type and every field', () => {
    const result = seen(MAIL)
    expect(result.view.sentence).toBe(
      'Signs the typed data "Mail", by a signature for 0xCcCCccccCCCCcCCCCCCcCcCccCcCCCcCcccccccC on Ethereum (chain 1).',
    )
    expect(result.view.rows.map(({ label, value }) => `${label}: ${value}`)).toEqual([
      `signed by: ${key.address}`,
      'network: Ethereum (chain 1)',
      'primary type: "Mail"',
      'domain.name: "Ether Mail"',
      'domain.version: "1"',
      'domain.chainId: 1',
      'domain.verifyingContract: 0xCcCCccccCCCCcCCCCCCcCcCccCcCCCcCcccccccC',
      'message.from.name: "Cow"',
      'message.from.wallet: 0xCD2a3d9F938E13CD947Ec05AbC7FE734Df8DD826',
      'message.to.name: "Bob"',
      'message.to.wallet: 0xbBbBBBBbbBBBbbbBbbBbbbbBBbBbbbbBbBbbBBbB',
      'message.contents: "Hello, Bob!"',
      'domain hash: 0xf2cee375fa42b42143804025fc449deafd50cc031ca257e0b194a650a912090f',
      'message hash: 0xc52c0ee5d84264471806290a3f2c4cecfc5490626bf912d01f240d7a274b371e',
    ])
    expect(result.view.effects).toEqual([
      {
        chain: 'evm:1',
        kind: 'unknown',
        asset: null,
        amount: null,
        recipient: '0xCcCCccccCCCCcCCCCCCcCcCccCcCCCcCcccccccC',
      },
    ])
    expect(result.view.warnings[0]).toContain('What a signature of "Mail" does')
  })

  test('is signed as the EIP has it (RFC 6979 makes the same signature)', () => {
    expect(assembled(eip712, jsonOf(MAIL), key)).toEqual({
      signature:
        '0x4355c47d63924e8a72e509b65029052eb6c299d53a04e167c5775fd466751c9d07299936d304c153f6443dfa05f40ff007d72911b6f72307f996231605b915621c',
      r: '0x4355c47d63924e8a72e509b65029052eb6c299d53a04e167c5775fd466751c9d',
      s: '0x07299936d304c153f6443dfa05f40ff007d72911b6f72307f996231605b91562',
      v: 28,
    })
  })

  test('signed at a path recovers to its key, by viem', async () => {
    const owner = testKey(COW_KEY, 'm/7')
    const signature = assembled(eip712, jsonOf(MAIL), owner)['signature'] as Hex
    expect(await recoverTypedDataAddress({ ...MAIL, signature })).toBe(owner.address)
  })

  test('is the payload as the file has it', () => {
    for (const file of [
      jsonOf(MAIL),
      textBytes(JSON.stringify(MAIL)),
      textBytes(` ${JSON.stringify(MAIL)}\n`),
    ]) {
      expect(eip712.read(file)).toEqual(file)
      expect(hex0(decoded(eip712, file, key).messages[0]?.message as Uint8Array)).toBe(digestByViem(MAIL))
    }
  })
})

describe('any types', () => {
  const address = fc.uint8Array({ minLength: 20, maxLength: 20 }).map(hex0)
  const ATOMS: readonly (readonly [string, fc.Arbitrary<unknown>])[] = [
    ['address', address],
    ['bool', fc.boolean()],
    ['string', fc.string({ unit: 'grapheme', maxLength: 30 })],
    ['bytes', fc.uint8Array({ maxLength: 80 }).map(hex0)],
    ['bytes32', fc.uint8Array({ minLength: 32, maxLength: 32 }).map(hex0)],
    ['bytes3', fc.uint8Array({ minLength: 3, maxLength: 3 }).map(hex0)],
    ['uint8', fc.bigInt(0n, 255n)],
    ['uint256', fc.bigInt(0n, 2n ** 256n - 1n)],
    ['int16', fc.bigInt(-(2n ** 15n), 2n ** 15n - 1n)],
    ['int256', fc.bigInt(-(2n ** 255n), 2n ** 255n - 1n)],
  ]
  const atom = fc.constantFrom(...ATOMS)
  /** A field, of an atom or of lists of it, with its value. */
  const field = fc.tuple(atom, fc.constantFrom('', '[]', '[2]', '[][]')).chain(([[type, value], suffix]) => {
    const list = (item: fc.Arbitrary<unknown>) => fc.array(item, { maxLength: 3 })
    const values = {
      '': value,
      '[]': list(value),
      '[2]': fc.array(value, { minLength: 2, maxLength: 2 }),
      '[][]': list(list(value)),
    }[suffix] as fc.Arbitrary<unknown>
    return values.map((each) => ({ type: `${type}${suffix}`, value: each }))
  })
  const struct = fc.array(field, { minLength: 1, maxLength: 4 }).map((list) => ({
    types: list.map(({ type }, i) => ({ name: `f${i}`, type })),
    value: Object.fromEntries(list.map(({ value }, i) => [`f${i}`, value])),
  }))

  test('are hashed as viem does it', () => {
    fc.assert(
      fc.property(struct, struct, fc.nat(3), (outer, inner, count) => {
        const data: TypedData = {
          types: {
            EIP712Domain: fields('string name,uint256 chainId,bytes32 salt'),
            Zulu: inner.types,
            Main: [...outer.types, ...fields('Zulu one,Alpha[] many')],
            Alpha: fields('Zulu[2] two,Alpha[] more'),
          },
          primaryType: 'Main',
          domain: { name: 'x', chainId: 5, salt: `0x${'ab'.repeat(32)}` },
          message: {
            ...outer.value,
            one: inner.value,
            many: Array.from({ length: count }, () => ({
              two: [inner.value, inner.value],
              more: [{ two: [inner.value, inner.value], more: [] }],
            })),
          },
        }
        expect(digestOf(data)).toBe(digestByViem(data))
      }),
      { seed: 4, numRuns: 150 },
    )
  })
})

describe('integers', () => {
  const with_ = (value: unknown) => typedData('Order(uint256 n,int8 small)', BOB, { n: value, small: -1 })

  test.each([
    ['a number', 5, 5n],
    ['text', '5', 5n],
    ['hex', '0x05', 5n],
    ['the largest exact number', 9007199254740991, 9007199254740991n],
    ['more than that, as text', '9007199254740993', 9007199254740993n],
    ['zero', 0, 0n],
  ])('may be %s', (_, written, n) => {
    expect(valueOf(seen(with_(written)), 'message.n')).toBe(`${n}`)
    expect(digestOf(with_(written))).toBe(digestByViem(with_(n)))
  })

  const literal = (digits: string): Uint8Array => textBytes(JSON.stringify(with_('N')).replace('"N"', digits))

  test.each([
    ['beyond exact numbers', '9007199254740993'],
    ['with an exponent', '1e3'],
    ['with a point', '1.0'],
    ['minus zero', '-0'],
    ['with a zero in front, as text', '"05"'],
    ['negative, of an unsigned type', '-1'],
    ['beyond its bits', `"${2n ** 256n}"`],
    ['with blanks', '" 5"'],
    ['with a plus', '"+5"'],
    ['empty', '""'],
    ['0x alone', '"0x"'],
    ['negative hex', '"-0x5"'],
    ['null', 'null'],
    ['a bool', 'true'],
    ['a list', '[5]'],
  ])('%s are refused', (_, digits) => {
    const failure = failureOf(() => decoded(eip712, literal(digits), key))
    expect(failure).toMatchObject({ kind: 'verification', code: 'E_PAYLOAD' })
    expect(failure.message).toContain('message.n')
  })
})

describe('refused', () => {
  const changed = (change: (data: Record<string, never>) => void): TypedData => {
    const copy = structuredClone(MAIL) as never
    change(copy)
    return copy
  }
  type Loose = Record<string, Record<string, unknown>> & TypedData
  const edit = (change: (data: Loose) => void): TypedData => changed(change as never)

  test.each<[string, TypedData, string]>([
    ['a field that no type has', edit((d) => (d.message['extra'] = 1)), 'has "extra", which Mail has not'],
    [
      'such a field further in',
      edit((d) => ((d.message['to'] as Loose)['extra'] = {})),
      'which Person has not',
    ],
    ['a missing field', edit((d) => delete d.message['contents']), 'has no contents'],
    ['a field that is null', edit((d) => (d.message['to'] = null)), 'message.to is no Person'],
    ['text in place of an object', edit((d) => (d.message['to'] = 'Bob')), 'message.to is no Person'],
    ['a number in place of text', edit((d) => (d.message['contents'] = 5)), 'message.contents is no text'],
    ['a key beside the four', edit((d) => (d['extra'] = {})), 'has "extra", which is not signed'],
    ['no domain', edit((d) => delete (d as Record<string, unknown>)['domain']), 'has no domain'],
    [
      'a domain without a field of its type',
      edit((d) => delete d.domain['version']),
      'domain has no version',
    ],
    [
      'a domain with a field beyond its type',
      edit((d) => (d.domain['salt'] = '0x')),
      'which EIP712Domain has not',
    ],
    ['no type of the domain', edit((d) => delete d.types['EIP712Domain']), 'have no EIP712Domain'],
    [
      'a type of the domain without fields',
      edit((d) => {
        d.types['EIP712Domain'] = []
        Object.assign(d, { domain: {} })
      }),
      'EIP712Domain has no fields',
    ],
    [
      'a field of the domain that EIP-712 does not know',
      edit((d) => (d.types['EIP712Domain'] = fields('string httpOrigin'))),
      'EIP712Domain has a field "string httpOrigin"',
    ],
    [
      'a field of the domain of another type',
      edit((d) => (d.types['EIP712Domain'] = fields('string chainId'))),
      'EIP712Domain has a field "string chainId"',
    ],
    ['a primary type that is not there', { ...MAIL, primaryType: 'Mial' }, 'not among the types'],
    ['the domain as primary type', { ...MAIL, primaryType: 'EIP712Domain' }, 'not among the types'],
    ['a primary type of Object', { ...MAIL, primaryType: 'toString' }, 'not among the types'],
    ['an unknown type', edit((d) => (d.types['Mail'] = fields('Persona from'))), '"Persona" is no type'],
    ['uint without bits', edit((d) => (d.types['Mail'] = fields('uint from'))), '"uint" is no type'],
    ['uint of 7 bits', edit((d) => (d.types['Mail'] = fields('uint7 from'))), '"uint7" is no type'],
    ['uint of 264 bits', edit((d) => (d.types['Mail'] = fields('uint264 from'))), '"uint264" is no type'],
    ['bytes of 33', edit((d) => (d.types['Mail'] = fields('bytes33 from'))), '"bytes33" is no type'],
    ['uint08', edit((d) => (d.types['Mail'] = fields('uint08 from'))), '"uint08" is no type'],
    ['a list of none', edit((d) => (d.types['Mail'] = fields('string[0] from'))), 'is no type'],
    ['a list without an end', edit((d) => (d.types['Mail'] = fields('string[ from'))), 'is no type'],
    ['lists five deep', edit((d) => (d.types['Mail'] = fields('string[][][][][] from'))), 'list of lists'],
    [
      'a struct called like an atom',
      edit((d) => (d.types['address'] = fields('string x'))),
      '"address" is no name',
    ],
    ['a struct with a blank in its name', edit((d) => (d.types['A B'] = [])), '"A B" is no name'],
    ['two fields of one name', edit((d) => (d.types['Mail'] = fields('string a,string a'))), 'two fields a'],
    [
      'a field with a blank in its name',
      edit((d) => (d.types['Mail'] = [{ name: 'a b', type: 'string' }])),
      'is no name of a field',
    ],
    [
      'a field with more than name and type',
      edit((d) => (d.types['Mail'] = [{ name: 'a', type: 'string', x: 1 } as never])),
      'not a name and a type',
    ],
    [
      'too many types',
      edit((d) => {
        for (let i = 0; i < 70; i++) d.types[`T${i}`] = []
      }),
      'more than 64 types',
    ],
    [
      'too many fields',
      edit((d) => (d.types['Mail'] = fields(Array.from({ length: 65 }, (_, i) => `bool f${i}`).join(',')))),
      'more than 64 fields',
    ],
    [
      'a mistyped address',
      edit((d) => (d.domain['verifyingContract'] = '0xCcCCccccCCCCcCCCCCCcCcCccCcCCCcCccccccCC')),
      'verifyingContract is no address',
    ],
    [
      'a short address',
      edit((d) => (d.domain['verifyingContract'] = '0xcc')),
      'verifyingContract is no address',
    ],
    [
      'an address without 0x',
      edit((d) => (d.domain['verifyingContract'] = 'cc'.repeat(20))),
      'not hex with 0x',
    ],
    ['too many bytes', edit((d) => (d.message['contents'] = 'x'.repeat(128 * 1024))), 'at most 131072 bytes'],
  ])('%s', (_, data, problem) => {
    const failure = failureOf(() => seen(data))
    expect(failure).toMatchObject({ kind: 'verification', code: 'E_PAYLOAD' })
    expect(failure.message).toContain(problem)
  })

  const text = JSON.stringify(MAIL)
  test.each<[string, string | Uint8Array, string]>([
    ['a key twice', text.replace('"contents":"', '"contents":"x","contents":"'), '"contents" is there twice'],
    [
      'a key twice, once escaped',
      text.replace('"contents":"', '"\\u0063ontents":"x","contents":"'),
      'there twice',
    ],
    ['a type twice', text.replace('"Mail":[', '"Mail":[],"Mail":['), '"Mail" is there twice'],
    ['half a surrogate pair', text.replace('Hello', '\\ud800'), 'half of a surrogate pair'],
    ['half a surrogate pair in a key', text.replace('"contents"', '"\\udc00"'), 'half of a surrogate pair'],
    ['a comment', `${text}//`, 'is not JSON'],
    ['text after the end', `${text}{}`, 'is not JSON'],
    ['a comma too many', text.replace('}]', '},]'), 'is not JSON'],
    ['a byte order mark', `\ufeff${text}`, 'is not JSON'],
    ['a blank that JSON does not know', text.replace(':', ':\u00a0'), 'is not JSON'],
    ['bytes that are not UTF-8', Uint8Array.from([...textBytes(text), 0xff]), 'is not UTF-8'],
    ['a list', '[]', 'is no object'],
    ['nothing', '', 'is not JSON'],
    ['nesting without end', `${'['.repeat(60_000)}${']'.repeat(60_000)}`, 'nested more than'],
    ['nesting without an end', '{"types":'.repeat(12_000), 'is not JSON'],
  ])('%s', (_, file, problem) => {
    const bytes = typeof file === 'string' ? textBytes(file) : file
    const failure = failureOf(() => decoded(eip712, bytes, key))
    expect(failure).toMatchObject({ kind: 'verification', code: 'E_PAYLOAD' })
    expect(failure.message).toContain(problem)
    expect(failure.message).not.toMatch(HOSTILE)
  })

  test('a message nested without end', () => {
    let message: Record<string, unknown> = { more: [] }
    for (let i = 0; i < 20; i++) message = { more: [message] }
    expect(failureOf(() => seen(typedData('Node(Node[] more)', BOB, message))).message).toContain(
      'nested more than',
    )
  })

  test('more values than are shown', () => {
    const message = { list: Array.from({ length: 4100 }, () => true) }
    expect(failureOf(() => seen(typedData('Order(bool[] list)', BOB, message))).message).toContain(
      'more than 4096 values',
    )
  })
})

describe('a domain', () => {
  const on = (types: string, domain: Record<string, unknown>): TypedData => ({
    types: { EIP712Domain: fields(types), Order: fields('address to') },
    primaryType: 'Order',
    domain,
    message: { to: ALICE },
  })

  test('without a chain is valid on every one, which is said first', () => {
    const data = on('address verifyingContract', { verifyingContract: BOB })
    const { view } = seen(data)
    expect(view.warnings).toContain('The domain names no chain: the signature holds on every one.')
    // Rules that deny something on any chain of Ethereum's kind speak of this signature too.
    expect(view.effects[0]?.chain).toBe(EVM_ANY)
    expect(view.sentence).toContain('on any chain')
    expect(digestOf(data)).toBe(digestByViem(data))
  })

  test('without a contract is for anybody', () => {
    const { view } = seen(on('uint256 chainId', { chainId: 1 }))
    expect(view.warnings).toContain('The domain names no contract that takes the signature.')
    expect(view.sentence).toContain('by a signature for anybody')
  })

  test('of a network without a name is warned of', () => {
    const { view } = seen(on('uint256 chainId', { chainId: 424242 }))
    expect(view.warnings).toContain('This program has no name for the network with chain id 424242.')
    expect(view.effects[0]?.chain).toBe('evm:424242')
  })

  test('may have its fields in any order', () => {
    const data = on('address verifyingContract,uint256 chainId', { chainId: 10, verifyingContract: BOB })
    expect(digestOf(data)).toBe(digestByViem(data))
    expect(valueOf(seen(data), 'network')).toBe('OP Mainnet (chain 10)')
  })

  test('types that are not used are named', () => {
    const data = on('uint256 chainId', { chainId: 1 })
    const more = { ...data, types: { ...data.types, Other: fields('string x') } }
    expect(seen(more).view.warnings).toContain('Types that are not used are not signed: "Other".')
    expect(digestOf(more)).toBe(digestByViem(data))
  })
})

describe('what is shown', () => {
  test('is all of a long text, in pieces', () => {
    const contents = Array.from({ length: 500 }, (_, i) => `${i} `).join('')
    const rows = seen({ ...MAIL, message: { ...MAIL.message, contents } }).view.rows.filter(({ label }) =>
      label.startsWith('message.contents'),
    )
    expect(rows[0]?.label).toBe(`message.contents, part 1 of ${rows.length}`)
    expect(rows.map(({ value }) => value.slice(1, -1)).join('')).toBe(contents)
  })

  test('is all of long bytes, in pieces', () => {
    const data = typedData('Order(bytes what)', BOB, { what: hex0(new Uint8Array(200).fill(0xab)) })
    const rows = seen(data).view.rows.filter(({ label }) => label.startsWith('message.what'))
    expect(rows.map(({ value }) => value).join('')).toBe(hex0(new Uint8Array(200).fill(0xab)))
  })

  test('are empty lists and empty structs, too', () => {
    const data = typedData('Order(string[] list,Empty none)Empty()', BOB, { list: [], none: {} })
    expect(valueOf(seen(data), 'message.list')).toBe('an empty list')
    expect(valueOf(seen(data), 'message.none')).toBe('no fields')
    expect(digestOf(data)).toBe(digestByViem(data))
  })

  test('has no hostile text, wherever the payload has it', () => {
    for (const text of [...hostileSamples, '\u001b[2J', '\u202eevil', '"x', '\\']) {
      const data = structuredClone(MAIL) as {
        domain: Record<string, unknown>
        message: Record<string, unknown>
      }
      data.domain['name'] = text
      data.domain['version'] = text
      data.message['contents'] = `${text}${'y'.repeat(250)}${text}`
      data.message['from'] = { name: text, wallet: ALICE }
      const { view } = seen(data)
      for (const each of [
        view.sentence,
        ...view.warnings,
        ...view.rows.flatMap((row) => [row.label, row.value]),
      ]) {
        expect(each).not.toMatch(HOSTILE)
        expect(each).not.toContain('\n')
      }
    }
  })
})
