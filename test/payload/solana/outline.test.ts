/** What a Solana message says without a key. */
import { getTransferSolInstruction } from '@solana-program/system'
import { AccountRole } from '@solana/kit'
import { expect, test } from 'vitest'
import type { View } from '../../../src/payload/decoder.js'
import { solanaTx } from '../../../src/payload/solana/decoder.js'
import { failureOf } from '../../wire/support.js'
import { decoded, instruction, messageOf, other, place, signer, us } from './support.js'

const outline = (message: Uint8Array): View => solanaTx.outline(message)
const NO_KEY = 'No key is named: whether it is among the signers, and what is its own, is not known.'
const transfer = getTransferSolInstruction({ source: signer(us), destination: other.address, amount: 5n })

test('a transfer is that which the payer sees, but for who signs', () => {
  const message = messageOf([transfer])
  const anonymous = (text: string): string => text.replaceAll(' (this key)', '')
  const [view, keyed] = [outline(message), decoded(message).view]
  expect([view.sentence, view.effects]).toEqual([keyed.sentence, keyed.effects])
  expect(view.rows).toEqual(keyed.rows.map(({ label, value }) => ({ label, value: anonymous(value) })))
  expect(view.warnings).toEqual([NO_KEY])
  expect(view.rows).toContainEqual({ label: 'fee payer, signer 1', value: us.address })
})

test('all signers are named, and whom an unknown program gets signatures of', () => {
  const view = outline(messageOf([instruction(place(9), [us, other, place(1)], [7])]))
  expect(view.rows).toContainEqual({ label: 'signer 2', value: other.address })
  const [signers] = view.rows.filter(({ label }) => label === '1 signers')
  expect(signers?.value.split(', ').sort()).toEqual([us.address, other.address].sort())
  expect(view.warnings).toContain(
    `It calls an unknown program, ${place(9)}, which may move anything that its signers hold.`,
  )
  expect(outline(messageOf([instruction(place(9), [place(1)], [7])])).rows).toContainEqual({
    label: '1 signers',
    value: 'none',
  })
})

test('an account in a lookup table is nobody, and not the key that is not named', () => {
  const table = place(50)
  const account = { address: place(51), role: AccountRole.WRITABLE }
  // System, Allocate: at the address of a key all SOL would be lost.
  const allocate = instruction(place(0), [account], [8, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0])
  const view = outline(messageOf([allocate], { version: 0, tables: { [table]: [place(51)] } }))
  expect(view.effects.map(({ kind }) => kind)).toEqual(['call', 'fee'])
})

test('what is no message is refused', () => {
  expect(failureOf(() => outline(Uint8Array.of(1, 2, 3)))).toMatchObject({ code: 'E_PAYLOAD' })
})
