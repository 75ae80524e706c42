/** An old Node is told so in one line, whatever was asked for. */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { BIN, type How, mpc, ROOT, scratch } from '../../support/cli.js'

let dir: string
let remove: () => Promise<void>
beforeAll(async () => {
  ;({ dir, remove } = await scratch())
})
afterAll(() => remove())

/** A process that takes itself for one of this version. */
async function asNode(version: string): Promise<How> {
  const preload = join(dir, `node-${version}.cjs`)
  const versions = `Object.assign({}, process.versions, { node: '${version}' })`
  await writeFile(preload, `Object.defineProperty(process, 'versions', { value: ${versions} })\n`)
  return { env: { NODE_OPTIONS: `--require ${preload}` } }
}

test.each([['rehearse'], ['--version'], ['--help'], ['status'], ['sign', '--key', 'k'], []])(
  'mpc %s on Node 18',
  async (...args) => {
    const ran = await mpc(dir, args.flat(), await asNode('18.20.4'))
    expect(ran).toMatchObject({
      code: 3,
      stdout: '',
      stderr: 'mpc needs Node 20.19 or newer; this is 18.20\n',
    })
  },
)

test('a script reads it in its own way', async () => {
  const { json, stderr } = await mpc(dir, ['status', '--json'], await asNode('20.18.3'))
  expect(json).toMatchObject({ ok: false, code: 3, error: { code: 'E_NODE' } })
  expect(json.error.message).toBe('mpc needs Node 20.19 or newer; this is 20.18')
  expect(stderr).toBe('')
})

test.each(['20.19.0', '22.1.0', '100.0.0'])('Node %s is new enough', async (version) => {
  expect((await mpc(dir, ['--version'], await asNode(version))).code).toBe(0)
})

test('the version is the one of package.json, and an old Node can read the file', async () => {
  const { engines } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')) as {
    engines: { node: string }
  }
  const text = await readFile(BIN, 'utf8')
  expect(engines.node).toBe(`>=${/LOWEST = \[(\d+), (\d+)\]/.exec(text)?.slice(1).join('.')}`)
  const code = text.replace(/^#!.*|\/\/.*|\/\*.*\*\//gm, '')
  expect(code).not.toMatch(/^\s*(import|export)\s|\b(const|let|async|await|class)\b|=>|`|\?\.|\?\?/m)
})
