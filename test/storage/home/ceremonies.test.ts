import { destroyRunShares, listRunShares } from '../../../src/storage/home/run-shares.js'
import { renameSync } from 'node:fs'
import { readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { CeremonyFiles, listCeremonies, type PendingFiles } from '../../../src/storage/home/ceremonies.js'
import { setFaultPoint } from '../../../src/storage/fs/atomic.js'
import { hex } from '../../../src/wire/base/text.js'
import { bytes32, cutEverywhere, failureOf, modeOf, newHome, utf8 } from '../support.js'

const ID = bytes32(0xcd)
const SID = bytes32(0x5d)
const newCeremony = async () => new CeremonyFiles(await newHome(), ID)
const pendingOf = (run: string): PendingFiles => ({
  'record.cbor': utf8(`record ${run}`),
  'share.age': utf8(`share ${run}`),
  'transcript.cbor': utf8(`transcript ${run}`),
  'prepared.cbor': utf8(`prepared ${run}`),
})

test('ceremonies are found by their ids', async () => {
  const home = await newHome()
  expect(await listCeremonies(home)).toEqual([])
  for (const id of [bytes32(2), bytes32(1)])
    await new CeremonyFiles(home, id).writeDefinition(utf8('definition'))
  await writeFile(join(home.ceremonies, 'note.txt'), '')
  expect(await listCeremonies(home)).toEqual([bytes32(1), bytes32(2)])
})

test('a definition is there with the signatures known so far', async () => {
  const ceremony = await newCeremony()
  expect(await ceremony.readDefinition()).toBe(null)
  await ceremony.writeDefinition(utf8('one signature'))
  await ceremony.writeDefinition(utf8('two signatures'))
  expect(await ceremony.readDefinition()).toEqual(utf8('two signatures'))
})

test('one process here runs a ceremony; others are not kept from theirs', async () => {
  const home = await newHome()
  const lock = await new CeremonyFiles(home, ID).lock()
  expect(await failureOf(() => new CeremonyFiles(home, ID).lock())).toMatchObject({ code: 'E_BUSY' })
  await (await new CeremonyFiles(home, SID).lock()).release()
  await lock.release()
  await (await new CeremonyFiles(home, ID).lock()).release()
})

describe('the start number', () => {
  test('only rises', async () => {
    const ceremony = await newCeremony()
    expect(await ceremony.readStart()).toBe(0)
    for (const start of [1, 2, 1002]) await ceremony.raiseStart(start)
    for (const start of [0, 1, 1002, -1]) {
      expect(await failureOf(() => ceremony.raiseStart(start))).toMatchObject({
        kind: 'conflict',
        code: 'E_START',
      })
    }
    for (const start of [1.5, Number.NaN, 2 ** 53])
      await expect(ceremony.raiseStart(start)).rejects.toThrow(RangeError)
    expect(await ceremony.readStart()).toBe(1002)
  })

  test('is the old or the new one wherever the power is cut, and never forgotten once told', async () => {
    await cutEverywhere(async () => {
      const ceremony = await newCeremony()
      await ceremony.raiseStart(1)
      return {
        act: () => ceremony.raiseStart(2),
        look: async (whole) => expect(whole ? [2] : [1, 2]).toContain(await ceremony.readStart()),
      }
    })
  })

  test.each(['', '0\n', '1', '01\n', '-1\n', '1e3\n', '9007199254740993\n'])(
    '%j is not guessed at',
    async (text) => {
      const ceremony = await newCeremony()
      await ceremony.raiseStart(1)
      await writeFile(join(ceremony.folder, 'start'), text)
      expect(await failureOf(() => ceremony.readStart())).toMatchObject({ code: 'E_CEREMONY_FILES' })
      expect(await failureOf(() => ceremony.raiseStart(7))).toMatchObject({ code: 'E_CEREMONY_FILES' })
    },
  )
})

describe('a pending result', () => {
  test('is all there or not at all, wherever the power is cut', async () => {
    await cutEverywhere(async () => {
      const ceremony = await newCeremony()
      const files = pendingOf('one')
      return {
        act: () => ceremony.writePending(files),
        async look(whole) {
          const there = (await ceremony.readPending('record.cbor')) !== null
          if (whole) expect(there).toBe(true)
          for (const [name, bytes] of Object.entries(files)) {
            expect(await ceremony.readPending(name as 'share.age')).toEqual(there ? bytes : null)
          }
          await ceremony.writePending(files)
          expect(await readdir(join(ceremony.folder, 'pending'))).toHaveLength(4)
          expect(modeOf(join(ceremony.folder, 'pending', 'share.age'))).toBe(0o600)
        },
      }
    })
  })

  test('whose share is destroyed keeps none, also where another process sets it aside meanwhile', async () => {
    for (let at = 1; at <= 8; at++) {
      const ceremony = await newCeremony()
      await ceremony.writePending(pendingOf('one'))
      await ceremony.setPendingAside(bytes32(1))
      await ceremony.writePending(pendingOf('two'))
      let operations = 0
      setFaultPoint(() => {
        if (++operations !== at) return
        renameSync(join(ceremony.folder, 'pending'), join(ceremony.folder, 'attempts', hex(SID)))
      })
      await destroyRunShares(ceremony, true)
      setFaultPoint(null)
      expect(await listRunShares(ceremony, true), `at operation ${at}`).toEqual([])
    }
  })

  test('is never replaced, but can be set aside for the next', async () => {
    const ceremony = await newCeremony()
    await ceremony.setPendingAside(SID)
    expect(await ceremony.listAside()).toEqual([])
    await ceremony.writePending(pendingOf('one'))
    expect(await failureOf(() => ceremony.writePending(pendingOf('two')))).toMatchObject({
      kind: 'conflict',
      code: 'E_PENDING_EXISTS',
    })
    await ceremony.setPendingAside(SID)
    expect(await ceremony.readPending('record.cbor')).toBe(null)
    expect(await ceremony.listAside()).toEqual([SID])
    await ceremony.writePending(pendingOf('two'))
    expect(await failureOf(() => ceremony.setPendingAside(SID))).toMatchObject({ code: 'E_PENDING_EXISTS' })
    expect(await ceremony.readPending('record.cbor')).toEqual(utf8('record two'))
  })

  test('is in one of its two places wherever the power is cut', async () => {
    await cutEverywhere(async () => {
      const ceremony = await newCeremony()
      await ceremony.writePending(pendingOf('one'))
      return {
        act: () => ceremony.setPendingAside(SID),
        async look(whole) {
          const here = (await ceremony.readPending('share.age')) !== null
          expect(await ceremony.listAside()).toEqual(here ? [] : [SID])
          if (whole) expect(here).toBe(false)
        },
      }
    })
  })

  test('stays where it is once this member has voted', async () => {
    const ceremony = await newCeremony()
    await ceremony.writePending(pendingOf('one'))
    await ceremony.writeReceipt(utf8('receipt'))
    expect(await failureOf(() => ceremony.setPendingAside(SID))).toMatchObject({
      kind: 'conflict',
      code: 'E_VOTED',
    })
    expect(await ceremony.readPending('share.age')).toEqual(utf8('share one'))
  })
})

describe('what is written once', () => {
  test('a second vote is refused, and the first is kept', async () => {
    const ceremony = await newCeremony()
    expect([await ceremony.readReceipt(), await ceremony.readCertificate()]).toEqual([null, null])
    await ceremony.writeReceipt(utf8('receipt'))
    await ceremony.writeReceipt(utf8('receipt'))
    expect(await failureOf(() => ceremony.writeReceipt(utf8('another')))).toMatchObject({
      kind: 'conflict',
      code: 'E_VOTED',
    })
    expect(await ceremony.readReceipt()).toEqual(utf8('receipt'))
  })

  test('a vote is on disk or was not made, wherever the power is cut', async () => {
    await cutEverywhere(async () => {
      const ceremony = await newCeremony()
      return {
        act: () => ceremony.writeReceipt(utf8('receipt')),
        async look(whole) {
          const found = await ceremony.readReceipt()
          if (whole || found !== null) expect(found).toEqual(utf8('receipt'))
        },
      }
    })
  })

  test('a second certificate is refused', async () => {
    const ceremony = await newCeremony()
    const path = await ceremony.writeCertificate(utf8('certificate'))
    expect(path).toBe(join(ceremony.folder, 'certificate.cbor'))
    await ceremony.writeCertificate(utf8('certificate'))
    const failure = await failureOf(() => ceremony.writeCertificate(utf8('another')))
    expect(failure).toMatchObject({ kind: 'conflict', code: 'E_CERTIFICATE_EXISTS' })
    expect(await ceremony.readCertificate()).toEqual(utf8('certificate'))
  })

  test('a transcript is kept for each run', async () => {
    const ceremony = await newCeremony()
    const path = await ceremony.writeTranscript(SID, utf8('transcript'))
    expect(path).toBe(join(ceremony.folder, `transcript-${'5d'.repeat(8)}.cbor`))
    expect(await ceremony.writeTranscript(SID, utf8('transcript'))).toBe(path)
    expect(await failureOf(() => ceremony.writeTranscript(SID, utf8('another')))).toMatchObject({
      code: 'E_TRANSCRIPT_EXISTS',
    })
  })

  test('evidence is kept by name', async () => {
    const ceremony = await newCeremony()
    expect(await ceremony.listEvidence()).toEqual([])
    const path = await ceremony.writeEvidence('bob.equivocation.cbor', utf8('two letters'))
    expect(path).toBe(join(ceremony.folder, 'evidence', 'bob.equivocation.cbor'))
    expect(await ceremony.writeEvidence('bob.equivocation.cbor', utf8('two letters'))).toBe(path)
    expect(await failureOf(() => ceremony.writeEvidence('bob.equivocation.cbor', utf8('')))).toMatchObject({
      code: 'E_EVIDENCE_EXISTS',
    })
    for (const name of ['', '..', '../x', '.hidden', 'A']) {
      await expect(ceremony.writeEvidence(name, utf8('x'))).rejects.toThrow(RangeError)
    }
    expect(await ceremony.listEvidence()).toEqual(['bob.equivocation.cbor'])
  })
})
