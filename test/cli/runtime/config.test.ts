import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Command } from 'commander'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { configPath, loadConfig } from '../../../src/cli/runtime/config.js'
import { declareGlobals, globalsOf } from '../../../src/cli/runtime/globals.js'
import { scratch } from '../../support/cli.js'

let dir: string
let remove: () => Promise<void>
beforeAll(async () => {
  ;({ dir, remove } = await scratch())
})
afterAll(() => remove())

const flags = (...args: string[]) => globalsOf(declareGlobals(new Command()).parse(args, { from: 'user' }))

async function home(name: string, config: string): Promise<string> {
  await mkdir(join(dir, name), { recursive: true })
  await writeFile(join(dir, name, 'config.yaml'), config)
  return join(dir, name)
}

describe('settings', () => {
  it('come from flags, then the environment, then the file, then defaults', async () => {
    const MPC_HOME = await home('a', 'nats:\n  url: tls://file:1\n  insecure: true\n  ca: ca.pem\n')
    const env = { MPC_HOME, MPC_NATS_URL: 'tls://env:1', MPC_NATS_CREDS: '/env.creds' }
    expect((await loadConfig(flags('--nats', 'tls://flag:1'), env)).nats.url).toBe('tls://flag:1')
    expect((await loadConfig(flags(), env)).nats).toEqual({
      url: 'tls://env:1',
      urlBy: 'MPC_NATS_URL',
      insecure: true,
      insecureBy: `nats.insecure in ${join(MPC_HOME, 'config.yaml')}`,
      pin: null,
      ca: { path: join(MPC_HOME, 'ca.pem'), by: `nats.ca in ${join(MPC_HOME, 'config.yaml')}` },
      cert: null,
      key: null,
      creds: { path: '/env.creds', by: 'MPC_NATS_CREDS' },
    })
    expect((await loadConfig(flags(), { MPC_HOME })).nats.url).toBe('tls://file:1')
    expect((await loadConfig(flags(), { MPC_HOME: join(dir, 'nowhere') })).nats).toMatchObject({
      url: 'nats://127.0.0.1:4222',
      insecure: false,
    })
  })

  it('are in the home where one is named, else where the system keeps them', () => {
    const env = { HOME: '/home/a', XDG_CONFIG_HOME: '/xdg' }
    expect(configPath(flags('--home', '/h'), env)).toBe('/h/config.yaml')
    expect(configPath(flags(), { ...env, MPC_HOME: '/m' })).toBe('/m/config.yaml')
    expect(configPath(flags(), env)).toBe('/xdg/mpc-ceremony/config.yaml')
    expect(configPath(flags(), { HOME: '/home/a', XDG_CONFIG_HOME: 'relative' })).toBe(
      '/home/a/.config/mpc-ceremony/config.yaml',
    )
    expect(configPath(flags(), {})).toBeNull()
  })

  it.each([
    ['nats:\n  uri: x\n', '2:3 unknown field "uri"; known here: url, insecure, ca, pin, cert, key, creds'],
    ['nats:\n  insecure: yes\n', '2:13 insecure is not true or false'],
    ['colour: red\n', '1:1 unknown field "colour"; known here: nats'],
    ['- nats\n', '1:1 it is not a list of fields'],
    ['nats: {url: a}\nnats: {url: b}\n', '2:1 Map keys must be unique'],
    ['a: &x 1\nb: *x\n', '1:7 an anchor (&): write it out; '],
    ['nats: !!map {}\n', '1:13 a tag (!): write the plain value'],
    ['nats:\n  <<: {url: a}\n', '2:3 a merge key (<<): write it out'],
  ])('are refused with line and column: %j', async (config, problem) => {
    const MPC_HOME = await home('b', config)
    const failed = loadConfig(flags(), { MPC_HOME })
    await expect(failed).rejects.toMatchObject({ kind: 'configuration', code: 'E_CONFIG' })
    await expect(failed).rejects.toThrow(problem)
  })
})
