/** The public keys of a rehearsal: on the test network, and on no other. */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { enterRehearsal } from '../../../../src/wire/base/realm.js'

enterRehearsal()
const { mpc, scratch } = await import('../../../support/cli.js')
const { stageKey } = await import('../../../support/staged.js')

let folder: Awaited<ReturnType<typeof scratch>>
let home: string
beforeAll(async () => {
  folder = await scratch()
  home = `${folder.dir}/home`
  await stageKey(home, 'tap', 'schnorr-taproot', {})
})
afterAll(() => folder.remove())

it.each([
  ['export-public', [], /^tr\(\[[0-9a-f]{8}\]tpub/],
  ['export-public', ['--network', 'testnet'], /^tr\(\[[0-9a-f]{8}\]tpub/],
  ['address', ['--type', 'btc-p2tr', '--network', 'testnet'], /^tb1p/],
] as const)('%s %j', async (command, flags, shown) => {
  const { code, stdout } = await mpc(home, ['key', command, 'tap', ...flags])
  expect([code, shown.test(stdout)]).toEqual([0, true])
})

it('no address of the main network', async () => {
  for (const [command, ...flags] of [['export-public'], ['address', '--type', 'btc-p2tr']] as const) {
    const args = ['key', command, 'tap', ...flags, '--network', 'mainnet', '--json']
    const { code, json } = await mpc(home, args)
    expect([code, json.error.code]).toEqual([2, 'E_NETWORK'])
  }
})
