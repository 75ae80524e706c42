/**
 * The screen at which somebody approves a payload, at 80 and 120 columns. The key has no shares here: the question
 * comes before the passphrase and the network.
 */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest'
import { addressOf } from '../../../src/payload/address.js'
import { recordPublicKey } from '../../../src/wire/key/record.js'
import { parseCard } from '../../../src/wire/identity/card.js'
import { psbtOf, Watched } from '../../payload/bitcoin/wallet.js'
import { type Custodian, custodians, scratch } from '../../support/cli.js'
import { etherTransfer, permit, SHOP, unlimitedApproval } from '../../support/payloads.js'
import { type Desk, Person, terminalSuite } from '../../support/person.js'
import { expectScreens, type Moments } from '../../support/screens.js'
import { stageKey } from '../../support/staged.js'

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 })

const SIZES = { '80x24': { columns: 80, rows: 24 }, '120x40': { columns: 120, rows: 40 } }

let folder: Awaited<ReturnType<typeof scratch>>
let alice: Custodian
let people: Person[] = []

/** The screens of alice as she asks for this, page by page, and whole; she refuses in the end. */
async function screensOf(desk: Desk, args: readonly string[], key = 'eth'): Promise<Moments> {
  const flags = ['sign', '--key', key, '--signers', 'alice,bob', '--reason', 'the invoice of May', ...args]
  const person = Person.runs(alice.home, flags, { ...desk, cwd: folder.dir })
  people.push(person)
  const moments: Record<string, string> = {}
  const asks = (question: string): boolean => person.screen.replaceAll(/\s+/g, ' ').endsWith(question)
  for (let page = 1; ; page++) {
    await person.sees(/Enter shows more, q stops: *$|or "no": *$/)
    moments[`page ${page}`] = person.screen
    if (asks('or "no":')) break
    person.types('\r')
    await person.sees(/✔ Enter shows more, q stops: .*(?:Enter shows more, q stops:|or "no":) *$/)
  }
  person.types('no\r')
  expect(await person.ended).toBe(8)
  expect(brokenProse(person)).toEqual([])
  return moments
}

/** Rows that the terminal had to break: of these none may be prose. */
const brokenProse = (person: Person): string[] =>
  person.all.filter(
    (line) =>
      line.length > person.columns && !line.split(' ').some((word) => word.length > person.columns - 20),
  )

terminalSuite('the approval screen', () => {
  beforeAll(async () => {
    folder = await scratch()
    const everybody = await custodians(folder.dir, 'alice', 'bob', 'carol')
    alice = everybody[0] as Custodian
    const cards = await Promise.all(
      everybody.map(async ({ card }) => parseCard((await readFile(card, 'utf8')).trim())),
    )
    const members = cards.map((card, i) => ({ card, index: i + 1, public_share: new Uint8Array() }))
    const record = await stageKey(alice.home, 'eth', 'ecdsa-secp256k1', { members })
    await stageKey(alice.home, 'guarded', 'ecdsa-secp256k1', { members }, POLICY)
    const owner = addressOf('evm', recordPublicKey(record))
    await writeFile(join(folder.dir, 'tx.hex'), etherTransfer())
    await writeFile(join(folder.dir, 'approve.hex'), unlimitedApproval())
    await writeFile(join(folder.dir, 'permit.json'), JSON.stringify(permit(owner)))
    await writeFile(join(folder.dir, 'letter.txt'), LETTER)
    const wallet = new Watched('ecdsa-secp256k1', record.group_point, record.chain_code as Uint8Array)
    const coins = [{ path: 'm/0/3' }, { path: 'm/1/8', amount: 250_000n }]
    const pays = [{ amount: 300_000n }, { amount: 48_000n, path: 'm/1/9' }]
    await writeFile(join(folder.dir, 'two.psbt'), psbtOf(wallet, coins, pays))
  })
  afterEach(() => {
    for (const person of people) person.kill()
    people = []
  })
  afterAll(() => folder.remove())

  it.each(Object.keys(SIZES) as (keyof typeof SIZES)[])('at %s', async (size) => {
    const shown = (args: readonly string[]): Promise<Moments> => screensOf(SIZES[size], args)
    expectScreens(`approve-evm-tx-${size}`, await shown(['--type', 'evm-tx', '--in', 'tx.hex']))
    expectScreens(`approve-unlimited-${size}`, await shown(['--type', 'evm-tx', '--in', 'approve.hex']))
    expectScreens(`approve-eip712-${size}`, await shown(['--type', 'eip712', '--in', 'permit.json']))
    expectScreens(`approve-psbt-${size}`, await shown(['--type', 'psbt', '--in', 'two.psbt']))
    const guarded = await screensOf(SIZES[size], ['--type', 'evm-tx', '--in', 'tx.hex'], 'guarded')
    expectScreens(`approve-policy-${size}`, guarded)
    expectScreens(`approve-text-${size}`, await shown(['--type', 'text', '--in', 'letter.txt']))
  })
})

const POLICY = Buffer.from(`format: mpc/policy/v1
assets:
  eth: { chain: "evm:11155111", contract: native, decimals: 18 }
recipients:
  shop: { chain: "evm:11155111", address: "${SHOP}" }
type-amount: { eth: "0.01" }
rules:
  - name: invoices
    when: { type: [evm-tx], effect: [transfer], asset: [eth], to: [shop], amount: { at-most: "1" } }
    limit: { per-24h: "2" }
    custodians: 2
`)

const LETTER = 'To whom it may concern:\n\nThe key of our treasury signs this letter.\nIt pays nobody.\n'
