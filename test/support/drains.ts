/** Queued requests, drained by two processes of each of two custodians, of which each is killed, and the server too. */
import { createHash } from 'node:crypto'
import { readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import { type Running, start } from './ceremonies.js'
import type { Custodian, Line } from './cli.js'
import type { NatsServer } from './nats.js'

const digestOf = (text: string): string => createHash('sha256').update(text).digest('hex')
const online = (who: Custodian, server: NatsServer, ...args: string[]) =>
  who.mpc([...args, '--nats', server.url, ...who.unlock, '--no-input', '--json'])

type Signed = { readonly request_id: string; readonly signature: string }

/** @returns IDs of the requests, each with its payload */
export async function queue(
  asker: Custodian,
  server: NatsServer,
  count: number,
): Promise<ReadonlyMap<string, string>> {
  const asked = new Map<string, string>()
  for (let i = 0; i < count; i++) {
    const text = `payment ${i} of ${count}`
    writeFileSync(join(asker.home, '..', 'queued.bin'), text)
    const { json } = await online(asker, server, 'request', 'sign', '--key', 'treasury', '--in', 'queued.bin')
    expect(json, JSON.stringify(json)).toMatchObject({ code: 0 })
    asked.set(json.data.request_id, text)
  }
  return asked
}

async function areSomeLeft(who: Custodian, server: NatsServer): Promise<boolean> {
  const { json } = await online(who, server, 'request', 'list', '--key', 'treasury')
  return json.data.requests.length > 0
}

/**
 * Drains until nothing waits. Each process of the first round is killed once it has told of so many events, and another
 * takes its place; the server is killed and started again in between.
 * @param killAfter events, for each of the four
 */
export async function drainUnderFire(
  custodians: readonly [Custodian, Custodian],
  server: NatsServer,
  asked: ReadonlyMap<string, string>,
  killAfter: readonly number[],
): Promise<readonly Line[]> {
  const approvals = join(custodians[0].home, '..', 'approvals.txt')
  writeFileSync(approvals, [...asked.values()].map((text) => `sha256:${digestOf(text)}\n`).join(''))
  const drains = (who: Custodian): Running =>
    start(who, server.url, `sign --key treasury --drain --wait 8s --approve-file ${approvals}`.split(' '))
  const first = [...custodians, ...custodians].map(drains)
  let events = 0
  const restarted = new Promise<void>((resolve) => {
    for (const each of first) {
      each.at(
        () => ++events === 40,
        () => void server.down().then(() => server.up().then(resolve)),
      )
    }
  })
  let killed = 0
  const again = first.map(async (running, i) => {
    // One that finds all requests taken by its sister ends by itself.
    await running.until(() => running.events.length >= (killAfter[i] ?? 0)).catch(() => undefined)
    const ran = await running.kill()
    if (ran.code !== null) return [ran.json]
    killed += 1
    return [(await drains(running.who).ended).json]
  })
  await restarted
  const lines = (await Promise.all(again)).flat()
  expect(killed).toBeGreaterThan(1)
  // Whatever the kills left over.
  for (let round = 0; round < 5 && (await areSomeLeft(custodians[0], server)); round++) {
    const rest = await Promise.all(custodians.map((who) => drains(who).ended))
    lines.push(...rest.map(({ json }) => json))
  }
  return lines
}

/** Nothing is lost, and nothing is signed twice or told twice. */
export async function expectEachOnce(
  custodians: readonly [Custodian, Custodian],
  server: NatsServer,
  asked: ReadonlyMap<string, string>,
  lines: readonly Line[],
): Promise<void> {
  for (const line of lines) expect(line, JSON.stringify(line)).toMatchObject({ code: 0 })
  for (const who of custodians) {
    const { json } = await online(who, server, 'request', 'list', '--key', 'treasury', '--all')
    const ours = json.data.requests.filter(({ request_id }: Signed) => asked.has(request_id))
    const states = ours.map(({ request_id, state }: Record<string, string>) => [request_id, state])
    expect(new Map(states)).toEqual(new Map([...asked.keys()].map((id) => [id, 'signed'])))
  }
  for (const [id, text] of asked) {
    const shown = await Promise.all(custodians.map((who) => who.mpc(['request', 'show', id, '--json'])))
    const signatures = new Set(shown.map(({ json }) => json.data.signature))
    expect(signatures.size, id).toBe(1)
    expect(shown[0]?.json.data.payload_sha256).toBe(digestOf(text))
    const told = lines
      .flatMap((line) => line.data.signed as Signed[])
      .filter(({ request_id }) => request_id === id)
    expect(told.length, id).toBeLessThanOrEqual(custodians.length)
    for (const who of custodians) {
      const files = readdirSync(join(who.home, 'claims', id))
      expect(files.filter((name) => name === 'refused')).toEqual([])
    }
  }
}
