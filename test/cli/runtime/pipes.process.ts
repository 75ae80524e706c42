/**
 * Pipes, devices and readers that leave, where a file is usual: what a flag names is waited for no longer than one is
 * willing to, nothing in a home is waited for, and what could not be printed is said.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { closeSync, constants, openSync } from 'node:fs'
import { open, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { BIN, type Custodian, custodian, endOf, newKeygen, type Ran, scratch } from '../../support/cli.js'

let dir: string
let remove: () => Promise<void>
let alice: Custodian
let pipe: string
let pipes = 0
/** Arguments that open alice's identity. */
let sign: string[]

beforeAll(async () => {
  ;({ dir, remove } = await scratch())
  alice = await custodian(dir, 'alice')
  const bob = await custodian(dir, 'bob')
  await alice.mpc(['identity', 'import', bob.card, '--fingerprint', bob.fingerprint])
  const made = await alice.mpc([...newKeygen('k.mpc', { '--members': 'alice,bob' }), '--json'])
  sign = ['ceremony', 'sign', 'k.mpc', '--accept', made.json.data.definition_id as string]
})
afterAll(() => remove())
beforeEach(() => {
  pipe = fifo(join(dir, `pipe${pipes++}`))
})

function fifo(path: string): string {
  execFileSync('mkfifo', ['-m', '600', path])
  return path
}

/** Runs a line of the shell, `mpc` in it, in alice's home. */
function shell(line: string): ChildProcess {
  const env = { PATH: process.env['PATH'], HOME: dir, MPC_HOME: alice.home, NODE: process.execPath, BIN }
  return spawn('bash', ['-c', `mpc() { "$NODE" "$BIN" "$@"; }; ${line}`], {
    cwd: dir,
    env,
    stdio: ['pipe', 'pipe', 'pipe'],
  })
}
const atShell = (line: string): Promise<Ran> => endOf(shell(line), [])

describe('what a flag names', () => {
  it('may be a pipe: payload, age identity, passphrase, card', async () => {
    const [key] = alice.unlock.slice(1)
    expect((await atShell(`mpc ${sign.join(' ')} --identity <(cat ${key})`)).code).toBe(0)
    expect((await atShell(`cat ${key} > ${pipe} & mpc ${sign.join(' ')} --identity ${pipe}`)).code).toBe(0)
    expect((await atShell('mpc identity import <(cat bob.card)')).code).toBe(0)
    const init = 'mpc --home other identity init --name zoe --passphrase-file'
    expect((await atShell(`${init} <(echo secret)`)).code).toBe(0)
    expect(
      (await atShell(`mpc --home other ${sign.join(' ')} --passphrase-fd 5 5< <(echo wrong)`)).code,
    ).not.toBe(3)
  })

  it('is waited for no longer than --timeout', async () => {
    const late = ['--timeout', '1s', '--json']
    for (const ways of [
      ['--identity', pipe],
      ['--passphrase-file', pipe],
    ]) {
      const { code, json } = await alice.spawned([...sign, ...ways, ...late])
      expect([code, json.error.code]).toEqual([5, 'E_INPUT_LATE'])
    }
    expect((await alice.spawned(['identity', 'import', pipe, ...late])).code).toBe(5)
    const given = await atShell(`mpc ${sign.join(' ')} --timeout 1s --passphrase-fd 5 5<> ${pipe}`)
    expect([given.code, given.stderr]).toEqual([5, expect.stringContaining('E_INPUT_LATE')])
  })

  it('and Ctrl-C ends the wait for it', async () => {
    const child = spawn(process.execPath, [BIN, ...sign, '--identity', pipe], {
      cwd: dir,
      env: { HOME: dir, MPC_HOME: alice.home },
    })
    // An opening to write comes through once it is being read.
    const handle = await open(pipe, 'w')
    child.kill('SIGINT')
    const ran = await endOf(child, [])
    await handle.close()
    expect([ran.code, ran.stderr]).toEqual([130, expect.stringContaining('E_INTERRUPTED')])
  })

  it('is refused where others could read or write a secret in it', async () => {
    execFileSync('chmod', ['644', pipe])
    const { code, json } = await alice.spawned([...sign, '--identity', pipe, '--json'])
    expect([code, json.error.code]).toEqual([3, 'E_FILE_MODE'])
  })
})

describe('in a home', () => {
  /** Does this while a pipe stands where one of the home's files belongs. */
  async function withPipe(path: string, act: () => Promise<void>): Promise<void> {
    const there = await readFile(path).catch(() => null)
    await rm(path, { force: true })
    fifo(path)
    try {
      await act()
    } finally {
      await rm(path)
      if (there) await writeFile(path, there, { mode: 0o600 })
    }
    expect((await alice.spawned([...sign, ...alice.unlock])).code).toBe(0)
  }

  it.each(['installation', 'identity.age', 'identity.card'])(
    'a pipe in place of %s is not waited for: exit 3, and its path',
    async (name) => {
      const path = join(alice.home, name)
      await withPipe(path, async () => {
        const { code, json } = await alice.spawned([...sign, ...alice.unlock, '--json'])
        expect([code, json.error.message]).toEqual([3, expect.stringContaining(path)])
      })
    },
  )

  it('nor in place of the configuration', async () => {
    const path = join(alice.home, 'config.yaml')
    await withPipe(path, async () => {
      const made = sign.slice(-2)
      const { code, json } = await alice.spawned([
        'keygen',
        '--definition',
        'k.mpc',
        ...made,
        ...alice.unlock,
        '--json',
      ])
      expect([code, json.error.message]).toEqual([3, expect.stringContaining(path)])
    })
  })

  it('nor in place of a card, which is passed over and named', async () => {
    const [card] = await readdir(join(alice.home, 'peers'))
    const path = join(alice.home, 'peers', card as string)
    await withPipe(path, async () => {
      const { code, json } = await alice.spawned(['status', '--json'])
      expect(code).toBe(0)
      expect(json.data.damaged[0].problem.message).toContain(path)
      const list = await alice.spawned(['identity', 'list'])
      expect([list.code, list.stdout]).toEqual([0, expect.stringContaining(path)])
    })
  })
})

describe('--events', () => {
  it('to a pipe that nobody reads keeps nobody waiting, nor one that is full', async () => {
    const full = openSync(pipe, constants.O_RDWR | constants.O_NONBLOCK)
    const filled = spawn('sh', ['-c', `dd if=/dev/zero of=${pipe} bs=4096 oflag=nonblock 2>/dev/null`])
    await new Promise((resolve) => filled.on('close', resolve))
    const relay = ['sign', '--key', 'none', '--next', '--approve', `sha256:${'00'.repeat(32)}`]
    for (const target of [pipe, fifo(join(dir, `pipe${pipes++}`))]) {
      const { code, json } = await alice.spawned([...relay, '--events', target, '--json'])
      expect([code, json.error.code]).toEqual([3, 'E_NO_KEY'])
    }
    closeSync(full)
  })
})

describe('a result that could not be written', () => {
  it.each([
    ['a full disk', 'mpc identity show > /dev/full', 'no space left on device'],
    ['a full disk, as JSON', 'mpc identity show --json > /dev/full', 'no space left on device'],
    ['a full disk, of help', 'mpc --help > /dev/full', 'no space left on device'],
    ['a full disk, of the version', 'mpc --version > /dev/full', 'no space left on device'],
    ['a reader that has left', 'exec 3> >(exec true); wait $!; mpc explain >&3', 'broken pipe'],
  ])('%s: exit 3, why, and how to get it again', async (_, line, why) => {
    const { code, stderr } = await atShell(line)
    expect(stderr).toContain(`the result could not be written to stdout: ${why}`)
    expect(stderr).toContain('E_OUTPUT, exit 3')
    expect(stderr).toContain('prints it again')
    expect(code).toBe(3)
  })

  it('of a file that took a part of it only', async () => {
    const limited = 'ulimit -f 1; trap "" XFSZ; mpc explain > part'
    const { code, stderr } = await atShell(limited)
    expect([code, stderr]).toEqual([3, expect.stringContaining('file too large')])
  })

  it('says the command that shows what was made, where the same one would make another', async () => {
    const { stderr } = await atShell(
      'mpc --home third identity init --name ivan --passphrase-file <(echo x) > /dev/full',
    )
    expect(stderr).toContain('`mpc identity show` prints it again')
  })

  it('leaves a failure its own code', async () => {
    expect((await atShell('mpc identity show zoe --json > /dev/full')).code).toBe(3)
    expect((await atShell('mpc nonsense --json > /dev/full')).code).toBe(2)
  })
})

describe('SIGUSR1', () => {
  it('opens no inspector, and ends nothing', async () => {
    const child = spawn(process.execPath, [BIN, ...sign, '--identity', pipe], {
      cwd: dir,
      env: { HOME: dir, MPC_HOME: alice.home },
    })
    const handle = await open(pipe, 'w')
    child.kill('SIGUSR1')
    await handle.writeFile(await readFile(alice.unlock[1] as string))
    await handle.close()
    const { code, stderr } = await endOf(child, [])
    expect([code, stderr]).toEqual([0, expect.not.stringMatching(/debugger|inspector/i)])
  })
})
