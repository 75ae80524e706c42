/**
 * Approvals over a real nats-server whose configuration is the very text of `mpc nats config`: of a custodian, and of
 * somebody with a title and no share, who may do nothing else there.
 */
import { createHash } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  approverPermissions,
  memberToken,
  permissionsOf,
} from '../../../../src/messaging/transport/subjects.js'
import { fromHex } from '../../../../src/wire/base/text.js'
import { define, type Event, start } from '../../../support/ceremonies.js'
import { type Custodian, custodian, custodians, scratch } from '../../../support/cli.js'
import { NatsServer, natsServerSuite } from '../../../support/nats.js'

let folder: Awaited<ReturnType<typeof scratch>>
let server: NatsServer
let [alice, bob, carol] = [] as unknown as [Custodian, Custodian, Custodian]
/** Has a title, and no share. */
let dora: Custodian
let definition: string

const message = Buffer.from('pay nobody, and tell everybody')
const digest = createHash('sha256').update(message).digest('hex')
const approve = ['--approve', `sha256:${digest}`]
const away = ['--record', 'treasury.record', '--policy', 'treasury.yaml']
const doras = () => memberToken(fromHex(dora.fingerprint, 32) as Uint8Array)

const asks = (...more: string[]) =>
  start(alice, server.url, [
    'sign',
    '--key',
    'treasury',
    '--in',
    'msg.bin',
    '--type',
    'text',
    '--signers',
    'alice,bob',
    ...approve,
    ...more,
  ])
const says = (who: Custodian, verdict: 'approve' | 'refuse', id: string, ...more: string[]) =>
  start(who, server.url, [verdict, id, '--key', 'treasury', ...more])

/** The ID of the request that a process waits with. */
async function requestOf(asking: ReturnType<typeof asks>): Promise<string> {
  const isNeed = (event: Event): boolean => event.event === 'needs'
  await asking.until(isNeed)
  return (asking.events.find(isNeed) as Event & { readonly request: string }).request
}

natsServerSuite('approving over a nats-server as `nats config` makes it', () => {
  beforeAll(async () => {
    folder = await scratch()
    ;[alice, bob, carol] = (await custodians(folder.dir, 'alice', 'bob', 'carol')) as [
      Custodian,
      Custodian,
      Custodian,
    ]
    dora = await custodian(folder.dir, 'dora')
    await writeFile(join(folder.dir, 'msg.bin'), message)
    await writeFile(
      join(folder.dir, 'rules.yaml'),
      `format: mpc/policy/v1
titles:
  head: ["${dora.fingerprint}"]
  compliance: ["${carol.fingerprint}", "${dora.fingerprint}"]
rules:
  - name: letters
    when: { type: [text] }
    approvals: [{ title: head, of: 1 }, { title: compliance, of: 1 }]
`,
    )
    const made = await define([alice, bob, carol], 2, 'eddsa-ed25519', 'treasury', 'rules.yaml')
    definition = made.file
    const { stdout } = await alice.mpc(['nats', 'config', '--definition', made.file, '--card', 'dora.card'])
    server = await NatsServer.start(stdout.replace(/^listen: .*\n/m, ''))
    const keygens = [alice, bob, carol].map((who) =>
      start(who, server.url, ['keygen', '--definition', made.file, '--accept', made.id]),
    )
    for (const { code, stderr } of await Promise.all(keygens.map(({ ended }) => ended)))
      expect(code, stderr).toBe(0)
    expect((await bob.mpc(['key', 'show', 'treasury', '--export', '-o', 'treasury.record'])).code).toBe(0)
    expect((await bob.mpc(['policy', 'show', 'treasury', '-o', 'treasury.yaml'])).code).toBe(0)
  })
  afterAll(async () => {
    await server.down()
    await folder.remove()
  })

  test('an approver may publish as itself about requests, and hear them; and nothing else', async () => {
    const own = approverPermissions(fromHex(dora.fingerprint, 32) as Uint8Array)
    expect(own).toEqual({ publish: [`mpc.v1.req.*.${doras()}`], subscribe: ['mpc.v1.req.*.*'] })
    const config = await alice.mpc([
      'nats',
      'config',
      '--definition',
      definition,
      '--card',
      'dora.card',
      '--json',
    ])
    expect(config.json.data.unknown).toEqual([])
    expect(config.json.data.config).toContain(`publish: ${JSON.stringify(own.publish)}`)
    expect(config.json.data.users.map(({ name }: { name: string }) => name)).toEqual([
      'alice',
      'bob',
      'carol',
      'dora',
    ])
    // Members hear approvers by the permissions that they have anyway.
    expect(permissionsOf(fromHex(alice.fingerprint, 32) as Uint8Array).subscribe).toContain('mpc.v1.req.*.*')
    const without = await alice.mpc(['nats', 'config', '--definition', definition, '--json'])
    expect(without.json.data.unknown).toEqual([dora.fingerprint])
    const stranger = await custodian(folder.dir, 'mallory')
    const refused = await alice.mpc([
      'nats',
      'config',
      '--definition',
      definition,
      '--card',
      stranger.card,
      '--json',
    ])
    expect(refused.json).toMatchObject({ code: 2, error: { code: 'E_NATS_GROUP' } })
  })

  test('two titles approve, one of them without a share, and two custodians sign', async () => {
    const asking = asks()
    const joining = start(bob, server.url, [
      'sign',
      '--key',
      'treasury',
      '--next',
      '--type',
      'text',
      ...approve,
    ])
    const id = await requestOf(asking)
    const early = await says(dora, 'approve', id.slice(0, 16), ...away, ...approve).ended
    expect(early.json).toMatchObject({ code: 2, error: { code: 'E_USAGE' } })
    const other = await says(dora, 'approve', id, ...away, '--approve', `sha256:${'0'.repeat(64)}`).ended
    expect(other.json).toMatchObject({ code: 9, error: { code: 'E_APPROVE' } })
    const first = await says(dora, 'approve', id, ...away, ...approve).ended
    expect(first.json).toMatchObject({
      code: 0,
      data: { request_id: id, verdict: 'approve', titles: ['head', 'compliance'], payload_sha256: digest },
    })
    expect(first.json.data.heard_by).toContain('alice')
    const second = await says(carol, 'approve', id, ...approve).ended
    expect(second.json).toMatchObject({ code: 0, data: { titles: ['compliance', 'custodians'] } })
    const [a, b] = await Promise.all([asking.ended, joining.ended])
    expect([a.code, b.code], a.stderr + b.stderr).toEqual([0, 0])
    expect(a.json.data.signature).toBe(b.json.data.signature)
    const check = [
      'verify',
      '--key',
      'treasury',
      '--in',
      'msg.bin',
      '--type',
      'text',
      '--signature',
      a.json.data.signature,
    ]
    expect((await carol.mpc(check)).code).toBe(0)
    const late = await says(carol, 'refuse', id, '--timeout', '3s').ended
    expect(late.json).toMatchObject({ code: 5, error: { code: 'E_NO_REQUEST' } })
  })

  test('a refusal of the one who is needed ends it for the asker, who names it', async () => {
    const asking = asks()
    const id = await requestOf(asking)
    const refusal = await says(dora, 'refuse', id.slice(0, 8), ...away, '--reason', 'not this month').ended
    expect(refusal.json).toMatchObject({ code: 0, data: { verdict: 'refuse', expires: null } })
    const { json } = await asking.ended
    expect(json).toMatchObject({ code: 8, error: { code: 'E_PEER_REFUSED', party: 'dora' } })
    expect(json.error.message).toContain('dora refuses this request: "not this month"')
  })
})
