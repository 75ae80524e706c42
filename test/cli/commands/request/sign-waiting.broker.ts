/**
 * Requests that wait on a real nats-server are approved and signed while their asker is away, who gets the signature later:
 * over the permissions that `mpc nats config` prints, in processes of their own.
 */
import { createHash } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { define, start } from '../../../support/ceremonies.js'
import { type Custodian, custodian, custodians, type Ran, scratch } from '../../../support/cli.js'
import { NatsServer, natsServerSuite } from '../../../support/nats.js'

let folder: Awaited<ReturnType<typeof scratch>>
let server: NatsServer
let [alice, bob, carol] = [] as unknown as [Custodian, Custodian, Custodian]
/** Has a title, and no share. */
let dora: Custodian
/** Has a title that may ask, and no share. */
let olga: Custodian

const digestOf = (text: string): string => createHash('sha256').update(text).digest('hex')
const online = (who: Custodian, ...args: string[]): Promise<Ran> =>
  who.mpc([...args, '--nats', server.url, ...who.unlock, '--no-input', '--json'])
const running = (who: Custodian, ...args: string[]) => start(who, server.url, args)
const signs = (who: Custodian, ...payloads: string[]) =>
  running(
    who,
    'sign',
    '--key',
    'treasury',
    '--next',
    ...payloads.flatMap((text) => ['--approve', `sha256:${digestOf(text)}`]),
  )

/** Asks and leaves. @returns the request's ID */
async function asks(who: Custodian, text: string, ...more: string[]): Promise<string> {
  await writeFile(join(folder.dir, 'msg.bin'), text)
  const asked = await online(who, 'request', 'sign', '--key', 'treasury', '--in', 'msg.bin', ...more)
  expect(asked.code, asked.stdout).toBe(0)
  return asked.json.data.request_id
}

natsServerSuite('requests that wait', () => {
  beforeAll(async () => {
    folder = await scratch()
    ;[alice, bob, carol] = (await custodians(folder.dir, 'alice', 'bob', 'carol')) as [
      Custodian,
      Custodian,
      Custodian,
    ]
    dora = await custodian(folder.dir, 'dora')
    olga = await custodian(folder.dir, 'olga')
    await writeFile(
      join(folder.dir, 'rules.yaml'),
      `format: mpc/policy/v1
titles:
  head: ["${dora.fingerprint}"]
  operators: ["${olga.fingerprint}"]
requests: { from: [custodians, operators] }
rules:
  - name: letters
    when: { type: [text] }
    approvals: [{ title: head, of: 1 }]
  - name: bytes
    when: { type: [raw], effect: [none, unknown] }
`,
    )
    const made = await define([alice, bob, carol], 2, 'eddsa-ed25519', 'treasury', 'rules.yaml')
    const kept = [
      '--jetstream',
      join(folder.dir, 'kept'),
      '--admin',
      'carol',
      '--card',
      'dora.card',
      '--card',
      'olga.card',
    ]
    const { stdout } = await alice.mpc(['nats', 'config', '--definition', made.file, ...kept])
    server = await NatsServer.start(stdout.replace(/^listen: .*\n/m, ''))
    const keygens = [alice, bob, carol].map((who) =>
      running(who, 'keygen', '--definition', made.file, '--accept', made.id),
    )
    for (const { code, stderr } of await Promise.all(keygens.map(({ ended }) => ended)))
      expect(code, stderr).toBe(0)
    expect((await online(carol, 'nats', 'setup', '--key', 'treasury')).json).toMatchObject({
      code: 0,
      data: { people: ['alice', 'bob', 'carol', expect.any(String), expect.any(String)] },
    })
    expect((await bob.mpc(['key', 'show', 'treasury', '--export', '-o', 'treasury.record'])).code).toBe(0)
    expect((await bob.mpc(['policy', 'show', 'treasury', '-o', 'treasury.yaml'])).code).toBe(0)
  })
  afterAll(async () => {
    await server.down()
    await folder.remove()
  })

  test('are signed while their asker is away, who gets signature and certificate by `request show`', async () => {
    const id = await asks(carol, 'for carol', '--signers', 'alice,bob')
    await server.down()
    await server.up()
    const [a, b] = await Promise.all([alice, bob].map((who) => signs(who, 'for carol').ended))
    expect([a?.code, b?.code], `${a?.stderr}${b?.stderr}`).toEqual([0, 0])
    expect(a?.json.data).toMatchObject({ request_id: id, signature: b?.json.data.signature })
    const shown = await online(carol, 'request', 'show', id)
    expect(shown.json).toMatchObject({
      code: 0,
      data: {
        state: 'signed',
        read: true,
        signature: a?.json.data.signature,
        signed_by: ['alice', 'bob'],
        certificate: expect.stringMatching(/^[0-9a-f]+$/),
      },
    })
    // It is in the home now, and waits no more.
    await server.down()
    expect((await carol.mpc(['request', 'show', id, '--json'])).json.data.state).toBe('signed')
    await server.up()
    expect((await online(bob, 'request', 'list')).json.data.requests).toEqual([])
  })

  test('without named signers are signed by whoever comes', async () => {
    const id = await asks(carol, 'for anybody')
    const both = [signs(carol, 'for anybody'), signs(bob, 'for anybody')]
    const [c, b] = await Promise.all(both.map(({ ended }) => ended))
    expect([c?.code, b?.code], `${c?.stderr}${b?.stderr}`).toEqual([0, 0])
    expect(c?.json.data).toMatchObject({ request_id: id, signers: ['bob', 'carol'] })
    expect((await online(alice, 'request', 'show', id)).json.data.signed_by).toEqual(['bob', 'carol'])
  })

  test('hold up no other: a signer goes where somebody waits for it', async () => {
    await asks(carol, 'with carol', '--signers', 'alice,carol')
    const id = await asks(carol, 'with bob', '--signers', 'alice,bob')
    const both = [signs(alice, 'with carol', 'with bob'), signs(bob, 'with carol', 'with bob')]
    const [a, b] = await Promise.all(both.map(({ ended }) => ended))
    expect([a?.code, b?.code], `${a?.stderr}${b?.stderr}`).toEqual([0, 0])
    expect(a?.json.data.request_id).toBe(id)
    expect(b?.json.data.request_id).toBe(id)
  })

  test('that are taken back are signed by nobody', async () => {
    const id = await asks(carol, 'never', '--signers', 'alice,bob')
    expect((await online(carol, 'request', 'cancel', id)).code).toBe(0)
    const both = [alice, bob].map((who) =>
      running(
        who,
        'sign',
        '--key',
        'treasury',
        '--join',
        id,
        '--approve',
        `sha256:${digestOf('never')}`,
        '--timeout',
        '6s',
      ),
    )
    for (const { code, json } of await Promise.all(both.map(({ ended }) => ended))) {
      expect(code, JSON.stringify(json)).toBe(5)
    }
    expect((await online(carol, 'request', 'show', id)).json.data.state).toBe('cancelled')
  })

  test('wait for the word of a title holder, who says it while nobody is there', async () => {
    const id = await asks(carol, 'Dear Sir', '--type', 'text', '--signers', 'alice,bob')
    const away = ['--record', 'treasury.record', '--policy', 'treasury.yaml']
    const approve = ['--approve', `sha256:${digestOf('Dear Sir')}`]
    const said = await online(dora, 'approve', id, '--key', 'treasury', ...away, ...approve)
    expect(said.json, said.stderr).toMatchObject({
      code: 0,
      data: { request_id: id, verdict: 'approve', heard_by: [] },
    })
    expect((await online(carol, 'request', 'show', id)).json.data).toMatchObject({
      state: 'waiting',
      said: [{ name: 'dora', verdict: 'approve' }],
    })
    const both = [alice, bob].map((who) =>
      running(who, 'sign', '--key', 'treasury', '--next', '--type', 'text', ...approve),
    )
    const [a, b] = await Promise.all(both.map(({ ended }) => ended))
    expect([a?.code, b?.code], `${a?.stderr}${b?.stderr}`).toEqual([0, 0])
    expect(a?.json.data.request_id).toBe(id)
  })

  test('of an operator without a share are signed, and it gets the signature; it takes back its own, and nobody else does', async () => {
    const files = ['--record', 'treasury.record', '--policy', 'treasury.yaml']
    const away = ['--key', 'treasury', ...files]
    await writeFile(join(folder.dir, 'msg.bin'), 'the wages')
    const asked = await online(olga, 'request', 'sign', ...away, '--in', 'msg.bin', '--signers', 'alice,bob')
    expect(asked.json, asked.stderr).toMatchObject({ code: 0, data: { signers: ['alice', 'bob'] } })
    const id: string = asked.json.data.request_id
    expect((await online(carol, 'request', 'show', id)).json.data).toMatchObject({
      state: 'waiting',
      asker: 'olga',
      asker_fingerprint: olga.fingerprint,
    })
    expect((await online(carol, 'request', 'cancel', id)).json).toMatchObject({
      code: 8,
      error: { code: 'E_NOT_ASKER' },
    })
    const [a, b] = await Promise.all([alice, bob].map((who) => signs(who, 'the wages').ended))
    expect([a?.code, b?.code], `${a?.stderr}${b?.stderr}`).toEqual([0, 0])
    expect(a?.json.data.request_id).toBe(id)
    const shown = await online(olga, 'request', 'show', id, ...away)
    expect(shown.json, shown.stderr).toMatchObject({
      code: 0,
      data: { state: 'signed', read: true, signature: a?.json.data.signature, signed_by: ['alice', 'bob'] },
    })
    const again = await alice.mpc(['sign', '--key', 'treasury', '--join', id, '--json', '--no-input'])
    expect(again.json?.data?.signature ?? again.json).toBe(a?.json.data.signature)
    const second = await online(olga, 'request', 'sign', ...away, '--in', 'msg.bin')
    const other: string = second.json.data.request_id
    expect((await online(olga, 'request', 'cancel', other, ...away)).json).toMatchObject({ code: 0 })
    expect((await online(bob, 'request', 'show', other)).json.data.state).toBe('cancelled')
    const listed = await online(olga, 'request', 'list', '--all', ...away)
    const own = listed.json.data.requests.filter((each: { asker: string }) => each.asker === 'olga')
    expect(own).toMatchObject([
      { request_id: id, state: 'signed' },
      { request_id: other, state: 'cancelled' },
    ])
  })

  test.each<[string, () => Custodian, string[], number, string]>([
    [
      'one who may only approve',
      () => dora,
      ['--record', 'treasury.record', '--policy', 'treasury.yaml'],
      8,
      'E_POLICY_DENIES',
    ],
    ['one with a record and no policy', () => olga, ['--record', 'treasury.record'], 2, 'E_USAGE'],
    ['one with nothing', () => olga, [], 3, 'E_NO_KEY'],
  ])('are not asked for by %s', async (_, who, files, code, error) => {
    await writeFile(join(folder.dir, 'msg.bin'), 'never')
    const asked = await online(who(), 'request', 'sign', '--key', 'treasury', '--in', 'msg.bin', ...files)
    expect(asked.json).toMatchObject({ code, error: { code: error } })
  })
})
