import { writeFileSync } from 'node:fs'
import { readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { encode } from '../../../src/protocol/core/codec.js'
import { RequestClaims } from '../../../src/storage/home/request-claims.js'
import { createFile, ensureDir, setFaultPoint } from '../../../src/storage/fs/atomic.js'
import type { Home } from '../../../src/storage/home/home.js'
import { Failure } from '../../../src/wire/base/failure.js'
import { thisProcess } from '../../../src/storage/fs/processes.js'
import { bytes32, compile, cutEverywhere, failureOf, newHome, removeCompiled, run } from '../support.js'

const REQUEST = bytes32(0xaa)
const PAYLOAD = bytes32(0xbb)
const claimsIn = (home: Home) => new RequestClaims(home, REQUEST)

/** A home in which a process that is dead by now had claimed the request. */
async function homeWithDeadClaim(order = 1): Promise<Home> {
  const home = await newHome()
  const process = { ...(await thisProcess()), boot: 'the boot before' }
  await ensureDir(claimsIn(home).folder)
  await createFile(join(claimsIn(home).folder, 'claim.1'), encode({ format: 'mpc/claim/v1', process, order }))
  return home
}

/** The file of a refusal on disk. */
async function refusedFile(): Promise<Buffer> {
  const claims = claimsIn(await newHome())
  await claims.finish('refused', 'no')
  return readFile(join(claims.folder, 'refused'))
}

describe('a request', () => {
  test('is claimed, signed and done', async () => {
    const home = await newHome()
    const claims = claimsIn(home)
    expect(await claims.status()).toEqual({ claim: null, left: null, end: null, unsettled: false })
    expect(await claims.take(1)).toEqual({ n: 1, takenOver: false })
    await claims.markLeft(PAYLOAD)
    await claims.markLeft(PAYLOAD)
    await claims.finish('done', 'signature verified')
    await claims.finish('done', 'signature verified')
    expect(await claimsIn(home).status()).toMatchObject({
      claim: { n: 1, order: 1, alive: true, process: { pid: process.pid } },
      left: PAYLOAD,
      end: { outcome: 'done', note: 'signature verified' },
    })
    expect(await readdir(claims.folder)).toEqual(['claim.1', 'done', 'left'])
  })

  test('that has ended is not claimed again, nor ended otherwise', async () => {
    const claims = claimsIn(await newHome())
    await claims.finish('refused', 'policy')
    const ended = { kind: 'conflict', code: 'E_REQUEST_ENDED' }
    expect(await failureOf(() => claims.take(1))).toMatchObject(ended)
    expect(await failureOf(() => claims.finish('done', ''))).toMatchObject(ended)
    expect(await readdir(claims.folder)).toEqual(['refused'])
  })

  test('that its former holder ended just before the takeover is not taken over', async () => {
    const home = await homeWithDeadClaim()
    const { folder } = claimsIn(home)
    setFaultPoint((operation) => {
      if (operation === 'link')
        writeFileSync(join(folder, 'done'), encode({ format: 'mpc/claim-end/v1', note: '' }))
    })
    onTestFinished(() => setFaultPoint(null))
    expect(await failureOf(() => claimsIn(home).take(1))).toMatchObject({ code: 'E_REQUEST_ENDED' })
  })

  test('is marked for one payload only', async () => {
    const claims = claimsIn(await newHome())
    await claims.take(1)
    await claims.markLeft(PAYLOAD)
    expect(await failureOf(() => claims.markLeft(bytes32(0)))).toMatchObject({
      kind: 'conflict',
      code: 'E_LEFT',
    })
    expect((await claims.status()).left).toEqual(PAYLOAD)
  })

  test('is marked only by whoever has claimed it', async () => {
    const home = await newHome()
    await expect(claimsIn(home).markLeft(PAYLOAD)).rejects.toThrow('only under a claim')
    const claims = claimsIn(home)
    await claims.take(1)
    await claimsIn(home).take(2)
    expect(await failureOf(() => claims.markLeft(PAYLOAD))).toMatchObject({ code: 'E_CLAIMED' })
    expect((await claims.status()).left).toBe(null)
  })

  test('that its person refuses in another process does not leave, whichever is first', async () => {
    const outcomeOf = (act: Promise<unknown>): Promise<string> =>
      act.then(String, (error: unknown) => (error instanceof Failure ? error.code : String(error)))
    const seen = new Set<string>()
    onTestFinished(() => setFaultPoint(null))
    for (const first of ['left', 'refused']) {
      for (let at = 1; at <= 12; at++) {
        const home = await newHome()
        const claims = claimsIn(home)
        await claims.take(1)
        const leaves = () => outcomeOf(claims.markLeft(PAYLOAD).then(() => 'left'))
        const refuses = () => outcomeOf(claimsIn(home).refuse('no'))
        const [act, other] = first === 'left' ? [leaves, refuses] : [refuses, leaves]
        const others: Promise<string>[] = []
        let operations = 0
        setFaultPoint(() => {
          if (++operations === at) others.push(other())
        })
        const code = await act()
        setFaultPoint(null)
        if (others.length === 0) others.push(other())
        const codes = [code, ...(await Promise.all(others))]
        // Both may give way, but they never both go on.
        expect(codes.includes('left') && codes.includes('true'), `${first} first, ${at}`).toBe(false)
        const { end } = await claims.status()
        expect(end !== null).toBe(codes.includes('true'))
        seen.add(codes.sort().join())
      }
    }
    expect(seen).toContain('false,left')
    expect(seen).toContain('E_REQUEST_ENDED,true')
  })

  test('of which a crash left both a share that may have left and a no is in doubt', async () => {
    const refused = await refusedFile()
    onTestFinished(() => setFaultPoint(null))
    const states: string[] = []
    for (let at = 1; at <= 16; at++) {
      const claims = claimsIn(await newHome())
      await claims.take(1)
      let operations = 0
      setFaultPoint((operation, path) => {
        // Another process has its person's no on disk at the instant in which this one says that its share leaves.
        if (operation === 'link' && path.endsWith('left'))
          writeFileSync(join(claims.folder, 'refused'), refused)
        if (++operations >= at) throw new Error('killed')
      })
      await claims.markLeft(PAYLOAD).catch(() => {})
      setFaultPoint(null)
      const names = await readdir(claims.folder)
      const [left, stayed] = [names.includes('left'), names.includes('stayed')]
      const { end, unsettled } = await claims.status()
      expect(unsettled, `killed at ${at}`).toBe(left && !stayed)
      expect(end?.outcome ?? null).toBe(names.includes('refused') && !unsettled ? 'refused' : null)
      states.push(left ? (stayed ? 'stayed' : 'in doubt') : 'not left')
    }
    expect([...new Set(states)]).toEqual(['not left', 'in doubt', 'stayed'])
  })

  test('that was refused stays refused, also where another process that looked before refuses it', async () => {
    onTestFinished(() => setFaultPoint(null))
    for (let at = 1; at <= 12; at++) {
      const home = await newHome()
      const claims = claimsIn(home)
      await claims.take(1)
      const others: Promise<boolean>[] = []
      let operations = 0
      setFaultPoint(() => {
        if (++operations !== at) return
        const refuses = async (): Promise<boolean> => {
          const isRefused = await claimsIn(home).refuse('no')
          // It is over, and then the process comes that was to sign.
          await claims.markLeft(PAYLOAD).catch(() => undefined)
          return isRefused
        }
        others.push(refuses())
      })
      const refused = [await claimsIn(home).refuse('no'), ...(await Promise.all(others))]
      setFaultPoint(null)
      const { end } = await claims.status()
      expect(end?.outcome ?? null, `at ${at}`).toBe(refused.includes(true) ? 'refused' : null)
    }
  })

  test('with a signature that this member had a part in is done, whatever was said meanwhile', async () => {
    const home = await newHome()
    const claims = claimsIn(home)
    await claims.take(1)
    await claims.finish('refused', 'no')
    expect(await failureOf(() => claims.finish('done', ''))).toMatchObject({ code: 'E_REQUEST_ENDED' })
    // As a process leaves it that was killed before it took its no back.
    await rm(join(claims.folder, 'refused'))
    await claims.markLeft(PAYLOAD)
    await writeFile(join(claims.folder, 'refused'), await refusedFile())
    await claims.finish('done', '')
    expect((await claims.status()).end).toMatchObject({ outcome: 'done' })
  })

  test("whose files are damaged is nobody's", async () => {
    for (const name of ['claim.1', 'left', 'done']) {
      const home = await homeWithDeadClaim()
      await writeFile(join(claimsIn(home).folder, name), 'half')
      expect(await failureOf(() => claimsIn(home).take(9))).toMatchObject({ code: 'E_CLAIM_FILES' })
    }
  })
})

describe('orders', () => {
  test('this process takes each once', async () => {
    const claims = claimsIn(await newHome())
    await claims.take(3)
    for (const order of [3, 2]) {
      expect(await failureOf(() => claims.take(order))).toMatchObject({ kind: 'conflict', code: 'E_ORDER' })
    }
    expect(await claims.take(4)).toEqual({ n: 2, takenOver: false })
  })

  test("a dead process's is taken over if nothing left; else only a higher one", async () => {
    const home = await homeWithDeadClaim(3)
    expect(await failureOf(() => claimsIn(home).take(2))).toMatchObject({ code: 'E_ORDER' })
    expect(await claimsIn(home).take(3)).toEqual({ n: 2, takenOver: true })

    const other = await homeWithDeadClaim(3)
    const left = encode({ format: 'mpc/left/v1', payload: PAYLOAD })
    await createFile(join(claimsIn(other).folder, 'left'), left)
    expect(await failureOf(() => claimsIn(other).take(3))).toMatchObject({ code: 'E_ORDER' })
    const claims = claimsIn(other)
    expect(await claims.take(4)).toEqual({ n: 2, takenOver: true })
    await claims.markLeft(PAYLOAD)
    expect(await failureOf(() => claims.markLeft(bytes32(0)))).toMatchObject({ code: 'E_LEFT' })
  })

  test('of many that take over at once, one does', async () => {
    const home = await homeWithDeadClaim()
    const results = await Promise.allSettled(Array.from({ length: 8 }, () => claimsIn(home).take(1)))
    expect(results.filter((result) => result.status === 'fulfilled')).toHaveLength(1)
    expect(await readdir(claimsIn(home).folder)).toEqual(['claim.1', 'claim.2'])
  })
})

test('a share that leaves is on disk before, wherever the power is cut', async () => {
  await cutEverywhere(async () => {
    const home = await newHome()
    let sent = false
    return {
      async act() {
        const claims = claimsIn(home)
        await claims.take(1)
        await claims.markLeft(PAYLOAD)
        sent = true
        await claims.finish('done', '')
      },
      async look(whole) {
        const { claim, left, end } = await claimsIn(home).status()
        if (sent) expect(left).toEqual(PAYLOAD)
        if (left !== null) expect(claim).not.toBe(null)
        if (end !== null) expect(left).toEqual(PAYLOAD)
        if (whole) expect(end).toEqual({ outcome: 'done', note: '' })
      },
    }
  })
})

describe('processes', () => {
  beforeAll(compile)
  afterAll(removeCompiled)

  test('a live one keeps its claim, a killed one loses it', async () => {
    const home = await newHome()
    const child = run(`
      import { openHome } from '$storage/home/home.js'
      import { RequestClaims } from '$storage/home/request-claims.js'
      const claims = new RequestClaims(await openHome('${home.root}'), new Uint8Array(32).fill(0xaa))
      await claims.take(1)
      await claims.markLeft(new Uint8Array(32).fill(0xbb))
      console.log(process.pid)
      setInterval(() => {}, 1000)`)
    expect(await child.line()).toBe(String(child.process.pid))
    const failure = await failureOf(() => claimsIn(home).take(2))
    expect(failure).toMatchObject({ kind: 'conflict', code: 'E_CLAIMED' })
    expect(failure.message).toContain(`process ${child.process.pid}`)
    await child.kill()
    expect(await failureOf(() => claimsIn(home).take(1))).toMatchObject({ code: 'E_ORDER' })
    expect(await claimsIn(home).take(2)).toEqual({ n: 2, takenOver: true })
    expect((await claimsIn(home).status()).left).toEqual(PAYLOAD)
  })
})
