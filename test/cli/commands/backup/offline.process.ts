/**
 * Splitting, looking at pieces, printing and restoring talk to nobody. Two proofs: with every handle that a socket or a
 * question for a name is made of forbidden below Node's own libraries (`no-sockets.cjs`), the commands do not touch one;
 * and in a network namespace of their own, where there is no interface that is up, they do all they do elsewhere. That
 * the first sees a socket is shown on commands that open one.
 */
import { execFileSync, spawnSync } from 'node:child_process'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Backup, backupOf, linesOn, script } from '../../../support/backups.js'
import { BIN, type Custodian, custodian, type Line } from '../../../support/cli.js'

const FORBIDDEN = fileURLToPath(new URL('../../../support/no-sockets.cjs', import.meta.url))
/** Nothing comes in or goes out, not even to this machine itself. */
const ALONE = ['unshare', '--map-root-user', '--net'] as const
const canBeAlone = spawnSync(ALONE[0], [...ALONE.slice(1), 'true']).status === 0

let backup: Backup
let bob: Custodian
beforeAll(async () => {
  backup = await backupOf(2, ['h1', 'h2', 'h3'])
  bob = backup.others[0] as Custodian
}, 120_000)
afterAll(() => backup.remove())

/** Everything that anybody does with a backup, from a split to the share on a new machine. */
async function wholeLife(run: (who: Custodian, line: string) => Promise<Line>, to: string): Promise<Line[]> {
  const [h1, h2] = backup.holders as [Custodian, Custodian]
  const fresh = await custodian(backup.dir, 'bob', `bob-${to}`)
  const card = `bob-${to}.card`
  await script(h2, `identity import ${card} --fingerprint ${fresh.fingerprint}`)
  const key = '--key treasury'
  const given = `--record record.json --manifest ${to}/manifest.json`
  const done = [
    await run(bob, `backup split ${key} --threshold 2 --holders h1.card,h2.card,h3.card -o ${to}`),
    await run(bob, `backup status ${key}`),
    await run(h1, `backup verify ${to}/h1.piece --record record.json -o ${to}.note`),
    await run(h1, `backup print ${to}/h1.piece -o ${to}.html`),
    await run(h2, `backup open ${to}/h2.piece --to ${card} --confirm bob -o ${to}.reopened`),
  ]
  writeFileSync(join(backup.dir, `${to}.txt`), linesOn(join(backup.dir, `${to}.html`)).join('\n'))
  return [
    ...done,
    await run(h1, `backup verify ${to}.txt ${given} -o ${to}-paper.note`),
    await run(fresh, `backup restore ${to}.txt ${to}.reopened`),
    await run(bob, `backup split ${key} --again h3 -o ${to}-again`),
  ]
}

describe('a backup', () => {
  test('is made, looked at, printed and restored without a socket or a question for a name', async () => {
    const seen = join(backup.dir, 'sockets')
    const watched = { env: { NODE_OPTIONS: `--require ${FORBIDDEN}`, SOCKETS_SEEN: seen } }
    const touched = () => {
      const all = readFileSync(seen, 'utf8')
      writeFileSync(seen, '')
      return all
    }
    writeFileSync(seen, '')
    // An opened one is seen, a connection as well as a server and a name.
    const message = join(backup.dir, 'record.json')
    const sign = `sign --key treasury --in ${message} --signers alice,bob --approve sha256:${'0'.repeat(64)}`
    const digest = execFileSync('sha256sum', [message], { encoding: 'utf8' }).slice(0, 64)
    const approved = sign.replace('0'.repeat(64), digest)
    await script(bob, `${approved} --nats nats://127.0.0.1:9 --timeout 5s`, watched)
    expect(touched()).toMatch(/^TCP\.connect/m)
    await script(bob, `${approved} --nats tls://nowhere.invalid:4222 --timeout 5s`, watched)
    expect(touched()).toMatch(/^dns\./m)
    await bob.mpc(['relay', '--listen', '127.0.0.1:0', '--json'], watched)
    expect(touched()).toMatch(/^TCP\.bind|^TCP\.listen/m)

    const ended = await wholeLife(async (who, line) => (await script(who, line, watched)).json, 'watched')
    expect(ended.map(({ code }) => code)).toEqual(ended.map(() => 0))
    expect(touched()).toBe('')
    // For another split of the same epoch.
    rmSync(escrowOf(bob))
  })

  test.runIf(canBeAlone)('is made and restored where there is no network at all', async () => {
    const interfaces = execFileSync(ALONE[0], [...ALONE.slice(1), 'cat', '/proc/net/dev'], {
      encoding: 'utf8',
    })
    expect([...interfaces.matchAll(/^ *(\w+):/gm)].map(([, name]) => name)).toEqual(['lo'])
    const ended = await wholeLife((who, line) => {
      const args = [...line.split(' '), ...who.unlock, '--no-input', '--json']
      const { stdout } = spawnSync(ALONE[0], [...ALONE.slice(1), process.execPath, BIN, ...args], {
        cwd: backup.dir,
        env: { PATH: process.env['PATH'], HOME: backup.dir, MPC_HOME: who.home },
        encoding: 'utf8',
      })
      return Promise.resolve(JSON.parse(stdout) as Line)
    }, 'alone')
    expect(ended.map(({ code }) => code)).toEqual(ended.map(() => 0))
  })
})

/** The note that the share of this epoch was split. */
function escrowOf({ home }: Custodian): string {
  const [found] = execFileSync('find', [join(home, 'keys'), '-name', 'escrow.age'], {
    encoding: 'utf8',
  }).split('\n')
  return found as string
}
