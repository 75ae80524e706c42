import { execFileSync } from 'node:child_process'
import { chown, chmod, link, mkdir, readdir, symlink, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import {
  createDir,
  createFile,
  ensureDir,
  listDir,
  type Operation,
  readFile,
  readSecretFile,
  removeFile,
  renameDir,
  replaceFile,
  setFaultPoint,
  writeOnce,
} from '../../../src/storage/fs/atomic.js'
import {
  compile,
  cutEverywhere,
  failureOf,
  isRoot,
  modeOf,
  operationsOf,
  removeCompiled,
  run,
  temporaryFolder,
  utf8,
  withError,
} from '../support.js'

const withLinks = <T>(act: () => Promise<T>): Promise<T> => act()

/** As on a memory stick. */
async function withoutLinks<T>(act: () => Promise<T>, seen: Operation[] = []): Promise<T> {
  const refused = Object.assign(new Error('no links'), { code: 'EPERM', errno: -1 })
  setFaultPoint((operation) => {
    seen.push(operation)
    if (operation === 'link') throw refused
  })
  try {
    return await act()
  } finally {
    setFaultPoint(null)
  }
}

const OLD = utf8('old bytes')
const NEW = utf8('new bytes, and more of them')
const read = (path: string) => readFile(path, 1000)

describe('whole or not at all', () => {
  test('a power cut while a file is made leaves all of it or none', async () => {
    const operations = await cutEverywhere(async () => {
      const path = join(await temporaryFolder(), 'file')
      return {
        act: () => createFile(path, NEW),
        async look(whole) {
          const found = await read(path)
          if (whole || found !== null) expect(found).toEqual(NEW)
          expect(await listDir(join(path, '..'))).toEqual(found === null ? [] : ['file'])
          expect(await createFile(path, NEW)).toBe(found === null)
        },
      }
    })
    expect(operations).toBe(6)
  })

  test('a power cut while a file is replaced leaves the old bytes or the new', async () => {
    await cutEverywhere(async () => {
      const path = join(await temporaryFolder(), 'file')
      await createFile(path, OLD)
      return {
        act: () => replaceFile(path, NEW),
        async look(whole) {
          const found = await read(path)
          expect(whole ? [NEW] : [OLD, NEW]).toContainEqual(found)
          expect(await listDir(join(path, '..'))).toEqual(['file'])
        },
      }
    })
  })

  test('a power cut while a folder is made leaves all its files or none', async () => {
    await cutEverywhere(async () => {
      const path = join(await temporaryFolder(), 'folder')
      return {
        act: () => createDir(path, { a: OLD, b: NEW }),
        async look(whole) {
          const names = await listDir(path)
          expect(whole ? [['a', 'b']] : [[], ['a', 'b']]).toContainEqual(names)
          if (names.length > 0) expect(await read(join(path, 'b'))).toEqual(NEW)
        },
      }
    })
  })

  test('bytes are on disk before their name is, and the name before anybody is told', async () => {
    const folder = await temporaryFolder()
    const path = join(folder, 'file')
    expect(await operationsOf(() => createFile(path, OLD))).toEqual([
      'create',
      'write',
      'sync',
      'link',
      'remove',
      'sync',
    ])
    expect(await operationsOf(() => replaceFile(path, NEW))).toEqual([
      'create',
      'write',
      'sync',
      'rename',
      'sync',
    ])
    const seen: Operation[] = []
    await withoutLinks(() => createFile(join(folder, 'mark'), NEW), seen)
    expect(seen).toEqual(['create', 'write', 'sync', 'link', 'create', 'rename', 'remove', 'sync'])
    expect(await operationsOf(() => createDir(join(folder, 'dir'), { a: OLD }))).toEqual([
      'mkdir',
      'create',
      'write',
      'sync',
      'sync',
      'rename',
      'sync',
      'remove',
    ])
    expect(await operationsOf(() => removeFile(path))).toEqual(['unlink', 'sync'])
    expect(await operationsOf(() => ensureDir(join(folder, 'made')))).toEqual(['mkdir', 'sync'])
  })

  test('that a name is taken is also told only once it is on disk', async () => {
    const path = join(await temporaryFolder(), 'file')
    await createFile(path, OLD)
    const operations = await operationsOf(() => createFile(path, NEW))
    expect(operations.slice(operations.indexOf('link'))).toEqual(['link', 'remove', 'sync'])
  })

  test.each(['create', 'write', 'sync', 'link'] as const)('a full disk at %s leaves nothing', async (at) => {
    const folder = await temporaryFolder()
    const failure = await failureOf(() =>
      withError(at, 'ENOSPC', () => createFile(join(folder, 'file'), NEW)),
    )
    expect(failure).toMatchObject({ kind: 'configuration', code: 'E_STORAGE' })
    expect(failure.message).toContain(join(folder, 'file'))
    expect(failure.hint).toContain('free some space')
    expect(failure.cause).toBeInstanceOf(Error)
    expect(await readdir(folder)).toEqual([])
  })

  test('a disk that is really full leaves the old bytes', async ({ skip }) => {
    const folder = await temporaryFolder()
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', folder], { stdio: 'ignore' })
    } catch {
      skip('a file system of 64 KiB cannot be mounted here')
    }
    onTestFinished(() => void execFileSync('umount', [folder]))
    await createFile(join(folder, 'file'), OLD)
    const failure = await failureOf(() => replaceFile(join(folder, 'file'), new Uint8Array(1 << 17)))
    expect(failure.message).toContain('no space left on device')
    expect(await readdir(folder)).toEqual(['file'])
    expect(await read(join(folder, 'file'))).toEqual(OLD)
  })
})

describe('names are given once', () => {
  test('what is there is never overwritten', async () => {
    const folder = await temporaryFolder()
    for (const [name, disk] of Object.entries({ withLinks, withoutLinks })) {
      const path = join(folder, name)
      expect(await disk(() => createFile(path, OLD))).toBe(true)
      expect(await disk(() => createFile(path, NEW))).toBe(false)
      expect(await read(path)).toEqual(OLD)
    }
    expect(await readdir(folder)).toEqual(['withLinks', 'withoutLinks'])
  })

  test('a dangling link has its name', async () => {
    const folder = await temporaryFolder()
    await symlink(join(folder, 'nowhere'), join(folder, 'link'))
    expect(await createFile(join(folder, 'link'), NEW)).toBe(false)
    expect(await withoutLinks(() => createFile(join(folder, 'link'), NEW))).toBe(false)
    expect(await readdir(folder)).toEqual(['link'])
  })

  test('where there are no hard links, O_EXCL takes the name', async () => {
    const path = join(await temporaryFolder(), 'file')
    expect(await withError('link', 'EPERM', () => createFile(path, OLD))).toBe(true)
    expect(await withError('link', 'EPERM', () => createFile(path, NEW))).toBe(false)
    expect(await read(path)).toEqual(OLD)
  })

  test('written once is the same for ever', async () => {
    const path = join(await temporaryFolder(), 'file')
    expect(await writeOnce(path, OLD)).toBe(true)
    expect(await writeOnce(path, OLD)).toBe(true)
    expect(await writeOnce(path, NEW)).toBe(false)
    expect(await read(path)).toEqual(OLD)
  })

  test('a folder with content keeps its name; both parents are synced', async () => {
    const folder = await temporaryFolder()
    await createDir(join(folder, 'a'), { x: OLD })
    await createDir(join(folder, 'b'), { x: NEW })
    expect(await renameDir(join(folder, 'a'), join(folder, 'b'))).toBe(false)
    expect(await createDir(join(folder, 'b'), { x: OLD })).toBe(false)
    expect(await read(join(folder, 'b', 'x'))).toEqual(NEW)
    await ensureDir(join(folder, 'c'))
    expect(await operationsOf(() => renameDir(join(folder, 'a'), join(folder, 'c', 'a')))).toEqual([
      'rename',
      'sync',
      'sync',
    ])
    expect(await readdir(folder)).toEqual(['b', 'c'])
  })
})

describe('processes that race', () => {
  beforeAll(compile)
  afterAll(removeCompiled)

  test.each(['', 'without links'])('of two that create files %s, exactly one wins each name', async (how) => {
    const folder = await temporaryFolder()
    const names = 200
    const racers = [1, 2].map((me) =>
      run(`
        import { once } from 'node:events'
        import { createFile, setFaultPoint } from '$storage/fs/atomic.js'
        const refused = Object.assign(new Error('no links'), { code: 'EPERM', errno: -1 })
        if ('${how}') setFaultPoint((operation) => { if (operation === 'link') throw refused })
        console.log('ready')
        await once(process.stdin, 'data')
        const won = []
        for (let i = 0; i < ${names}; i++) {
          if (await createFile('${folder}/' + i, Buffer.from('${me}'))) won.push(i)
        }
        console.log(won.join())
        process.exit()`),
    )
    for (const racer of racers) expect(await racer.line()).toBe('ready')
    for (const racer of racers) racer.process.stdin?.write('go\n')
    const won = await Promise.all(
      racers.map(async (racer) => (await racer.line()).split(',').filter(Boolean)),
    )
    expect(
      won
        .flat()
        .map(Number)
        .sort((a, b) => a - b),
    ).toEqual(Array.from({ length: names }, (_, i) => i))
    for (const [i, mine] of won.entries()) {
      for (const name of mine) expect(await read(join(folder, name))).toEqual(utf8(String(i + 1)))
    }
  })
})

describe('modes', () => {
  test.each([0o000, 0o022, 0o077, 0o277, 0o777])(
    'files are 0600 and folders 0700 under umask %o',
    async (mask) => {
      const folder = await temporaryFolder()
      const before = process.umask(mask)
      try {
        await ensureDir(join(folder, 'a', 'b'))
        await createDir(join(folder, 'dir'), { file: NEW })
        await createFile(join(folder, 'created'), NEW)
        await withoutLinks(() => createFile(join(folder, 'exclusive'), NEW))
        await replaceFile(join(folder, 'replaced'), NEW)
      } finally {
        process.umask(before)
      }
      for (const name of ['a', 'a/b', 'dir']) expect(modeOf(join(folder, name))).toBe(0o700)
      for (const name of ['dir/file', 'created', 'exclusive', 'replaced']) {
        expect(modeOf(join(folder, name))).toBe(0o600)
      }
    },
  )

  test('a folder of ours is set to 0700', async () => {
    const path = join(await temporaryFolder(), 'folder')
    await mkdir(path)
    await chmod(path, 0o755)
    await ensureDir(path)
    expect(modeOf(path)).toBe(0o700)
  })

  test('a file where a folder belongs is refused', async () => {
    const path = join(await temporaryFolder(), 'file')
    await createFile(path, OLD)
    expect(await failureOf(() => ensureDir(path))).toMatchObject({ code: 'E_STORAGE' })
    expect(await failureOf(() => ensureDir(join(path, 'under')))).toMatchObject({ code: 'E_STORAGE' })
  })

  test.skipIf(!isRoot)("another user's folder and secret are refused (L-6)", async () => {
    const folder = await temporaryFolder()
    await mkdir(join(folder, 'theirs'))
    await createFile(join(folder, 'secret'), NEW)
    for (const name of ['theirs', 'secret']) await chown(join(folder, name), 12345, 12345)
    const failures = [
      await failureOf(() => ensureDir(join(folder, 'theirs'))),
      await failureOf(() => readSecretFile(join(folder, 'secret'), 1000)),
    ]
    for (const failure of failures) {
      expect(failure).toMatchObject({ kind: 'configuration', code: 'E_FILE_MODE' })
      expect(failure.message).toContain('another user')
    }
  })
})

describe('reading', () => {
  test('secrets come only from regular files that nobody else can open', async () => {
    const folder = await temporaryFolder()
    const path = join(folder, 'secret')
    expect(await readSecretFile(path, 1000)).toBe(null)
    await createFile(path, NEW)
    expect(await readSecretFile(path, 1000)).toEqual(NEW)
    await link(path, join(folder, 'hard'))
    expect(await readSecretFile(join(folder, 'hard'), 1000)).toEqual(NEW)

    await symlink(path, join(folder, 'soft'))
    execFileSync('mkfifo', ['-m', '600', join(folder, 'pipe')])
    for (const [name, problem] of [
      ['soft', 'symbolic link'],
      ['pipe', 'not a regular file'],
      ['.', 'not a regular file'],
    ] as const) {
      const failure = await failureOf(() => readSecretFile(join(folder, name), 1000))
      expect(failure).toMatchObject({ kind: 'configuration', code: 'E_FILE_MODE' })
      expect(failure.message).toContain(problem)
    }
    for (const mode of [0o640, 0o604, 0o620, 0o602, 0o610]) {
      await chmod(path, mode)
      const failure = await failureOf(() => readSecretFile(path, 1000))
      expect(failure).toMatchObject({ kind: 'configuration', code: 'E_FILE_MODE' })
      expect(failure.hint).toContain('chmod 600')
    }
  })

  test('more than expected is refused', async () => {
    const path = join(await temporaryFolder(), 'file')
    const large = new Uint8Array(70_000).map((_, i) => i)
    await createFile(path, large)
    expect(await readFile(path, 70_000)).toEqual(large)
    expect(await failureOf(() => readFile(path, 69_999))).toMatchObject({ code: 'E_FILE_SIZE' })
  })

  test('what is no file says so', async () => {
    const folder = await temporaryFolder()
    expect(await read(join(folder, 'absent'))).toBe(null)
    const failure = await failureOf(() => read(folder))
    expect(failure).toMatchObject({ code: 'E_STORAGE', hint: expect.stringContaining('a folder stands') })
  })

  test('lists are sorted and leave out what is not whole', async () => {
    const folder = await temporaryFolder()
    for (const name of ['b', 'a', `.tmp-${'0'.repeat(32)}`]) await writeFile(join(folder, name), '')
    expect(await listDir(folder)).toEqual(['a', 'b'])
    expect(await listDir(join(folder, 'absent'))).toEqual([])
  })

  test('what a crash left long ago is swept out by the next write; what may be in use is not', async () => {
    const folder = await temporaryFolder()
    const [old, fresh] = ['0', '1'].map((digit) => `.tmp-${digit.repeat(32)}`) as [string, string]
    await mkdir(join(folder, old))
    await writeFile(join(folder, old, 'share.age'), 'half')
    await writeFile(join(folder, fresh), 'half')
    await writeFile(join(folder, '.tmp-mine'), 'not ours')
    const before = new Date(Date.now() - 2 * 3_600_000)
    for (const name of [old, '.tmp-mine']) await utimes(join(folder, name), before, before)
    await createFile(join(folder, 'file'), NEW)
    expect((await readdir(folder)).sort()).toEqual([fresh, '.tmp-mine', 'file'].sort())
  })
})

test('a file is removed once', async () => {
  const path = join(await temporaryFolder(), 'file')
  await createFile(path, OLD)
  expect(await removeFile(path)).toBe(true)
  expect(await removeFile(path)).toBe(false)
})
