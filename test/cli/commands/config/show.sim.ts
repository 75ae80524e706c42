/** `mpc config show`: each setting, and the flag, variable or line that gives it. */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { mpc, scratch } from '../../../support/cli.js'

const PIN = 'ab'.repeat(32)
let folder: Awaited<ReturnType<typeof scratch>>
let home: string
let file: string

beforeAll(async () => {
  folder = await scratch()
  home = join(folder.dir, 'home')
  file = join(home, 'config.yaml')
  await mkdir(home, { mode: 0o700 })
  await writeFile(file, `nats: { url: tls://broker:4222, pin: ${PIN}, ca: ca.pem }\n`, { mode: 0o600 })
})
afterAll(() => folder.remove())

async function shown(flags: readonly string[] = [], env: Readonly<Record<string, string>> = {}) {
  const { json } = await mpc(home, ['config', 'show', '--json', ...flags], { env })
  expect(json.data.file).toBe(file)
  type Setting = { readonly name: string; readonly value: string | null; readonly by: string | null }
  return Object.fromEntries(
    (json.data.settings as Setting[]).map(({ name, value, by }) => [name, [value, by]] as const),
  )
}

test('the defaults, the lines of the file and the home', async () => {
  expect(await shown()).toEqual({
    home: [home, 'MPC_HOME'],
    'nats.url': ['tls://broker:4222', `nats.url in ${file}`],
    'nats.insecure': ['false', null],
    'nats.ca': [join(home, 'ca.pem'), `nats.ca in ${file}`],
    'nats.pin': [PIN, `nats.pin in ${file}`],
    'nats.cert': [null, null],
    'nats.key': [null, null],
    'nats.creds': [null, null],
    passphrase: [null, null],
  })
})

test('a variable goes before a line, and a flag before a variable', async () => {
  const env = { MPC_NATS_URL: 'tls://other:1', MPC_NATS_CREDS: '/env.creds', MPC_PASSPHRASE_FILE: '/p' }
  expect(await shown([], env)).toMatchObject({
    'nats.url': ['tls://other:1', 'MPC_NATS_URL'],
    'nats.creds': ['/env.creds', 'MPC_NATS_CREDS'],
    passphrase: ['/p', 'MPC_PASSPHRASE_FILE'],
  })
  const flags = ['--nats', 'tls://flag:2', '--passphrase-fd', '3', '--home', home]
  expect(await shown(flags, env)).toMatchObject({
    home: [home, '--home'],
    'nats.url': ['tls://flag:2', '--nats'],
    passphrase: ['3', '--passphrase-fd'],
  })
})

test('for people, with what goes before what', async () => {
  const { code, stdout } = await mpc(home, ['config', 'show'])
  expect(code).toBe(0)
  expect(stdout).toMatch(/nats\.url +tls:\/\/broker:4222 \(nats\.url in .*config\.yaml\)/)
  expect(stdout.replaceAll(/\s+/g, ' ')).toContain('A flag goes before a variable, and that before a line')
})

test('a file that is wrong is refused with its line: 3', async () => {
  const { json } = await mpc(folder.dir, ['config', 'show', '--home', await wrong(), '--json'])
  expect(json).toMatchObject({ code: 3, error: { code: 'E_CONFIG' } })
})

async function wrong(): Promise<string> {
  const other = join(folder.dir, 'wrong')
  await mkdir(other, { mode: 0o700 })
  await writeFile(join(other, 'config.yaml'), 'nats:\n  uri: x\n', { mode: 0o600 })
  return other
}
