/** Real processes: who only watches a resharing, who confirms what is severe, and who ends a ceremony for good. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { makeKey, start } from '../../../support/ceremonies.js'
import { type Custodian, custodians, scratch } from '../../../support/cli.js'
import { type Broker, brokers } from '../../../support/nats.js'

describe('resharings that others watch, over the relay', () => {
  let server: Broker
  let folder: Awaited<ReturnType<typeof scratch>>
  let [alice, bob, carol, dave, erin] = [] as unknown as [
    Custodian,
    Custodian,
    Custodian,
    Custodian,
    Custodian,
  ]
  let publicKey: string

  beforeAll(async () => {
    ;[server, folder] = await Promise.all([brokers.relay(), scratch()])
    const everybody = await custodians(folder.dir, 'alice', 'bob', 'carol', 'dave', 'erin')
    ;[alice, bob, carol, dave, erin] = everybody as [Custodian, Custodian, Custodian, Custodian, Custodian]
    const [made] = await makeKey([alice, bob, carol, dave], server.url)
    publicKey = made?.json.data.public_key as string
  })
  afterAll(async () => {
    await server.down()
    await folder.remove()
  })

  const define = async (file: string, kind: string, ...flags: string[]) => {
    const line = ['ceremony', 'new', kind, '--key', 'treasury', ...flags, '-o', file, '--no-input', '--json']
    const { code, json, stderr } = await alice.mpc(line)
    expect(code, stderr).toBe(0)
    return json.data
  }

  test('who deals without more than half, or replaces a ceremony, repeats the name of the key: 2 without it', async () => {
    const minority = ['--members', 'alice,erin', '--minority']
    const {
      definition_id: id,
      watchers,
      watchers_needed,
    } = await define('minority.mpc', 'reshare', ...minority)
    expect([watchers, watchers_needed]).toEqual([['carol', 'dave'], 0])
    expect((await alice.mpc(['ceremony', 'show', 'minority.mpc'])).stdout).toContain(
      'BY A MINORITY; not asked: carol, dave',
    )
    const line = ['reshare', '--definition', 'minority.mpc', '--accept', id as string]
    const without = await start(bob, server.url, line).ended
    expect(without.json).toMatchObject({
      code: 2,
      error: { code: 'E_NO_INPUT', hint: 'give --confirm treasury, or run it at a terminal' },
    })
    expect(without.json.error.message).toContain('Not asked: carol, dave')
    const wrong = await start(bob, server.url, [...line, '--confirm', 'vault']).ended
    expect(wrong.json).toMatchObject({ code: 2, error: { code: 'E_USAGE' } })

    // Alone it is a list too; of several some are given with commas, some by themselves.
    const replaced = [id as string, 'a'.repeat(64), 'b'.repeat(64)]
    expect((await define('one.mpc', 'refresh', '--supersedes', replaced[0] as string)).supersedes).toEqual([
      id,
    ])
    const replacing = ['--supersedes', replaced.slice(0, 2).join(), '--supersedes', replaced[2] as string]
    const next = await define('next.mpc', 'refresh', ...replacing)
    expect(next.supersedes).toEqual(replaced)
    expect((await alice.mpc(['ceremony', 'show', 'next.mpc'])).stdout).toContain(
      `REPLACES ${id}, ${replaced[1]} and ${replaced[2]}: a vote in this one rejects their results`,
    )
    const twice = ['--supersedes', replaced.slice(0, 2).join(), '--supersedes', id as string]
    const named = ['ceremony', 'new', 'refresh', '--key', 'treasury', ...twice, '-o', 'twice.mpc', '--json']
    expect((await alice.mpc(named)).json).toMatchObject({ code: 2, error: { code: 'E_USAGE' } })
    const ids = ['--definition', 'next.mpc', '--accept', next.definition_id as string]
    const refused = await start(dave, server.url, ['refresh', ...ids]).ended
    expect(refused.json).toMatchObject({ code: 2, error: { code: 'E_NO_INPUT' } })
    const alone = await start(dave, server.url, [
      'refresh',
      ...ids,
      '--confirm',
      'treasury',
      '--timeout',
      '1s',
    ]).ended
    expect(alone.json).toMatchObject({ code: 5, error: { code: 'E_ABSENT' } })
  })

  test('who has not voted ends a ceremony for good: the others are told, 8; it is listed, and joined no more', async () => {
    const { definition_id: id } = await define('refresh.mpc', 'refresh')
    const line = ['refresh', '--definition', 'refresh.mpc', '--accept', id as string]
    const waiting = [bob, carol, dave].map((who) => start(who, server.url, line))
    await Promise.all(waiting.map((each) => each.until(({ event }) => event === 'joined')))
    const ended = await start(alice, server.url, ['ceremony', 'abort', 'refresh.mpc']).ended
    expect(ended.code, ended.stderr).toBe(0)
    expect((ended.json.data.told as string[]).sort()).toEqual(['bob', 'carol', 'dave'])
    for (const { code, json } of await Promise.all(waiting.map((each) => each.ended))) {
      expect(code).toBe(8)
      expect(json.error).toMatchObject({ code: 'E_PEER_REFUSED', party: 'alice' })
    }
    const listed = await alice.mpc(['ceremony', 'list', '--json'])
    expect(listed.json.data.ceremonies).toContainEqual(
      expect.objectContaining({ definition_id: id, kind: 'refresh', state: 'aborted', next: null }),
    )
    expect((await start(alice, server.url, line).ended).json).toMatchObject({
      code: 8,
      error: { code: 'E_ENDED' },
    })
    // Without a server it is ended all the same.
    const { definition_id: other } = await define('other.mpc', 'refresh')
    const alone = await alice.mpc([
      'ceremony',
      'abort',
      'other.mpc',
      ...alice.unlock,
      '--nats',
      'nats://127.0.0.1:1',
      '--json',
    ])
    expect(alone.json).toMatchObject({ code: 0, data: { definition_id: other, told: [] } })
    expect(alone.stderr).toContain('The others could not be told')
  })

  test('an old custodian who gets no share says yes by running it; it holds no share there any more, and who is late is in doubt', async () => {
    const defined = await define('reshare.mpc', 'reshare', '--members', 'alice,erin')
    expect([defined.watchers, defined.watchers_needed]).toEqual([['carol', 'dave'], 1])
    const shown = await alice.mpc(['ceremony', 'show', 'reshare.mpc'])
    expect(shown.stdout).toContain('needs consent from 1 of carol, dave: they run this too')
    const line = ['reshare', '--definition', 'reshare.mpc', '--accept', defined.definition_id as string]
    const signsAhead = await carol.mpc([
      'ceremony',
      'sign',
      'reshare.mpc',
      ...line.slice(3),
      ...carol.unlock,
      '--json',
    ])
    expect(signsAhead.code, signsAhead.stderr).toBe(0)
    const aborts = await carol.mpc([
      'ceremony',
      'abort',
      'reshare.mpc',
      ...carol.unlock,
      '--nats',
      server.url,
      '--json',
    ])
    expect(aborts.json).toMatchObject({ code: 12, error: { code: 'E_IN_DOUBT' } })

    const players = [alice, bob, erin, carol].map((who) => start(who, server.url, line).ended)
    const ended = await Promise.all(players)
    for (const { code, stderr, json } of ended) {
      expect(code, stderr).toBe(0)
      expect(json.data).toMatchObject({ public_key: publicKey, epoch: 2 })
    }
    expect(ended[3]?.json.data.transcript).toBeNull()
    const signing = await carol.mpc(['key', 'show', 'treasury', '--json'])
    expect(signing.json).toMatchObject({ code: 3, error: { code: 'E_NO_KEY' } })
    const late = await start(dave, server.url, [...line, '--timeout', '2s']).ended
    expect(late.json).toMatchObject({ code: 12, error: { code: 'E_WATCHED' } })
    const listed = await dave.mpc(['ceremony', 'list'])
    expect(listed.stdout).toContain('reshare treasury')
    expect(listed.stdout).toContain('signed by this member, who gets no share')
  })
})
