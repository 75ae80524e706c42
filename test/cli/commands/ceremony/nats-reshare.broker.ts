/** A key dealt anew by real processes over a real server, without a person. */
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import { type Broker, natsSuite } from '../../../support/nats.js'
import { makeKey, start } from '../../../support/ceremonies.js'
import { type Custodian, custodians, scratch } from '../../../support/cli.js'

const hashOf = async (file: string): Promise<string> =>
  `sha256:${createHash('sha256')
    .update(await readFile(file))
    .digest('hex')}`

// Many processes: on a busy machine they are slow, and no less right.
vi.setConfig({ testTimeout: 180_000 })

let server: Broker
let folder: Awaited<ReturnType<typeof scratch>>

natsSuite('resharing over NATS', (startBroker) => {
  beforeAll(async () => {
    server = await startBroker()
  })
  afterAll(() => server.down())
  beforeEach(async () => {
    folder = await scratch()
  })
  afterEach(() => folder.remove())

  const define = async (author: Custodian, kind: string, ...flags: string[]) => {
    const line = ['ceremony', 'new', kind, '--key', 'treasury', ...flags, '-o', `${kind}.mpc`]
    const { code, json } = await author.mpc([...line, '--no-input', '--json'])
    expect(code).toBe(0)
    return json.data
  }
  const together = async (people: readonly Custodian[], kind: string, id: string) => {
    const line = [kind, '--definition', `${kind}.mpc`, '--accept', id]
    const ended = await Promise.all(people.map((who) => start(who, server.url, line).ended))
    for (const { code, stderr } of ended) expect(code, stderr).toBe(0)
    return ended.map(({ json }) => json.data)
  }

  test('2 of 3 becomes 3 of 5, is refreshed, and signs', async () => {
    const everybody = await custodians(folder.dir, 'alice', 'bob', 'carol', 'dave', 'erin')
    const [alice, bob, carol, dave, erin] = everybody as [
      Custodian,
      Custodian,
      Custodian,
      Custodian,
      Custodian,
    ]
    const [made] = await makeKey([alice, bob, carol], server.url)
    const { public_key: publicKey, key_id: keyId } = (made as NonNullable<typeof made>).json.data

    const members = 'alice,bob,carol,dave,erin'
    const reshare = await define(alice, 'reshare', '--threshold', '3', '--members', members)
    expect(reshare).toMatchObject({
      kind: 'reshare',
      threshold: 3,
      dealers: ['alice', 'bob'],
      minority: false,
    })
    const shown = await alice.mpc(['ceremony', 'show', 'reshare.mpc'])
    expect(shown.stdout).toContain('now 2 of 3, epoch 1; the public key stays')
    const reshared = await together(everybody, 'reshare', reshare.definition_id)
    for (const data of reshared) {
      expect(data).toMatchObject({ public_key: publicKey, key_id: keyId, epoch: 2, threshold: 3 })
    }

    const refresh = await define(dave, 'refresh', '--dealers', 'erin,carol,dave')
    expect(refresh.dealers).toEqual(['carol', 'dave', 'erin'])
    for (const data of await together(everybody, 'refresh', refresh.definition_id)) {
      expect(data).toMatchObject({ public_key: publicKey, key_id: keyId, epoch: 3, threshold: 3 })
    }

    const [{ transcript }] = reshared
    const verified = await erin.mpc(['transcript', 'verify', transcript, '--json'])
    expect(verified.json.data).toMatchObject({
      kind: 'reshare',
      certificate: 'complete',
      public_key: publicKey,
    })

    const payload = ['--in', alice.card, '--approve', await hashOf(alice.card)]
    const signed = await Promise.all([
      start(erin, server.url, ['sign', '--key', 'treasury', ...payload, '--signers', 'bob,dave,erin']).ended,
      ...[bob, dave].map(
        (who) => start(who, server.url, ['sign', '--key', 'treasury', '--next', ...payload.slice(2)]).ended,
      ),
    ])
    for (const { code, stderr, json } of signed) {
      expect(code, stderr).toBe(0)
      expect(json.data).toMatchObject({ public_key: publicKey, epoch: 3 })
    }
    const listed = await alice.mpc(['ceremony', 'list', '--json'])
    expect(
      listed.json.data.ceremonies
        .map((each: { kind: string; state: string }) => [each.kind, each.state])
        .sort(),
    ).toEqual([
      ['keygen', 'done'],
      ['refresh', 'done'],
      ['reshare', 'done'],
    ])
  })
})
