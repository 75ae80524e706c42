/** Transactions that are given as `raw` or `text`: those that have a type of their own, and those of other chains. */
import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { otherChainWarnings } from '../../../src/payload/other-chains/recognise.js'
import { fieldsIn } from '../../../src/payload/other-chains/protobuf.js'
import { UNKNOWN } from '../../../src/payload/opaque.js'
import { raw } from '../../../src/payload/plain/raw.js'
import { text } from '../../../src/payload/plain/text.js'
import type { View } from '../../../src/payload/decoder.js'
import { SCHEMES, type Scheme } from '../../../src/protocol/group/scheme.js'
import { codeOf } from '../../support/keys.js'

const bytes = (digits: string): Uint8Array => Uint8Array.from(Buffer.from(digits, 'hex'))
const utf8 = (characters: string): Uint8Array => new TextEncoder().encode(characters)
const subject = (scheme: Scheme) => ({
  record: { scheme, group_point: new Uint8Array(33), chain_code: null },
  path: null,
})
const viewOf = (payload: Uint8Array, scheme: Scheme = 'ecdsa-secp256k1'): View =>
  raw.decode(payload, subject(scheme)).view

/** CosmJS, `packages/proto-signing/src/testutils.spec.ts`: the first of its vectors, a transfer on `simd-testing`. */
const COSMOS =
  '0a97010a90010a1c2f636f736d6f732e62616e6b2e763162657461312e4d736753656e6412700a2d636f736d6f7331706b707472653766646b' +
  '6c366766727a6c65736a6a766878686c63337234676d6d6b38727336122d636f736d6f7331717970717870713971637273737a673270767871' +
  '367273307a716733797963356c7a763778751a100a0575636f736d12073132333435363712001800126b0a500a460a1f2f636f736d6f732e63' +
  '727970746f2e736563703235366b312e5075624b657912230a21034f04181eeba35391b858633a765c4a0c189697b40d216354d50890d350c7' +
  '029012040a020801180012170a0d0a0575636f736d12043230303010c09a0c1a0022001a0c73696d642d74657374696e672001'

/** Transactions of Tron's main network, named by the SHA-256 of their `raw_data`. */
const TRON = [
  [
    '7b3471d917674f27114792adab4c122ebe25b877d5353884fcfb39eea3a66658',
    'TransferContract',
    '0a029b79220890068d230cb5de994098af9994d22e5a66080112620a2d747970652e676f6f676c65617069732e636f6d2f70726f746f636f' +
      '6c2e5472616e73666572436f6e747261637412310a1541c4530f6bfa902b7398ac773da56106a15af15f921215412c2ba4a9ff6c53207d' +
      'c5b686bfecf75ea7b8057718ef4f70e0ed9594d22e',
  ],
  [
    '49333f48060f169f1b4c6be0a6a0e7eeb8f3ce8cee3e5d12e023d95d29e50b0c',
    'TriggerSmartContract',
    '0a0262782208c10b2750f0a9370840e09cfb90b6315aae01081f12a9010a31747970652e676f6f676c65617069732e636f6d2f70726f746f' +
      '636f6c2e54726967676572536d617274436f6e747261637412740a1541ea06cab892cc41244d394fe110ffec5dad3f298012154137349a' +
      'eb75a32f8c4c090daff376cf975f5d2eba2244a9059cbb0000000000000000000000005ce5f085777890e0ea35892990d3826ad71b04e5' +
      '00000000000000000000000000000000000000000000000029a2241af62c000070c799f890b63190018094ebdc03',
  ],
] as const

/** EIP-155's example, unsigned. */
const EVM = 'ec098504a817c800825208943535353535353535353535353535353535353535880de0b6b3a764000080018080'
/** A transfer between two accounts of one byte each, repeated, by the System program: a legacy Solana message. */
const SOLANA = [
  '01000103',
  '11'.repeat(32),
  '22'.repeat(32),
  '00'.repeat(32),
  '33'.repeat(32),
  '01020200010c02000000e803000000000000',
].join('')

describe('a transaction of another chain that signs the SHA-256 of its bytes', () => {
  test('of Cosmos is shown with a warning', () => {
    expect(viewOf(bytes(COSMOS)).warnings[0]).toBe(
      'These bytes are a transaction of the Cosmos chain "simd-testing", "/cosmos.bank.v1beta1.MsgSend": the ' +
        'signature authorises it, and this program does not decode it.',
    )
  })

  test.each(TRON)('of Tron, %s, is shown with a warning', (id, contract, digits) => {
    expect(createHash('sha256').update(bytes(digits)).digest('hex')).toBe(id)
    expect(viewOf(bytes(digits)).warnings[0]).toBe(
      `These bytes are a transaction of Tron, "type.googleapis.com/protocol.${contract}": the signature authorises ` +
        'it, and this program does not decode it.',
    )
  })

  test('of Cosmos in JSON is shown with a warning, as text too', () => {
    const doc = {
      account_number: '1',
      chain_id: 'cosmoshub-4',
      fee: { amount: [], gas: '200000' },
      memo: '',
      msgs: ['a', 'b', 'c', 'd'].map((each) => ({ type: `cosmos-sdk/${each}`, value: {} })),
      sequence: '0',
    }
    const payload = utf8(JSON.stringify(doc))
    const warning =
      'These bytes are a transaction of the Cosmos chain "cosmoshub-4", "cosmos-sdk/a", "cosmos-sdk/b", ' +
      '"cosmos-sdk/c" and 1 more: the signature authorises it, and this program does not decode it.'
    expect(viewOf(payload).warnings[0]).toBe(warning)
    const asText = text.decode(payload, subject('ecdsa-secp256k1')).view
    expect(asText.warnings).toEqual([warning])
    expect(asText.effects).toEqual([UNKNOWN])
    for (const key of Object.keys(doc)) {
      expect(otherChainWarnings(utf8(JSON.stringify({ ...doc, [key]: undefined })))).toEqual([])
    }
    expect(otherChainWarnings(utf8(JSON.stringify({ ...doc, msgs: [] })))).toEqual([])
  })

  test.each([
    ['a chain that is no text', '{"toString":1,"valueOf":1}', '"a"', []],
    ['a chain of lists within lists', `${'['.repeat(20_000)}${']'.repeat(20_000)}`, '"a"', []],
    ['a type that is no text', '"x"', '{"toString":1,"valueOf":1}', ['"a message of no type"']],
  ])('in JSON with %s stops no decoder', (_, chain, type, named) => {
    const json = `{"account_number":"1","chain_id":${chain},"fee":{},"memo":"","msgs":[{"type":${type}}],"sequence":"1"}`
    const { warnings } = text.decode(utf8(json), subject('ecdsa-secp256k1')).view
    expect(warnings).toHaveLength(named.length)
    for (const each of named) expect(warnings[0]).toContain(each)
  })

  test('names what it does without what could touch the screen', () => {
    const any = (url: string): number[] => [0x0a, 2 + url.length, 0x0a, url.length, ...utf8(url)]
    const body = any('/\u001b[2J')
    const chain = [...utf8('x\u0007')]
    const doc = [0x0a, body.length, ...body, 0x12, 0, 0x1a, chain.length, ...chain]
    expect(otherChainWarnings(Uint8Array.from(doc))[0]).toContain('"x\\u{7}", "/\\u{1b}[2J":')
  })

  test('cut short or lengthened is none', () => {
    for (const digits of [COSMOS, ...TRON.map(([, , each]) => each)]) {
      const whole = bytes(digits)
      expect(otherChainWarnings(whole)).toHaveLength(1)
      expect(otherChainWarnings(Uint8Array.from([...whole, 0]))).toEqual([])
      expect(otherChainWarnings(whole.subarray(1))).toEqual([])
    }
    // The account number, and a last field of Tron, may be left out; nothing else may.
    expect(otherChainWarnings(bytes(COSMOS).subarray(0, -1))).toEqual([])
    expect(otherChainWarnings(bytes(COSMOS).subarray(0, -20))).toEqual([])
  })

  test('is not seen in what is none, and no bytes stop the search', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (noise) => {
        expect(otherChainWarnings(noise)).toEqual([])
      }),
      { seed: 1, numRuns: 5000 },
    )
  })

  test.each([
    ['a number that never ends', 'ffffffffffffffffffffff', null],
    ['a field without a number', '0000', null],
    ['a length beyond the end', '0a05', null],
    ['a group', '0b0c', null],
    ['nothing', '', []],
  ])('Protocol Buffers: %s', (_, digits, fields) => {
    expect(fieldsIn(bytes(digits))).toEqual(fields)
  })
})

describe('bytes that have a type of their own', () => {
  test.each([
    ['evm-tx', EVM],
    ['solana-tx', SOLANA],
    ['solana-tx', `01${'00'.repeat(64)}${SOLANA}`],
    ['psbt', `70736274ff${'00'.repeat(40)}`],
  ])('%s, are refused as raw under every scheme, in every form', async (type, digits) => {
    const base64 = Buffer.from(digits, 'hex').toString('base64')
    for (const scheme of SCHEMES) {
      for (const payload of [bytes(digits), utf8(digits), utf8(`0x${digits}\n`), utf8(base64)]) {
        const decode = (): View => viewOf(payload, scheme)
        expect(decode).toThrow('and raw would not say so')
        expect(await codeOf(Promise.resolve().then(decode))).toBe('E_PAYLOAD')
        try {
          decode()
        } catch (error) {
          expect(error).toMatchObject({
            kind: 'verification',
            hint: `use --type ${type}, which shows what it does`,
          })
        }
      }
    }
  })

  test.each([
    ['evm-tx', EVM],
    ['solana-tx', SOLANA],
  ])('%s, are refused as text too', (type, digits) => {
    // With another amount, and addresses that happen to be ASCII, a message of Solana is text.
    const ascii = bytes(digits.replace('e803', '7f03'))
    for (const payload of type === 'solana-tx' ? [ascii, utf8(digits)] : [utf8(digits)]) {
      expect(() => text.decode(payload, subject('eddsa-ed25519'))).toThrow('and text would not say so')
    }
  })

  test('cut short are raw, with a warning that they may be something', () => {
    for (const digits of [EVM, SOLANA]) {
      expect(viewOf(bytes(digits).slice(0, -1)).warnings).toEqual([
        'These bytes are not text: they may be a transaction of a chain that this program does not know.',
      ])
    }
    expect(viewOf(utf8('psbt is a word')).warnings).toEqual([])
  })
})
