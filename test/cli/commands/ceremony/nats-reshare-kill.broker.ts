/**
 * A resharing over a real server in which one process gets SIGKILL: a seeded sample of the places between two operations
 * on the disk in the ending, and around what is said. All of them are in `nats-reshare-kill.slow.ts`.
 */
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  type Place,
  courseIn,
  reshareWithSigkill,
  ROLES,
  type Stage,
  stageReshare,
} from '../../../support/killed.js'
import { type Broker, natsServerSuite, NatsServer } from '../../../support/nats.js'
import { seededRng } from '../../../support/rng.js'

const SAMPLE = 2

natsServerSuite('a resharing with a SIGKILL in it', () => {
  let server: Broker
  let stage: Stage

  beforeAll(async () => {
    server = await NatsServer.start()
    stage = await stageReshare(server.url)
  })
  afterAll(async () => {
    await stage.remove()
    await server.down()
  })

  test('ends for everybody, and at every moment a quorum of one epoch is there', async () => {
    const log = join(stage.dir, 'course')
    expect(await reshareWithSigkill(stage, server.url, 'alice', null, { log })).toBe(false)
    const { operations, ending, words } = courseIn(log)
    expect(operations - ending).toBeGreaterThan(30)
    expect(words).toBeGreaterThan(8)
    const rng = seededRng('nats-reshare-kill', 1)
    const below = (n: number): number => new DataView(rng(4).buffer).getUint32(0) % n
    let kills = 0
    for (let i = 0; i < SAMPLE; i++) {
      const victim = ROLES[below(3)] as (typeof ROLES)[number]
      const place: Place =
        i % 2 === 0 ? { operation: ending + below(operations - ending) } : { before: 1 + below(words) }
      if (await reshareWithSigkill(stage, server.url, victim, place, { signs: i === 0 })) kills += 1
    }
    expect(kills).toBeGreaterThanOrEqual(SAMPLE - 1)
  }, 180_000)
})
