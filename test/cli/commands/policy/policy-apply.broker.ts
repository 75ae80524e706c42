/** A policy change by the binary over a real server: applied by all, and by nobody where one is away. */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { sha256 } from '../../../../src/wire/base/hash.js'
import { hex } from '../../../../src/wire/base/text.js'
import { start } from '../../../support/ceremonies.js'
import { type Custodian, custodians, newKeygen, scratch } from '../../../support/cli.js'
import { type Broker, natsSuite } from '../../../support/nats.js'
import { policyNamed } from '../../../support/policies.js'

natsSuite('mpc policy apply over NATS', (startBroker) => {
  let server: Broker
  let folder: Awaited<ReturnType<typeof scratch>>
  let everybody: Custodian[]
  let alice: Custodian
  let bob: Custodian

  beforeAll(async () => {
    server = await startBroker()
    folder = await scratch()
    everybody = await custodians(folder.dir, 'alice', 'bob')
    ;[alice, bob] = everybody as [Custodian, Custodian]
    for (const name of ['one', 'two']) await writeFile(join(folder.dir, `${name}.yaml`), policyNamed(name))
  }, 120_000)
  afterAll(async () => {
    await server.down()
    await folder.remove()
  })

  const all = (...args: string[]) => Promise.all(everybody.map((who) => start(who, server.url, args).ended))

  test('all agree on another policy, which each then shows; alone, one comes to nothing', async () => {
    const made = await alice.mpc([
      ...newKeygen('k.mpc', { '--members': 'alice,bob', '--policy': 'one.yaml' }),
      '--json',
    ])
    const keygen = made.json.data.definition_id as string
    const keys = await all('keygen', '--definition', 'k.mpc', '--accept', keygen)
    expect(keys.map(({ code }) => code)).toEqual([0, 0])
    const change = ['ceremony', 'new', 'policy', '--key', 'treasury', '--policy', 'two.yaml', '-o', 'p.mpc']
    const { json } = await alice.mpc([...change, '--json'])
    expect(json.data).toMatchObject({ kind: 'policy', policy_number: 2 })
    const id = json.data.definition_id as string
    const apply = ['policy', 'apply', '--definition', 'p.mpc', '--accept', id]
    const alone = start(alice, server.url, [...apply, '--timeout', '3s'])
    expect((await alone.ended).code).toBe(5)
    const before = await alice.mpc(['policy', 'show', 'treasury', '--json'])
    expect(before.json.data.policy.number).toBe(1)
    const applied = await all(...apply)
    for (const { json: line } of applied) {
      expect(line).toMatchObject({
        code: 0,
        data: { key: 'treasury', already: false, policy: { number: 2 } },
      })
    }
    for (const who of everybody) {
      const shown = await who.mpc(['key', 'show', 'treasury', '--json'])
      expect(shown.json.data.policy).toEqual({ number: 2, sha256: hex(sha256(policyNamed('two'))) })
    }
    // What one writes, the other takes in, and has it already.
    await alice.mpc(['policy', 'show', 'treasury', '--chain', '-o', 'k.policies'])
    const taken = await bob.mpc(['policy', 'import', '--key', 'treasury', 'k.policies', '--json'])
    expect(taken.json).toMatchObject({ code: 0, data: { added: [], policy: { number: 2 } } })
    await alice.mpc(['policy', 'show', 'treasury', '-o', 'shown.yaml'])
    expect(await readFile(join(folder.dir, 'shown.yaml'))).toEqual(Buffer.from(policyNamed('two')))
    const listed = await bob.mpc(['ceremony', 'list', '--json'])
    expect(
      listed.json.data.ceremonies
        .map(({ kind, state }: { kind: string; state: string }) => `${kind} ${state}`)
        .sort(),
    ).toEqual(['keygen done', 'policy done'])
  }, 240_000)
})
