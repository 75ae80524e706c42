import { readdirSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Custodian, custodian, mpc, newKeygen, scratch } from '../../../support/cli.js'
import { freePort } from '../../../support/nats.js'

let dir: string
let remove: () => Promise<void>
let alice: Custodian
let bob: Custodian

beforeAll(async () => {
  ;({ dir, remove } = await scratch())
  ;[alice, bob] = await Promise.all([custodian(dir, 'alice'), custodian(dir, 'bob')])
})
afterAll(() => remove())

describe('mpc status', () => {
  it('creates nothing where there is nothing, and says where to begin', async () => {
    const home = join(dir, 'nowhere')
    for (const command of [['status'], ['ceremony', 'list']]) {
      expect((await mpc(home, [...command, '--json'])).code).toBe(0)
    }
    const { json } = await mpc(home, ['status', '--json'])
    expect(json.data).toEqual({
      home,
      identity: null,
      primes: 0,
      unverified: [],
      damaged: [],
      keys: [],
      ceremonies: [],
      requests: [],
    })
    expect(readdirSync(dir)).not.toContain('nowhere')
    const { stdout, stderr } = await mpc(home, ['status'])
    expect(stdout).toContain('Nothing is unfinished.')
    expect(stderr).toContain('Next: mpc identity init --name NAME')
    // A folder of other things stays a folder of other things.
    expect((await mpc(dir, ['status', '--json'])).json.data.identity).toBeNull()
    expect(readdirSync(dir)).not.toContain('installation')
  })

  it('needs no secret to say who is who', async () => {
    await alice.mpc(['identity', 'import', bob.card])
    const { code, json, stderr } = await alice.mpc(['status', '--no-input', '--json'])
    expect([code, stderr]).toEqual([0, ''])
    expect(json.data).toMatchObject({
      home: alice.home,
      identity: { name: 'alice', fingerprint: alice.fingerprint },
      unverified: ['bob'],
      ceremonies: [],
    })
  })

  it('says nothing of a ceremony that nobody could be met for', async () => {
    await alice.mpc(['identity', 'import', bob.card, '--fingerprint', bob.fingerprint])
    const made = await alice.mpc([...newKeygen('k.mpc', { '--members': 'alice,bob' }), '--json'])
    const id = made.json.data.definition_id as string
    const url = `nats://127.0.0.1:${await freePort()}`
    // Nobody to meet at: nothing was begun.
    const run = ['keygen', '--definition', 'k.mpc', '--accept', id, '--nats', url, ...alice.unlock, '--json']
    expect((await alice.mpc(run)).code).toBe(4)
    expect((await alice.mpc(['ceremony', 'list', '--json'])).json.data.ceremonies).toEqual([])
    const unknown = await alice.mpc(['ceremony', 'show', id, '--json'])
    expect([unknown.code, unknown.json.error.code]).toEqual([2, 'E_NO_FILE'])
  })

  it('survives a damaged key and says which', async () => {
    await mkdir(join(bob.home, 'keys', 'gold'), { recursive: true })
    await writeFile(join(bob.home, 'keys', 'gold', 'state.cbor'), 'x')
    const { code, json } = await bob.mpc(['status', '--json'])
    expect(code).toBe(0)
    expect(json.data.keys).toMatchObject([
      { name: 'gold', public_key: null, problem: { code: 'E_KEY_STATE' } },
    ])
    expect((await bob.mpc(['status'])).stdout).toContain('the key gold is not whole')
  })
})
