/** A rehearsal as its caller sees it: what is handed in, what is called when, and what it leaves behind. */
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test, vi } from 'vitest'
import { findKey } from '../../../src/ceremony/epochs/find-key.js'
import { Dropped } from '../../../src/ceremony/rehearsal/faults.js'
import { rehearse } from '../../../src/ceremony/rehearsal/rehearsal.js'
import { PASSPHRASE, type Stage } from '../../../src/ceremony/rehearsal/participants.js'
import { MESSAGE, type SignedItem } from '../../../src/ceremony/rehearsal/signing.js'
import { openHome } from '../../../src/storage/home/home.js'
import { openWithPassphrase } from '../../../src/storage/sealed/age.js'
import { Failure } from '../../../src/wire/base/failure.js'
import { enterRehearsal } from '../../../src/wire/base/realm.js'
import { type KeyRecord, recordDigest, recordPublicKey } from '../../../src/wire/key/record.js'
import { verifiesUnder } from '../../../src/wire/ceremony/signature.js'
import { hex } from '../../../src/wire/base/text.js'
import { type Heard, stage } from '../../support/stage.js'

// On a busy machine it is slow, and no less right.
vi.setConfig({ testTimeout: 180_000 })

enterRehearsal()

const folder = mkdtempSync(join(tmpdir(), 'mpc-kept-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const of = (heard: readonly Heard[], who: string): string[] =>
  heard.filter((each) => each.who === who).map(({ what }) => what)

describe('a rehearsal', () => {
  test('takes everybody through the steps, and ends with a signature that verifies', async () => {
    const { stage: played, heard } = stage()
    const { made, ended, kept } = await rehearse(played)
    if (!made) throw new Error('no key')
    expect(of(heard, '')).toEqual(['identities', 'keygen', 'sign', 'verify', 'transactions'])
    const words = made.words.join(' ')
    const [, , , , second] = of(heard, 'alice').slice(-5)
    expect(second).toBe('signed')
    expect(of(heard, 'alice').slice(0, 5)).toEqual(['accept', 'joined', words, 'made', 'asks'])
    expect(of(heard, 'bob').slice(0, 4)).toEqual(['accept', 'joined', words, 'made'])
    expect(of(heard, 'bob')).toContain('approves')
    expect(of(heard, 'carol')).toEqual(['accept', 'joined', words, 'made'])
    expect(ended).toEqual(['alice', 'bob', 'carol'].map((name) => ({ name, error: null })))
    expect([made.signers, kept]).toEqual([['alice', 'bob'], null])
    const key = recordPublicKey(made.record)
    expect(verifiesUnder('eddsa-ed25519', key, Buffer.from(MESSAGE), made.signature)).toBe(true)
    const [{ item, signatures }] = made.transactions as [SignedItem]
    expect([made.transactions.length, item.type, signatures.length]).toEqual([1, 'solana-tx', 1])
    expect(verifiesUnder('eddsa-ed25519', key, item.payload, signatures[0] as Uint8Array)).toBe(true)
  })

  test('goes on where it is to: somebody joins, a share is lost, restored by holders, and signs', async () => {
    const { stage: played, heard } = stage({ newcomer: 'dave' })
    const { made, after } = await rehearse(played)
    if (!made || !after) throw new Error('it did not go on')
    expect(of(heard, '').slice(5)).toEqual(['reshare', 'backup', 'restore', 'sign-again'])
    expect(hex(recordPublicKey(after.record))).toBe(hex(recordPublicKey(made.record)))
    expect(after.record).toMatchObject({ epoch: 2, threshold: 2 })
    expect(after.record.members.map(({ card }) => card.name)).toEqual(['alice', 'bob', 'carol', 'dave'])
    expect([after.joined, after.restored, after.signers]).toEqual(['dave', 'carol', ['carol', 'dave']])
    expect(
      verifiesUnder('eddsa-ed25519', recordPublicKey(after.record), Buffer.from(MESSAGE), after.signature),
    ).toBe(true)
    const deeds = (who: string) => of(heard, who).flatMap((what) => /^does (.*)/.exec(what)?.[1] ?? [])
    expect(deeds('carol')).toEqual(['reshare', 'reshared', 'split', 'restore'])
    expect(deeds('dave')).toEqual(['reshare', 'reshared', 'accept'])
    expect(deeds('bank')).toEqual(['check', 'hand-on'])
    expect(deeds('sister')).toEqual(['check'])
  })

  test('does not lose the share of whoever plays, and ends with the first signature where that is wanted', async () => {
    const { after } = await rehearse(stage({ newcomer: 'dave', played: 'carol' }).stage)
    expect(after?.restored).toBe('bob')
    const { made, after: nothing } = await rehearse(
      stage({ newcomer: 'dave', goOn: () => Promise.resolve(false) }).stage,
    )
    expect([made !== null, nothing]).toEqual([true, null])
  })

  test('leaves the homes where they were wanted, each to be opened by what it says', async () => {
    const keep = join(folder, 'stage')
    const { made, after, kept } = await rehearse(stage({ keep, newcomer: 'dave' }).stage)
    expect(kept).toBe(keep)
    expect(readdirSync(keep).sort()).toEqual(
      [
        ...['alice', 'bob', 'carol', 'dave', 'bank', 'notary', 'sister'].flatMap((name) => [
          name,
          `${name}.card`,
        ]),
        'carol-again.card',
        'carol-lost',
        'message.txt',
        'transfer.bin',
        'passphrase',
        'pieces',
        'record.json',
        'rehearsal.mpc',
        'reshare.mpc',
      ].sort(),
    )
    const { record } = await findKey(await openHome(join(keep, 'bob')), 'rehearsal')
    expect(hex(record.key_id)).toBe(hex(made?.record.key_id as Uint8Array))
    const again = await findKey(await openHome(join(keep, 'carol')), 'rehearsal')
    expect(hex(again.digest)).toBe(hex(recordDigest(after?.record as KeyRecord)))
    expect(again.rebinds).toHaveLength(1)
    expect((await findKey(await openHome(join(keep, 'carol-lost')), 'rehearsal')).rebinds).toEqual([])
    const sealed = readFileSync(join(keep, 'bob', 'identity.age'))
    expect(sealed.subarray(0, 24).toString()).toBe('mpc-rehearsal/sealed/v1\n')
    const text = Buffer.from(await openWithPassphrase(PASSPHRASE, sealed)).toString()
    expect(text).toMatch(/^# mpc-rehearsal-identity v1\n# name: bob\n/)
    await expect(rehearse(stage({ keep }).stage)).rejects.toMatchObject({ code: 'E_OUTPUT_EXISTS' })
  })

  test.runIf(spawnSync('age', ['--version']).status === 0)(
    'seals by age: what follows the first line is a file that the stock age opens',
    async () => {
      const keep = join(folder, 'aged')
      await rehearse(stage({ keep, names: ['alice', 'bob'] }).stage)
      const identity = join(folder, 'alice.txt')
      const text = await openWithPassphrase(PASSPHRASE, readFileSync(join(keep, 'alice', 'identity.age')))
      writeFileSync(identity, text, { mode: 0o600 })
      const epochs = join(keep, 'alice', 'keys', 'rehearsal', 'epochs')
      const share = readFileSync(join(epochs, readdirSync(epochs)[0] as string, 'share.age'))
      const opened = execFileSync('age', ['-d', '-i', identity], { input: share.subarray(24) })
      expect(opened.toString('latin1')).toContain('mpc-rehearsal/share/v1')
    },
  )

  test('with somebody killed ends for the others by that name, and for the killed as nothing', async () => {
    const mishap = { kind: 'drop', who: 'bob', at: '2' } as const
    const patience = { join: 20_000, round: 2500, total: null }
    const { stage: played, heard } = stage({ mishap, patience })
    const { made, ended } = await rehearse(played)
    expect(made).toBeNull()
    for (const { name, error } of ended) {
      if (name === 'bob') expect(error).toBeInstanceOf(Dropped)
      else expect(error).toMatchObject({ kind: 'absent', party: 'bob' })
    }
    expect(of(heard, '')).toEqual(['identities', 'keygen'])
    expect(of(heard, 'alice').at(-1)).toBe('E_ABSENT')
  })

  test('ends as whoever left wants it', async () => {
    const leaving = new AbortController()
    const { stage: played } = stage({ signal: leaving.signal })
    const left = new Failure('interrupted', 'E_INTERRUPTED', 'interrupted')
    const announce: Stage['announce'] = (step) => void (step === 'sign' && leaving.abort(left))
    await expect(rehearse({ ...played, announce })).rejects.toBe(left)
  })
})
