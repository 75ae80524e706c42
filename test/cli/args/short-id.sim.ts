/** A ceremony by the first digits of its ID, as the list shows them. */
import { cp, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readCeremony } from '../../../src/ceremony/definition/build.js'
import { keepCeremony } from '../../../src/ceremony/definition/ceremony-store.js'
import { idOf, requestIdIn, requestOf } from '../../../src/cli/args/short-id.js'
import { openHome } from '../../../src/storage/home/home.js'
import { type Custodian, custodians, newKeygen, scratch } from '../../support/cli.js'
import { failureOf } from '../../wire/support.js'

let folder: Awaited<ReturnType<typeof scratch>>
let alice: Custodian
let id: string

beforeAll(async () => {
  folder = await scratch()
  ;[alice] = (await custodians(folder.dir, 'alice', 'bob', 'carol')) as [Custodian]
  const made = await alice.mpc([...newKeygen('treasury.mpc'), '--no-input', '--json'])
  id = made.json.data.definition_id
  // As somebody who takes part keeps it.
  const file = readCeremony(await readFile(join(folder.dir, 'treasury.mpc')))
  await keepCeremony(await openHome(alice.home), file)
})
afterAll(() => folder.remove())

const show = (operand: string) => alice.mpc(['ceremony', 'show', operand, '--json'])

test('is found by all digits, by the 16 of the list and by 6, in either case', async () => {
  const { stdout } = await alice.mpc(['ceremony', 'list'])
  const [, listed] = /, ([0-9a-f]{16}):/.exec(stdout) ?? []
  expect(listed).toBe(id.slice(0, 16))
  for (const digits of [id, listed as string, id.slice(0, 6), id.slice(0, 7).toUpperCase()]) {
    const { json } = await show(digits)
    expect(json, digits).toMatchObject({ code: 0, data: { definition_id: id } })
    expect(json.data.file).toBe(join(alice.home, 'ceremonies', id, 'definition.mpc'))
  }
})

test('is not found by 5 digits, nor by others: 2', async () => {
  const other = id.startsWith('0') ? '1' : '0'
  for (const digits of [id.slice(0, 5), `${other}${id.slice(1, 16)}`, `${other}${id.slice(1)}`, `${id}0`]) {
    expect((await show(digits)).json, digits).toMatchObject({ code: 2, error: { code: 'E_NO_FILE' } })
  }
})

test('a file of that name goes before it', async () => {
  const name = id.slice(0, 8)
  await writeFile(join(folder.dir, name), 'no ceremony')
  expect((await show(name)).json.ok).toBe(false)
  await rm(join(folder.dir, name))
  expect((await show(name)).json.ok).toBe(true)
})

test('where two begin so, both are named, and neither is taken: 2', async () => {
  const twin = `${id.slice(0, 63)}${id.endsWith('0') ? '1' : '0'}`
  const of = (each: string): string => join(alice.home, 'ceremonies', each)
  await cp(of(id), of(twin), { recursive: true })
  const { json } = await show(id.slice(0, 8))
  expect(json).toMatchObject({ code: 2, error: { code: 'E_ID_AMBIGUOUS' } })
  for (const each of [id, twin]) expect(json.error.hint).toContain(each)
  expect((await show(id)).json).toMatchObject({ code: 0, data: { definition_id: id } })
  await rm(of(twin), { recursive: true })
})

describe('of many', () => {
  test('the hint names four', () => {
    const ids = Array.from({ length: 9 }, (_, i) => new Uint8Array(32).fill(0xab).with(31, i))
    const { code, message, hint } = failureOf(() => idOf(ids, 'ABABAB', 'ceremonies'))
    expect([code, message]).toEqual(['E_ID_AMBIGUOUS', 'the IDs of 9 ceremonies begin with ABABAB'])
    expect(hint?.match(/[0-9a-f]{64}/g)).toHaveLength(4)
  })
})

test('consent takes all digits', async () => {
  const ran = await alice.mpc(['ceremony', 'sign', 'treasury.mpc', '--accept', id.slice(0, 16), '--json'])
  expect(ran.json).toMatchObject({ code: 2, error: { code: 'E_USAGE' } })
})

describe('a request', () => {
  const all = ['abcdef01', 'abcdef02', 'fedcba98'].map((each) => each.padEnd(64, '0'))
  const one = (digits: string) => requestOf(all, digits, (each) => each)

  test('is found by its first digits, in either case', () => {
    expect(one(requestIdIn('FEDCBA'))).toBe(all[2])
    expect(one('abcdef02')).toBe(all[1])
  })

  test('of which there are several, or none', () => {
    expect(failureOf(() => one('abcdef'))).toMatchObject({ kind: 'usage', code: 'E_ID_AMBIGUOUS' })
    expect(failureOf(() => one('000000'))).toMatchObject({ kind: 'absent', code: 'E_NO_REQUEST' })
    expect(failureOf(() => requestIdIn('fedcb'))).toMatchObject({ kind: 'usage', code: 'E_USAGE' })
  })
})
