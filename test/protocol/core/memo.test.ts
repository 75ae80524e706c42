/** The memory keeps what was found, never what was refused, and never without end. */
import { expect, test } from 'vitest'
import { curveOf } from '../../../src/protocol/group/scheme.js'
import { Memo } from '../../../src/protocol/core/memo.js'
import { parseCard } from '../../../src/wire/identity/card.js'
import { people } from '../../support/members.js'

test('what was found once is not looked for again, until there is too much of it', () => {
  const memo = new Memo<number>(3)
  let looks = 0
  const look = (name: string): number => memo.of(name, () => (looks += 1))
  expect(['a', 'b', 'a', 'c', 'a'].map(look)).toEqual([1, 2, 1, 3, 1])
  expect(['d', 'a'].map(look)).toEqual([4, 5])
})

test('what is refused is refused again, and may be found later', () => {
  const memo = new Memo<number>()
  const refuse = () => memo.of('a', () => expect.fail('not yet'))
  expect(refuse).toThrow('not yet')
  expect(refuse).toThrow('not yet')
  expect(memo.of('a', () => 7)).toBe(7)
})

test('a point and a card that differ in one bit from one that was met are looked at', async () => {
  const { G, parsePoint } = curveOf('eddsa-ed25519')
  const encoded = G.toBytes()
  expect(parsePoint(encoded).equals(G)).toBe(true)
  expect(parsePoint(Uint8Array.from(encoded))).toBe(parsePoint(encoded))
  const torsion = Uint8Array.from(encoded)
  torsion[31] = (torsion[31] as number) ^ 1
  expect(() => parsePoint(torsion)).toThrow()

  const [alice] = await people('alice')
  const line = (alice as NonNullable<typeof alice>).card.line
  const at = line.length - 40
  const other = `${line.slice(0, at)}${line[at] === 'q' ? 'p' : 'q'}${line.slice(at + 1)}`
  expect(parseCard(line).line).toBe(line)
  expect(() => parseCard(other)).toThrow()
  expect(() => parseCard(line.toUpperCase())).toThrow()
})
