/**
 * Scripts that sign, from the start of their processes to their ends: 2-of-3, both signers on this machine, over a
 * nats-server on this machine that keeps requests. Milliseconds of the wall, unless it says otherwise.
 */
import { spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { chmod, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { generateAgeIdentity } from '../../dist/storage/sealed/age.js'
import { round, spread } from './spread.js'

const BIN = new URL('../../bin/mpc.js', import.meta.url).pathname
const NAMES = ['alice', 'bob', 'carol']

/**
 * @param folder where homes and files go
 * @param startServer starts a nats-server with these lines of configuration: `{ process, port }`
 * @param runs signatures of each kind
 * @param count requests that are drained
 */
export async function scriptedFigures(folder, startServer, runs, count) {
  const dir = join(folder, 'scripted')
  await mkdir(dir)
  const group = new Group(dir)
  await group.meet()
  const { file, id } = group.define('eddsa-ed25519', 'treasury')
  const kept = ['--jetstream', join(dir, 'kept'), '--admin', 'alice']
  const config = group.run('alice', ['nats', 'config', '--definition', file, ...kept], false)
  const server = await startServer(config.replace(/^listen: .*\n/m, ''))
  group.port = server.port
  try {
    await Promise.all(NAMES.map((who) => group.online(who, ['keygen', '--definition', file, '--accept', id])))
    await group.online('alice', ['nats', 'setup', '--key', 'treasury'])
    const node = spread(times(runs, () => spawnSync(process.execPath, ['-e', '0'])))
    const signature = []
    for (let i = 0; i < runs; i++) signature.push(await group.signature(`payment ${i}`))
    const rows = { 'node -e 0': node, 'EdDSA signature': withRatio(spread(signature), node) }
    return { rows, drained: { 'EdDSA requests': await group.drained(count) } }
  } finally {
    server.process.kill()
  }
}

const withRatio = (figures, node) => ({ ...figures, over_node: round(figures.median / node.median) })

function times(runs, act) {
  return Array.from({ length: runs }, () => {
    const begun = performance.now()
    act()
    return performance.now() - begun
  })
}

const hashOf = (text) => `sha256:${createHash('sha256').update(text).digest('hex')}`

class Group {
  port = 0

  constructor(dir) {
    this.dir = dir
  }

  async meet() {
    const shown = []
    for (const name of NAMES) {
      const key = join(this.dir, `${name}.key`)
      await writeFile(key, `${await generateAgeIdentity({ postQuantum: false })}\n`)
      await chmod(key, 0o600)
      const { data } = this.run(name, ['identity', 'init', '--name', name])
      await writeFile(join(this.dir, `${name}.card`), `${data.card}\n`)
      shown.push({ name, fingerprint: data.fingerprint })
    }
    for (const name of NAMES) {
      const others = shown.filter((other) => other.name !== name)
      const cards = others.map((other) => `${other.name}.card`)
      this.run(name, [
        'identity',
        'import',
        ...cards,
        ...others.flatMap((o) => ['--fingerprint', o.fingerprint]),
      ])
    }
  }

  define(scheme, key) {
    const file = `${key}.mpc`
    const flags = ['--key', key, '--scheme', scheme, '--threshold', '2', '--members', NAMES.join(',')]
    const { data } = this.run('alice', ['ceremony', 'new', 'keygen', ...flags, '-o', file])
    return { file, id: data.definition_id }
  }

  #args(who, args, asJson) {
    const server = this.port === 0 ? [] : ['--nats', `nats://127.0.0.1:${this.port}`]
    const unlock = ['--identity', join(this.dir, `${who}.key`)]
    return [BIN, ...args, ...server, ...unlock, '--no-input', ...(asJson ? ['--json'] : [])]
  }

  #env(who) {
    return { PATH: process.env.PATH, HOME: this.dir, MPC_HOME: join(this.dir, `${who}.home`) }
  }

  /** Runs to the end; the line of --json, or what is printed. */
  run(who, args, asJson = true) {
    const options = { cwd: this.dir, env: this.#env(who), encoding: 'utf8' }
    const ran = spawnSync(process.execPath, this.#args(who, args, asJson), options)
    if (ran.status !== 0) throw new Error(`${args.join(' ')}: ${ran.stdout}${ran.stderr}`)
    return asJson ? JSON.parse(ran.stdout) : ran.stdout
  }

  /** The same beside others. */
  online(who, args) {
    const options = { cwd: this.dir, env: this.#env(who), stdio: ['ignore', 'pipe', 'pipe'] }
    const child = spawn(process.execPath, this.#args(who, args, true), options)
    let said = ''
    child.stdout.on('data', (text) => (said += text))
    child.stderr.on('data', (text) => (said += text))
    return new Promise((resolve, reject) => {
      child.on('close', (code) =>
        code === 0
          ? resolve(JSON.parse(said.slice(said.indexOf('{'))))
          : reject(new Error(`${args}: ${said}`)),
      )
    })
  }

  /** One asks, the other joins; both are started at once. */
  async signature(text) {
    await writeFile(join(this.dir, 'message.bin'), text)
    const approve = ['--key', 'treasury', '--approve', hashOf(text)]
    const begun = performance.now()
    await Promise.all([
      this.online('alice', ['sign', '--in', 'message.bin', '--signers', 'alice,bob', ...approve]),
      this.online('bob', ['sign', '--next', ...approve]),
    ])
    return performance.now() - begun
  }

  /** Requests that wait are drained by two signers; those a second, from the first start to the last end. */
  async drained(count) {
    const texts = Array.from({ length: count }, (_, i) => `queued ${i}`)
    for (const text of texts) {
      await writeFile(join(this.dir, 'queued.bin'), text)
      await this.online('carol', [
        'request',
        'sign',
        '--key',
        'treasury',
        '--in',
        'queued.bin',
        '--signers',
        'alice,bob',
      ])
    }
    await writeFile(join(this.dir, 'approvals.txt'), texts.map((text) => `${hashOf(text)}\n`).join(''))
    const begun = performance.now()
    const drain = ['sign', '--key', 'treasury', '--drain', '--approve-file', 'approvals.txt']
    const ended = await Promise.all(['alice', 'bob'].map((who) => this.online(who, drain)))
    const wall = performance.now() - begun
    const signed = Math.max(...ended.map(({ data }) => data.signed.length))
    return { requests: count, signed, wall: round(wall), a_second: round((1000 * signed) / wall) }
  }
}
