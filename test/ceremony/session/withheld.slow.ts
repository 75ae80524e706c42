/** The same among four, of whom every one of the seven choices of honest members is deprived. */
import { afterAll, expect, test } from 'vitest'
import { MemoryNetwork } from '../../../src/messaging/transport/memory.js'
import { RELEASES, subsetsOf, withholds } from '../../support/withheld.js'

const NAMES = ['alice', 'bob', 'dave', 'carol']
const CASES = RELEASES.flatMap((release) =>
  subsetsOf(NAMES.slice(0, -1)).map((from) => [from.join(', '), release, from] as const),
)
let played = 0

afterAll(() => {
  process.stdout.write(`withheld: ${played} of ${CASES.length}\n`)
})

test('the matrix is whole', () => {
  expect(CASES).toHaveLength(21)
})

test.concurrent.each(CASES)('from %s, and shows it %s', async (_, release, from) => {
  const network = new MemoryNetwork()
  await withholds(NAMES, from, release, ({ member }) => Promise.resolve(network.connect(member.name)))
  played += 1
})
