import { chmod, mkdir, readdir, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { describe, expect, test } from 'vitest'
import { openHome, resolveHome } from '../../../src/storage/home/home.js'
import {
  hasIdentity,
  readCard,
  readSealedIdentity,
  writeIdentity,
} from '../../../src/storage/home/identity.js'
import { listPeers, type Peer, readPeer, writePeer } from '../../../src/storage/home/contacts.js'
import { bytes32, cutEverywhere, failureOf, modeOf, newHome, temporaryFolder, utf8 } from '../support.js'

describe('where the home is', () => {
  const env = { MPC_HOME: '/m', XDG_DATA_HOME: '/x', HOME: '/u' }
  test.each([
    ['the flag', env, '/f', 'linux', '/f'],
    ['MPC_HOME', env, null, 'linux', '/m'],
    ['XDG', { ...env, MPC_HOME: '' }, null, 'linux', '/x/mpc-ceremony'],
    ['XDG on macOS, where somebody set it', { ...env, MPC_HOME: '' }, null, 'darwin', '/x/mpc-ceremony'],
    ['no relative XDG', { XDG_DATA_HOME: 'x', HOME: '/u' }, null, 'linux', '/u/.local/share/mpc-ceremony'],
    ['the default', { HOME: '/u' }, null, 'linux', '/u/.local/share/mpc-ceremony'],
    ['that of macOS', { HOME: '/u' }, null, 'darwin', '/u/Library/Application Support/mpc-ceremony'],
  ] as const)('%s', (_, env, flag, platform, expected) => {
    expect(resolveHome(env, flag, platform)).toBe(expected)
  })

  test('nothing says where', () => {
    expect(() => resolveHome({}, null)).toThrow('there is no HOME')
  })
})

describe('a home', () => {
  test('is made once, 0700, and keeps its installation id when it is moved', async () => {
    const folder = await temporaryFolder()
    const home = await openHome(join(folder, 'a', 'b'))
    expect(home.installation).toHaveLength(16)
    expect(modeOf(home.root)).toBe(0o700)
    expect(modeOf(join(home.root, 'installation'))).toBe(0o600)
    await rename(home.root, join(folder, 'moved'))
    const moved = await openHome(relative(process.cwd(), join(folder, 'moved')))
    expect(moved.installation).toEqual(home.installation)
    expect(moved.keys).toBe(join(folder, 'moved', 'keys'))
  })

  test('of several that make it at once, all get the same', async () => {
    const path = join(await temporaryFolder(), 'home')
    const homes = await Promise.all(Array.from({ length: 5 }, () => openHome(path)))
    expect(new Set(homes.map((home) => Buffer.from(home.installation).toString('hex'))).size).toBe(1)
  })

  test('may be an empty folder, a new volume, or a link to one', async () => {
    const folder = await temporaryFolder()
    await mkdir(join(folder, 'empty', 'lost+found'), { recursive: true })
    await chmod(join(folder, 'empty'), 0o755)
    await symlink('empty', join(folder, 'link'))
    await openHome(join(folder, 'link'))
    expect(modeOf(join(folder, 'empty'))).toBe(0o700)
  })

  test('is never made of a folder with other things, whose mode stays as it is', async () => {
    const folder = await temporaryFolder()
    await chmod(folder, 0o755)
    await writeFile(join(folder, 'thesis.txt'), '')
    expect(await failureOf(() => openHome(folder))).toMatchObject({ kind: 'configuration', code: 'E_HOME' })
    expect(modeOf(folder)).toBe(0o755)
    expect(await readdir(folder)).toEqual(['thesis.txt'])
  })

  test.each([
    '',
    'x',
    `# mpc-installation v1\n${'0'.repeat(31)}\n`,
    `# mpc-installation v2\n${'0'.repeat(32)}\n`,
  ])('with the installation id %j is refused', async (text) => {
    const home = await newHome()
    await writeFile(join(home.root, 'installation'), text)
    expect(await failureOf(() => openHome(home.root))).toMatchObject({ code: 'E_HOME' })
  })

  test('is whole after a power cut at any point of its making', async () => {
    await cutEverywhere(async () => {
      const path = join(await temporaryFolder(), 'a', 'home')
      return {
        act: () => openHome(path),
        async look() {
          const home = await openHome(path)
          expect((await openHome(path)).installation).toEqual(home.installation)
        },
      }
    })
  })
})

describe('an identity', () => {
  const first = { sealed: utf8('sealed'), card: 'mpccard1first' }
  const second = { sealed: utf8('sealed again'), card: 'mpccard1second' }

  test('is written once', async () => {
    const home = await newHome()
    expect(await hasIdentity(home)).toBe(false)
    expect([await readCard(home), await readSealedIdentity(home)]).toEqual([null, null])
    await writeIdentity(home, first)
    expect(await failureOf(() => writeIdentity(home, second))).toMatchObject({
      kind: 'conflict',
      code: 'E_IDENTITY_EXISTS',
    })
    expect(await readCard(home)).toBe(first.card)
    expect(await readSealedIdentity(home)).toEqual(first.sealed)
    for (const path of [home.identity, home.card]) expect(modeOf(path)).toBe(0o600)
    expect((await readdir(home.root)).sort()).toEqual(['identity.age', 'identity.card', 'installation'])
  })

  test('is there with its own card or not at all, wherever the power is cut', async () => {
    await cutEverywhere(async () => {
      const home = await newHome()
      return {
        act: () => writeIdentity(home, first),
        async look(whole) {
          const there = await hasIdentity(home)
          if (whole) expect(there).toBe(true)
          expect(await readCard(home)).toBe(there ? first.card : null)
          expect(await readSealedIdentity(home)).toEqual(there ? first.sealed : null)
          // The next one would find the lock's holder dead; here it is this very process.
          await rm(join(home.root, 'identity.lock'), { force: true })
          if (there) await failureOf(() => writeIdentity(home, second))
          else await writeIdentity(home, second)
          expect(await readCard(home)).toBe(there ? first.card : second.card)
        },
      }
    })
  })

  test('of several written at once, one stays, with its own card', async () => {
    const home = await newHome()
    const results = await Promise.allSettled(
      Array.from({ length: 6 }, (_, i) => writeIdentity(home, { sealed: utf8(`${i}`), card: `card${i}` })),
    )
    expect(results.filter((result) => result.status === 'fulfilled')).toHaveLength(1)
    const sealed = Buffer.from((await readSealedIdentity(home)) as Uint8Array).toString()
    expect(await readCard(home)).toBe(`card${sealed}`)
  })

  test('that others can read, or that is a link, is refused', async () => {
    const home = await newHome()
    await writeIdentity(home, first)
    await chmod(home.identity, 0o640)
    expect(await failureOf(() => readSealedIdentity(home))).toMatchObject({ code: 'E_FILE_MODE' })
    await rename(home.identity, join(home.root, 'elsewhere'))
    await symlink('elsewhere', home.identity)
    expect(await failureOf(() => readSealedIdentity(home))).toMatchObject({ code: 'E_FILE_MODE' })
  })
})

describe('peers', () => {
  const bob: Peer = {
    fingerprint: bytes32(0xb0),
    card: 'mpccard1bob',
    status: 'unverified',
    since: '2026-01-02T03:04:05.678Z',
    how: 'import',
  }
  const carol: Peer = { ...bob, fingerprint: bytes32(0x0c), card: 'mpccard1carol', status: 'verified' }

  test('come back as they were written, and are replaced', async () => {
    const home = await newHome()
    const listed = async () => (await listPeers(home)).peers
    expect([await listed(), await readPeer(home, bob.fingerprint)]).toEqual([[], null])
    await writePeer(home, bob)
    await writePeer(home, carol)
    expect(await listed()).toEqual([carol, bob])
    const verified = { ...bob, status: 'verified', how: 'handshake 0a1b' } as const
    await writePeer(home, verified)
    expect(await readPeer(home, bob.fingerprint)).toEqual(verified)
    expect(await listed()).toEqual([carol, verified])
  })

  test('lie in files that people can read', async () => {
    const home = await newHome()
    await writePeer(home, bob)
    expect(await readdir(home.peers)).toEqual([`${'b0'.repeat(32)}.card`])
    await writeFile(
      join(home.peers, `${'0c'.repeat(32)}.card`),
      '# mpc-peer v1\n# status: verified\n# since: 2026-01-02T03:04:05Z\n# how: words\nmpccard1carol\n',
    )
    expect(await readPeer(home, carol.fingerprint)).toMatchObject({ card: 'mpccard1carol', how: 'words' })
  })

  test.each([
    ['another version', 'v1', 'v2'],
    ['another status', 'unverified', 'trusted'],
    ['no time', '2026-01-02T03:04:05.678Z', 'yesterday'],
    ['a line more', '# how', '# why: x\n# how'],
    ['two cards', 'mpccard1bob', 'mpccard1bob\nmpccard1bob'],
    ['no end of line', 'mpccard1bob\n', 'mpccard1bob'],
    ['other line ends', '\n', '\r\n'],
    ['an escape character', 'import', 'im\u001bport'],
  ])('%s is refused, by the name of its file, and takes nobody else with it', async (_, from, to) => {
    const home = await newHome()
    await writePeer(home, bob)
    const path = join(home.peers, `${'b0'.repeat(32)}.card`)
    const text = `# mpc-peer v1\n# status: unverified\n# since: ${bob.since}\n# how: import\nmpccard1bob\n`
    await writeFile(path, text.replaceAll(from, to))
    await writePeer(home, carol)
    const { peers, damaged } = await listPeers(home)
    expect(peers).toEqual([carol])
    for (const failure of [await failureOf(() => readPeer(home, bob.fingerprint)), damaged[0]?.problem]) {
      expect(failure).toMatchObject({ kind: 'configuration', code: 'E_PEER_FILE' })
      expect(failure?.message).toContain(path)
    }
  })

  test.each<Partial<Peer>>([
    { card: 'two\nlines' },
    { how: 'x\n# status: verified' },
    { since: 'now' },
    { card: '' },
  ])('%j is not written', async (field) => {
    const home = await newHome()
    await expect(writePeer(home, { ...bob, ...field })).rejects.toThrow(TypeError)
    expect(await listPeers(home)).toEqual({ peers: [], damaged: [] })
  })

  test('are old or new wherever the power is cut', async () => {
    await cutEverywhere(async () => {
      const home = await newHome()
      await writePeer(home, bob)
      const verified = { ...bob, status: 'verified' } as const
      return {
        act: () => writePeer(home, verified),
        async look(whole) {
          expect(whole ? [verified] : [bob, verified]).toContainEqual(await readPeer(home, bob.fingerprint))
        },
      }
    })
  })
})
