/**
 * Each process of a resharing over a real server gets SIGKILL at every place: between any two operations on its disk from
 * the storing of its result on, and before and after everything that it says.
 */
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  courseIn,
  type Place,
  reshareWithSigkill,
  ROLES,
  type Stage,
  stageReshare,
} from '../../../support/killed.js'
import { natsServerSuite, NatsServer } from '../../../support/nats.js'

/** So many resharings at once, each with a server of its own: they are all of one definition. */
const LANES = 3

natsServerSuite('a resharing with a SIGKILL anywhere', () => {
  let servers: NatsServer[]
  let stage: Stage
  let kills = 0
  const done: string[] = []

  beforeAll(async () => {
    servers = await Promise.all(Array.from({ length: LANES }, () => NatsServer.start()))
    stage = await stageReshare((servers[0] as NatsServer).url)
  })
  afterAll(async () => {
    await stage.remove()
    for (const server of servers) await server.down()
    process.stdout.write(`nats-reshare-kill: ${kills} kills (${done.join(', ')})\n`)
  })

  test.each(ROLES)('%s is killed everywhere', async (victim) => {
    const log = join(stage.dir, `course-${victim}`)
    await reshareWithSigkill(stage, (servers[0] as NatsServer).url, victim, null, { log })
    const { operations, ending, words } = courseIn(log)
    const upTo = (n: number): number[] => Array.from({ length: n }, (_, i) => i + 1)
    const places: Place[] = [
      ...upTo(operations)
        .slice(ending)
        .map((operation) => ({ operation })),
      ...upTo(words).map((before) => ({ before })),
      ...upTo(words).map((after) => ({ after })),
    ]
    const waiting = [...places]
    const wrong: string[] = []
    let killed = 0
    const lane = async ({ url }: NatsServer): Promise<void> => {
      for (let place = waiting.shift(); place; place = waiting.shift()) {
        try {
          if (await reshareWithSigkill(stage, url, victim, place)) killed += 1
        } catch (error) {
          wrong.push(`${JSON.stringify(place)}: ${String(error)}`)
          process.stdout.write(`${victim} ${wrong.at(-1)}\n`)
        }
      }
    }
    await Promise.all(servers.map(lane))
    process.stdout.write(`${victim}: ${killed} of ${places.length} killed, ${wrong.length} wrong\n`)
    expect(wrong).toEqual([])
    // How much is written and said depends a little on timing; nearly all of it happens each time.
    expect(killed).toBeGreaterThan(places.length * 0.75)
    kills += killed
    done.push(`${victim} ${killed} of ${places.length}`)
  })
})
