/** `mpc relay` as people run it: the real binary, on a port of this machine, until it is told to stop. */
import type { ChildProcess } from 'node:child_process'
import { readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { connectNats } from '../../../../src/messaging/transport/nats.js'
import { writeDefinition, definitionId } from '../../../../src/wire/ceremony/definition.js'
import { certificates } from '../../../support/certificates.js'
import { makeKey } from '../../../support/ceremonies.js'
import {
  type Custodian,
  custodians,
  endOf,
  mpc,
  newKeygen,
  type Ran,
  scratch,
  startMpc,
} from '../../../support/cli.js'
import { keygenDefinition, people } from '../../../support/members.js'
import { newKey } from '../../../support/raw.js'

let folder: Awaited<ReturnType<typeof scratch>>
let everybody: Custodian[]

beforeAll(async () => {
  folder = await scratch()
  everybody = await custodians(folder.dir, 'alice', 'bob', 'carol')
})
afterAll(() => folder.remove())

type Started = {
  readonly url: string
  readonly said: () => string
  stop(signal?: NodeJS.Signals): Promise<Ran>
}

const running = new Set<ChildProcess>()
afterEach(() => {
  for (const child of running) child.kill('SIGKILL')
  running.clear()
})

/** Starts it on a free port; resolves once it says where. */
async function relay(...args: readonly string[]): Promise<Started> {
  const listen = args.includes('--listen') ? [] : ['--listen', '127.0.0.1:0']
  const all = ['relay', ...listen, ...args]
  const child = startMpc(join(folder.dir, 'nobody'), all, { cwd: folder.dir })
  running.add(child)
  const ended = endOf(child, all)
  let said = ''
  const url = await new Promise<string>((resolve, reject) => {
    child.stderr?.on('data', (chunk: Buffer) => {
      said += chunk.toString()
      const listening = /MPC_NATS_URL=(\S+)[^\n]*\n/.exec(said)
      if (listening) resolve(listening[1] as string)
    })
    void ended.then(() => reject(new Error(said)))
  })
  return {
    url,
    said: () => said,
    stop: (signal = 'SIGINT') => {
      child.kill(signal)
      return ended
    },
  }
}

describe('mpc relay', () => {
  test.each(['SIGINT', 'SIGTERM'] as const)('runs until %s, and that is no failure', async (signal) => {
    const { url, said, stop } = await relay()
    expect(url).toMatch(/^nats:\/\/127\.0\.0\.1:\d+$/)
    expect(said()).toContain(`Listening on ${url}; Ctrl-C stops it`)
    expect(said()).toContain('Every identity on this machine can connect.')
    const { code, stdout, stderr } = await stop(signal)
    expect([code, stdout]).toEqual([0, ''])
    expect(stderr).toContain('Stopped. Nothing was stored.')
  })

  test('needs no home, and stops by itself where it is told when', async () => {
    const ran = await mpc(join(folder.dir, 'nobody'), [
      'relay',
      '--listen',
      '127.0.0.1:0',
      '--timeout',
      '1s',
      '--json',
    ])
    expect(ran.json).toMatchObject({ ok: true, data: { members: null, connections: 0 } })
  })

  test('carries a whole key generation among the members of its definition, and names them', async () => {
    const [alice] = everybody as [Custodian]
    const file = 'treasury-eddsa-ed25519-2.mpc'
    await alice.mpc([...newKeygen(file, { '--key': 'treasury' }), '--no-input'])
    const copy = join(folder.dir, 'room.mpc')
    writeFileSync(copy, readFileSync(join(folder.dir, file)))
    const { url, stop } = await relay('--definition', copy, '--json')
    const ended = await makeKey(everybody, url, { threshold: 3 })
    expect(new Set(ended.map(({ json }) => json.data.public_key)).size).toBe(1)
    const [dave] = (await custodians(folder.dir, 'dave')) as [Custodian]
    await alice.mpc(['identity', 'import', dave.card, '--fingerprint', dave.fingerprint])
    const stranger = [
      'ecdh',
      'handshake',
      '--with',
      'alice',
      '--nats',
      url,
      '--no-input',
      '--json',
      ...dave.unlock,
    ]
    await dave.mpc(['identity', 'import', alice.card, '--fingerprint', alice.fingerprint])
    expect((await dave.mpc(stranger)).json).toMatchObject({ code: 4, error: { code: 'E_BROKER_AUTH' } })
    const { json, stderr } = await stop()
    expect(json).toMatchObject({ code: 0, data: { url, members: ['alice', 'bob', 'carol'], connections: 3 } })
    for (const name of ['alice', 'bob', 'carol'])
      expect(stderr).toMatch(new RegExp(`^${name} connected from `, 'm'))
    expect(stderr).toMatch(/^127\.0\.0\.1:\d+ was refused: Authorization Violation$/m)
    expect(stderr).not.toContain('mpc.v1')
  })

  test('speaks TLS with the files that it is given', async () => {
    const { ca, cert, key } = certificates()
    const { url, stop } = await relay('--tls-cert', cert, '--tls-key', key)
    expect(url).toMatch(/^tls:/)
    const transport = await connectNats({
      url,
      ca: { path: ca, text: readFileSync(ca, 'utf8') },
      nkey: newKey(),
    })
    await transport.close()
    expect((await stop()).code).toBe(0)
  })

  test('says what keeps it from serving', async () => {
    const real = await people('alice', 'bob')
    const definition = { ...keygenDefinition(real), rehearsal: true }
    const rehearsal = join(folder.dir, 'rehearsal.mpc')
    writeFileSync(rehearsal, writeDefinition({ definition, id: definitionId(definition), signatures: [] }))
    const { url } = await relay()
    const taken = url.replace('nats://', '')
    await (everybody[0] as Custodian).mpc(newKeygen('exposed.mpc'))
    const definitionFlag = ['--definition', 'exposed.mpc']
    const { cert } = certificates()
    for (const [args, code, error] of [
      [['--listen', 'nowhere'], 2, 'E_USAGE'],
      [['--listen', '127.0.0.1:99999'], 2, 'E_USAGE'],
      [['--listen', '0.0.0.0:0'], 2, 'E_RELAY_OPEN'],
      [['--listen', '0.0.0.0:0', ...definitionFlag], 3, 'E_TLS'],
      [['--listen', '[::]:0', ...definitionFlag], 3, 'E_TLS'],
      [['--tls-cert', cert], 2, 'E_TLS_FILES'],
      [['--tls-cert', cert, '--tls-key', (everybody[0] as Custodian).unlock[1] as string], 2, 'E_TLS_FILES'],
      [['--definition', 'nothing.mpc'], 2, 'E_NO_FILE'],
      [['--definition', rehearsal], 8, 'E_REHEARSAL'],
      [['--listen', taken], 4, 'E_LISTEN'],
    ] as const) {
      const ran = await mpc(join(folder.dir, 'nobody'), ['relay', ...args, '--json'], { cwd: folder.dir })
      expect(ran.json, args.join(' ')).toMatchObject({ code, error: { code: error } })
    }
  })
})

describe('mpc relay --self-signed', () => {
  const line = /export MPC_NATS_URL=(\S+) MPC_NATS_PIN=([0-9a-f]{64})\n/
  const started = async (home: string, ...args: readonly string[]) => {
    const { said, stop } = await relay('--self-signed', '--home', join(folder.dir, home), ...args)
    const [, url = '', pin = ''] = line.exec(said()) ?? []
    return { said, stop, url, pin }
  }

  test('prints one line, with which a member connects; without the hash nobody does', async () => {
    const { url, pin, said, stop } = await started('own')
    expect(url).toMatch(/^tls:\/\/127\.0\.0\.1:\d+$/)
    expect(said()).toMatch(/Its own certificate is valid until \d{4}-/)
    const transport = await connectNats({ url, pin, nkey: newKey() })
    expect(transport.connected).toBe(true)
    await transport.close()
    const without = await connectNats({ url, nkey: newKey() }).catch((failure: unknown) => failure)
    expect(without).toMatchObject({ code: 'E_BROKER_TLS', hint: expect.stringContaining('--nats-pin HASH') })
    const { code } = await stop()
    expect(code).toBe(0)
  })

  test('shows the same certificate when it starts again, and another one for another host', async () => {
    const first = await started('same')
    await first.stop()
    const again = await started('same')
    await again.stop()
    expect(again.pin).toBe(first.pin)
    const [stranger, elsewhere] = [
      await started('stranger'),
      await started('same', '--listen', '127.0.0.2:0'),
    ]
    expect(new Set([first.pin, stranger.pin, elsewhere.pin]).size).toBe(3)
    const { mode } = statSync(join(folder.dir, 'same', 'relay.pem'))
    expect(mode & 0o777).toBe(0o600)
  })

  test('the hash is a flag, a variable and a line of the configuration; a wrong one is exit 6', async () => {
    const { url, pin } = await started('three-ways')
    const [alice, bob] = everybody as [Custodian, Custodian]
    await alice.mpc(['identity', 'import', bob.card, '--fingerprint', bob.fingerprint])
    const all = ['ecdh', 'handshake', '--with', 'bob', '--timeout', '1s', '--no-input', '--json']
    const handshake = (...args: readonly string[]) => alice.mpc([...all, ...alice.unlock, ...args])
    const wrong = `${pin.startsWith('0') ? '1' : '0'}${pin.slice(1)}`
    // Nobody else is there: with the right hash it comes as far as waiting.
    expect((await handshake('--nats', url, '--nats-pin', pin)).json).toMatchObject({ code: 5 })
    const refused = { code: 6, error: { code: 'E_BROKER_PIN' } }
    expect((await handshake('--nats', url, '--nats-pin', wrong)).json).toMatchObject(refused)
    writeFileSync(join(alice.home, 'config.yaml'), `nats:\n  url: ${url}\n  pin: ${wrong}\n`)
    expect((await handshake()).json).toMatchObject(refused)
    expect((await handshake('--nats-pin', pin)).json).toMatchObject({ code: 5 })
    rmSync(join(alice.home, 'config.yaml'))
    const bad = await handshake('--nats', url, '--nats-pin', pin.slice(1))
    expect(bad.json).toMatchObject({ code: 2, error: { code: 'E_NATS_PIN' } })
  })

  test.each([
    ['beside a certificate', ['--self-signed', '--tls-cert', 'a', '--tls-key', 'b'], 2, 'E_TLS_FILES'],
    ['for strangers', ['--self-signed'], 2, 'E_RELAY_OPEN'],
  ])('is refused %s', async (_, args, code, name) => {
    const { json } = await mpc(join(folder.dir, 'refused'), ['relay', ...args, '--json'])
    expect(json).toMatchObject({ code, error: { code: name } })
  })
})
