/** Real processes on a network that breaks: in the first seconds, at the very last word, and all the time. */
import { createHash } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { define, makeKey, type Running, start } from '../../../support/ceremonies.js'
import { type Custodian, custodians, type Ran, scratch } from '../../../support/cli.js'
import { BadLink, type Quality } from '../../../support/link.js'
import { type Broker, natsSuite } from '../../../support/nats.js'

let folder: Awaited<ReturnType<typeof scratch>>
let everybody: Custodian[]
const cleanUp: (() => Promise<unknown>)[] = []

beforeEach(async () => {
  folder = await scratch()
  everybody = await custodians(folder.dir, 'alice', 'bob')
})
afterEach(async () => {
  for (const close of cleanUp.splice(0).reverse()) await close()
  await folder.remove()
})

async function over(server: Broker, quality: Quality): Promise<BadLink> {
  const link = await BadLink.to(server.port, quality)
  cleanUp.push(() => link.close())
  return link
}

/** Whether a letter of this kind is said in these bytes of a client; as it stands in the header of an envelope. */
function says(chunk: Buffer, kind: string): boolean {
  const text = chunk.toString('latin1')
  return text.startsWith('PUB') && text.includes(`dkind${String.fromCharCode(0x60 + kind.length)}${kind}`)
}

/** Breaks each of the first connections once, as soon as the server is asked whether it has a letter of this kind. */
function breakingAfter(kind: string, connections: number): Quality {
  const doomed = new Set<number>()
  return {
    resets: (chunk, connection) => {
      if (connection < connections && says(chunk, kind)) doomed.add(connection)
      return doomed.has(connection) && chunk.toString('latin1').includes('PING\r\n')
    },
  }
}

const codes = (ended: readonly Ran[]) =>
  ended.map(({ code, stderr }) => (code === 0 ? 0 : `${code} ${stderr}`))

natsSuite('a network that breaks', (startBroker) => {
  let server: Broker
  beforeEach(async () => {
    server = await startBroker()
    cleanUp.push(() => server.down())
  })

  test('at the very last word of a key generation: the key is made, and printed', async () => {
    const link = await over(server, breakingAfter('done', 2))
    const { file, id } = await define(everybody)
    const all = everybody.map((who) => start(who, link.url, ['keygen', '--definition', file, '--accept', id]))
    const ended = await Promise.all(all.map((each) => each.ended))
    expect(codes(ended)).toEqual([0, 0])
    expect(link.reset).toBe(2)
    expect(new Set(ended.map(({ json }) => json.data.public_key)).size).toBe(1)
  })

  test('at the very last word of a signing: the signature is made, and printed', async () => {
    await makeKey(everybody, server.url)
    const link = await over(server, breakingAfter('receipt', 2))
    await writeFile(join(folder.dir, 'msg.bin'), 'pay nobody')
    const approve = ['--approve', `sha256:${createHash('sha256').update('pay nobody').digest('hex')}`]
    const [alice, bob] = everybody as [Custodian, Custodian]
    const asks = ['sign', '--key', 'treasury', '--in', 'msg.bin', '--signers', 'alice,bob', ...approve]
    const both = [
      start(alice, link.url, asks),
      start(bob, link.url, ['sign', '--key', 'treasury', '--next', ...approve]),
    ]
    const ended = await Promise.all(both.map((each) => each.ended))
    expect(codes(ended)).toEqual([0, 0])
    expect(link.reset).toBe(2)
    expect(new Set(ended.map(({ json }) => json.data.signature)).size).toBe(1)
  })

  test('while people are still coming: the server is started again, and it ends done', async () => {
    const { file, id } = await define(everybody)
    const begin = (who: Custodian): Running =>
      start(who, server.url, ['keygen', '--definition', file, '--accept', id])
    const [alice, bob] = everybody as [Custodian, Custodian]
    const first = begin(alice)
    await first.until(({ event }) => event === 'joined')
    await server.down()
    const second = begin(bob)
    await server.up()
    expect(codes(await Promise.all([first.ended, second.ended]))).toEqual([0, 0])
  })

  test('for a while in the first handshake of everybody: they are told, and it ends done', async () => {
    const link = await over(server, {
      resets: (chunk, connection) => connection < 8 && chunk.toString('latin1').startsWith('CONNECT'),
    })
    const { file, id } = await define(everybody)
    const all = everybody.map((who) => start(who, link.url, ['keygen', '--definition', file, '--accept', id]))
    const ended = await Promise.all(all.map((each) => each.ended))
    expect(codes(ended)).toEqual([0, 0])
    expect(ended.some(({ stderr }) => stderr.includes('. Trying again.'))).toBe(true)
  })

  test.each([
    ['before the vote', 'confirm', 4, 'E_BROKER_LIMIT'],
    ['after it', 'receipt', 12, 'E_IN_DOUBT'],
  ])('a server that takes less from now on, %s', async (_, kind, code, error) => {
    const link: BadLink = await over(server, {
      drops: (chunk) => {
        const now = says(chunk, kind)
        // The letter itself is lost: what comes next is not taken any more.
        if (now) link.tell('INFO {"server_id":"x","version":"2.9.10","proto":1,"max_payload":100}\r\n')
        return now
      },
    })
    const { file, id } = await define(everybody)
    const all = everybody.map((who) => start(who, link.url, ['keygen', '--definition', file, '--accept', id]))
    for (const { json } of await Promise.all(all.map((each) => each.ended))) {
      expect(json).toMatchObject({ code, error: { code: error } })
    }
  })
})
