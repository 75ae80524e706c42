/** Rehearsals and real keys do not mix: every kind of file, both ways, through the real binary. */
import { cp, readdir, writeFile } from 'node:fs/promises'
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { define, makeKey, start } from '../../support/ceremonies.js'
import { linesOn } from '../../support/backups.js'
import { type Custodian, custodian, custodians, type Line, spawned, scratch } from '../../support/cli.js'
import { type Broker, RelayBroker } from '../../support/nats.js'

/** Files that come after a key's birth. */
type Later = Readonly<
  Record<'reshare' | 'piece' | 'page' | 'record' | 'manifest' | 'note' | 'rebind' | 'handover', string>
>

type Side = {
  readonly home: string
  readonly key: string
  /** Folder of the active epoch. */
  readonly epoch: string
  readonly definition: string
  readonly id: string
  readonly card: string
  /** Of whoever `card` is of. */
  readonly fingerprint: string
  readonly later: Later
  /** Flags that open the identity. */
  readonly unlock: readonly string[]
}

let folder: Awaited<ReturnType<typeof scratch>>
let relay: Broker
let real: Side
let played: Side
let message: string
let approve: string

beforeAll(async () => {
  ;[folder, relay] = await Promise.all([scratch(), RelayBroker.start()])
  const { dir } = folder
  const stage = join(dir, 'stage')
  const everybody = await custodians(dir, 'alice', 'bob', 'carol')
  const rehearsed = await spawned(join(dir, 'nobody'), ['rehearse', '--keep', stage, '--json'])
  expect(rehearsed.json).toMatchObject({ code: 0, data: { kept: stage } })
  const [alice, bob] = everybody as [Custodian, Custodian]
  const [made] = await makeKey(everybody, relay.url)
  message = join(dir, 'message')
  await writeFile(message, 'something real')
  approve = `sha256:${createHash('sha256').update('something real').digest('hex')}`
  const signing = [
    start(alice, relay.url, [
      'sign',
      '--key',
      'treasury',
      '--in',
      message,
      '--signers',
      'alice,bob',
      '--approve',
      approve,
    ]),
    start(bob, relay.url, ['sign', '--key', 'treasury', '--next', '--approve', approve]),
  ]
  for (const { ended } of signing) expect((await ended).code).toBe(0)
  const shown = await spawned(join(stage, 'alice'), ['key', 'show', 'rehearsal', '--json'])
  real = {
    home: alice.home,
    key: 'treasury',
    epoch: basename(dirname(made?.json.data.certificate as string)),
    definition: join(dir, 'treasury-eddsa-ed25519-2.mpc'),
    id: made?.json.data.definition_id as string,
    card: bob.card,
    fingerprint: bob.fingerprint,
    later: await laterOf(everybody),
    unlock: alice.unlock,
  }
  played = {
    home: join(stage, 'alice'),
    key: 'rehearsal',
    epoch: basename(dirname(shown.json.data.certificate as string)),
    definition: join(stage, 'rehearsal.mpc'),
    id: shown.json.data.key_id as string,
    card: join(stage, 'bob.card'),
    fingerprint: (await spawned(join(stage, 'bob'), ['identity', 'show', '--json'])).json.data
      .fingerprint as string,
    later: await laterIn(stage),
    unlock: ['--passphrase-file', join(stage, 'passphrase')],
  }
  await writeFile(join(dir, 'wrong'), 'not the passphrase', { mode: 0o600 })
}, 600_000)
afterAll(async () => {
  await relay.down()
  await folder.remove()
})

/** Runs it in a home; what it says in `data`. */
async function done(home: string, unlock: readonly string[], args: readonly string[]): Promise<Line['data']> {
  const { json } = await spawned(home, [...args, ...unlock, '--no-input', '--json'], { cwd: folder.dir })
  expect(json, args.join(' ')).toMatchObject({ code: 0 })
  return json.data
}

/** Bob splits his share, and restores it under a new identity. */
async function laterOf([alice, bob, carol]: readonly Custodian[]): Promise<Later> {
  const { dir } = folder
  const run = (who: Custodian, ...args: string[]) => done(who.home, who.unlock, args)
  if (!alice || !bob || !carol) throw new Error('three custodians')
  const [reshare, record, pieces] = ['refresh.mpc', 'record.json', 'pieces'].map((name) =>
    join(dir, name),
  ) as [string, string, string]
  await run(alice, 'ceremony', 'new', 'refresh', '--key', 'treasury', '-o', reshare)
  await run(alice, 'key', 'show', 'treasury', '--export', '-o', record)
  const holders = `${alice.card},${carol.card}`
  const splitting = ['--key', 'treasury', '--threshold', '2', '--holders', holders, '--confirm', 'treasury']
  await run(bob, 'backup', 'split', ...splitting, '-o', pieces)
  const again = await custodian(dir, 'bob', 'bob-again')
  const reopened: string[] = []
  for (const who of [alice, carol]) {
    await run(who, 'identity', 'import', again.card, '--fingerprint', again.fingerprint)
    const out = join(dir, `${who.name}.reopened`)
    const opening = ['--to', again.card, '--confirm', 'bob', '-o', out]
    await run(who, 'backup', 'open', join(pieces, `${who.name}.piece`), ...opening)
    reopened.push(out)
  }
  const { rebind } = await run(again, 'backup', 'restore', ...reopened)
  const made = await madeOf(
    alice.home,
    alice.home,
    'treasury',
    alice.unlock,
    join(pieces, 'alice.piece'),
    record,
  )
  return { ...made, reshare, record, rebind: rebind as string }
}

/** The files a rehearsal left there. */
async function laterIn(stage: string): Promise<Later> {
  const [reshare, record] = [join(stage, 'reshare.mpc'), join(stage, 'record.json')]
  const unlock = ['--passphrase-file', join(stage, 'passphrase')]
  const [alice, bank] = [join(stage, 'alice'), join(stage, 'bank')]
  const made = await madeOf(alice, bank, 'rehearsal', unlock, join(stage, 'pieces', 'bank.piece'), record)
  const epochs = join(stage, 'carol', 'keys', 'rehearsal')
  const rebind = (await readdir(epochs, { recursive: true })).find((path) =>
    /rebinds\/.+\.cbor$/.test(path),
  ) as string
  return { ...made, reshare, record, rebind: join(epochs, rebind) }
}

/** Files made by a holder of its piece, on paper too, and by a custodian of its key. */
async function madeOf(
  custodian: string,
  holder: string,
  key: string,
  unlock: readonly string[],
  piece: string,
  record: string,
): Promise<Pick<Later, 'piece' | 'page' | 'manifest' | 'note' | 'handover'>> {
  const [printed, page, handover] = ['html', 'txt', 'json'].map((ext) => `${piece}.${ext}`) as [
    string,
    string,
    string,
  ]
  const { note } = await done(holder, unlock, ['backup', 'verify', piece, '--record', record])
  await done(holder, unlock, ['backup', 'print', piece, '-o', printed])
  await writeFile(page, linesOn(printed).join('\n'))
  await done(custodian, unlock, ['share', 'statements', '--key', key, '-o', handover])
  return { piece, page, manifest: join(dirname(piece), 'manifest.json'), note: note as string, handover }
}

const epochOf = ({ home, key, epoch }: Side): string => join(home, 'keys', key, 'epochs', epoch)
const requestOf = ({ home }: Side): string => readdirSync(join(home, 'claims'))[0] as string

let copies = 0
/** A copy of the home, with a file of the other side in the place of its own. */
async function mixed(into: Side, source: string, place: (side: Side) => string): Promise<string> {
  copies += 1
  const home = join(folder.dir, `copy-${copies}`)
  await cp(into.home, home, { recursive: true })
  await cp(source, place({ ...into, home }), { recursive: true, force: true })
  return home
}

async function refused(home: string, args: readonly string[]): Promise<void> {
  const { json, stderr } = await spawned(home, [...args, '--no-input', '--json'], { cwd: folder.dir })
  expect(json, args.join(' ')).toMatchObject({ code: 8, error: { code: 'E_REHEARSAL' } })
  expect(json.error.hint).not.toBeNull()
  // Had anything been opened, it would have been with a wrong passphrase.
  expect(stderr).not.toContain('E_DECRYPT')
}

const wrong = () => ['--passphrase-file', join(folder.dir, 'wrong'), '--nats', relay.url]
const accepting = ({ definition, id }: Side) => [definition, '--accept', id, ...wrong()]
const signing = ({ key }: Side) => ['sign', '--key', key, '--in', message, '--approve', approve, ...wrong()]

describe.each([
  ['of a rehearsal, in a real home', () => ({ from: played, into: real })],
  ['that is real, in the home of a rehearsal', () => ({ from: real, into: played })],
])('what is refused: a file %s', (_, sides) => {
  test('the passphrase is wrong, and would be said to be', async () => {
    const { into } = sides()
    const { json } = await spawned(into.home, [
      'ceremony',
      'sign',
      ...accepting(into),
      '--no-input',
      '--json',
    ])
    expect(json).toMatchObject({ code: 10, error: { code: 'E_DECRYPT' } })
  })

  test('a card', async () => {
    const { from, into } = sides()
    const known = async () => (await spawned(into.home, ['identity', 'list', '--json'])).json.data.identities
    const before = await known()
    await refused(into.home, ['identity', 'import', from.card])
    await refused(into.home, ['nats', 'config', '--cards', from.card])
    expect(await known()).toEqual(before)
  })

  test('a definition', async () => {
    const { from, into } = sides()
    for (const command of [
      ['ceremony', 'show', from.definition],
      ['ceremony', 'verify', from.definition],
      ['ceremony', 'merge', from.definition, '-o', 'merged.mpc'],
      ['ceremony', 'sign', ...accepting(from)],
      ['keygen', '--definition', ...accepting(from)],
      ['ecdh', 'handshake', '--definition', from.definition, ...wrong()],
      ['ceremony', 'finish', from.definition, ...wrong()],
      ['nats', 'config', '--definition', from.definition],
      ['relay', '--definition', from.definition],
    ])
      await refused(into.home, command)
  })

  test('an identity, a card of one’s own, the mark of the home, a peer', async () => {
    const { from, into } = sides()
    const sign = ['ceremony', 'sign', ...accepting(into)]
    for (const file of ['identity.age', 'identity.card', 'installation']) {
      await refused(await mixed(into, join(from.home, file), ({ home }) => join(home, file)), sign)
    }
    const [peer] = await readdir(join(from.home, 'peers'))
    const place = ({ home }: Side) => join(home, 'peers', peer as string)
    await refused(await mixed(into, place(from), place), ['identity', 'list'])
  })

  test('a key, or the state, the record or the share of one', async () => {
    const { from, into } = sides()
    const folderOf = ({ home, key }: Side) => join(home, 'keys', key)
    const whole = await mixed(into, folderOf(from), ({ home }) => join(home, 'keys', from.key))
    await refused(whole, ['key', 'show', from.key])
    await refused(whole, signing(from))
    const state = await mixed(into, join(folderOf(from), 'state.cbor'), (side) =>
      join(folderOf(side), 'state.cbor'),
    )
    await refused(state, signing(into))
    for (const file of ['record.cbor', 'share.age']) {
      const place = (side: Side) => join(epochOf(side), file)
      await refused(await mixed(into, place(from), place), signing(into))
    }
  })

  test('a certificate, a transcript', async () => {
    const { from, into } = sides()
    const certificate = join(epochOf(from), 'certificate.cbor')
    await refused(into.home, ['ceremony', 'finish', into.definition, '--certificate', certificate])
    await refused(into.home, ['transcript', 'verify', join(epochOf(from), 'transcript.cbor')])
  })

  test('a resharing, a piece, a page, a record, a manifest, a note, a rebind, a handover', async () => {
    const { from, into } = sides()
    const { reshare, piece, page, record, manifest, note, rebind, handover } = from.later
    const secret = wrong().slice(0, 2)
    const split = ['backup', 'split', '--key', into.key, '--threshold', '2', '-o', 'out']
    for (const command of [
      ['ceremony', 'show', reshare],
      ['reshare', '--definition', ...accepting({ ...from, definition: reshare })],
      ['backup', 'verify', piece, ...secret],
      ['backup', 'verify', page, '--record', into.later.record, ...secret],
      ['backup', 'verify', into.later.piece, '--record', record, ...secret],
      ['backup', 'verify', into.later.piece, '--manifest', manifest, ...secret],
      ['backup', 'open', piece, '--to', into.card, '--confirm', 'bob', '-o', 'reopened', ...secret],
      ['backup', 'restore', piece, ...secret],
      ['backup', 'restore', page, ...secret],
      ['backup', 'status', '--key', into.key, note],
      [...split, '--holders', `${from.card},${into.card}`],
      [...split, '--holders', `${into.card},${into.card}`, '--manifests', manifest],
      ['share', 'statements', '--key', into.key, handover],
      ['share', 'retire', '--key', into.key, '--statements', handover],
      ['identity', 'import', into.card, '--rebind', rebind, '--fingerprint', into.fingerprint],
    ])
      await refused(into.home, command)
  })

  test('a request that somebody worked on, and a claim', async () => {
    const { from, into } = sides()
    const id = requestOf(from)
    const place = ({ home }: Side) => join(home, 'claims', id)
    const home = await mixed(into, place(from), place)
    const joining = ['sign', '--key', into.key, '--join', id, '--approve', approve]
    await refused(home, [...joining, ...into.unlock, '--nats', relay.url])
  })
})

describe('a rehearsal that was kept', () => {
  test('says so on the screen, in JSON and in what it makes', async () => {
    const shown = await spawned(played.home, ['key', 'show', 'rehearsal'])
    expect(shown.stderr).toContain('REHEARSAL: this home holds no real keys.\n')
    expect(shown.stdout).toContain('(REHEARSAL: send nothing)')
    const { json } = await spawned(played.home, ['key', 'show', 'rehearsal', '--json'])
    expect(json).toMatchObject({ rehearsal: true, data: { rehearsal: true } })
    const failed = await spawned(played.home, ['key', 'show', 'gold', '--json'])
    expect(failed.json).toMatchObject({ code: 3, rehearsal: true })
    expect((await spawned(real.home, ['key', 'show', 'treasury', '--json'])).json).not.toHaveProperty(
      'rehearsal',
    )
    const flags = ['--key', 'gold', '--scheme', 'eddsa-ed25519', '--threshold', '2', '--members', 'alice,bob']
    const out = join(folder.dir, 'gold.mpc')
    const made = await spawned(played.home, ['ceremony', 'new', 'keygen', ...flags, '-o', out, '--json'])
    expect(made.json).toMatchObject({ code: 0, data: { rehearsal: true } })
    await refused(real.home, ['ceremony', 'show', out])
    for (const file of [played.card, out, join(epochOf(played), 'share.age')]) {
      expect(readFileSync(file, 'latin1').slice(0, 400)).toMatch(/mpc-?rehearsal/)
    }
  })

  test('is played on by hand: another key, and a signature of the first', async () => {
    const [alice, bob, carol] = ['alice', 'bob', 'carol'].map((name) => {
      const home = join(folder.dir, 'stage', name)
      const run: Custodian['mpc'] = (args, how = {}) => spawned(home, args, { cwd: join(home, '..'), ...how })
      return { name, home, fingerprint: '', card: '', unlock: played.unlock, mpc: run }
    }) as [Custodian, Custodian, Custodian]
    const { file, id } = await define([alice, bob, carol], 2, 'schnorr-taproot', 'again')
    const keygen = ['keygen', '--definition', file, '--accept', id]
    const made = await Promise.all([alice, bob, carol].map((who) => start(who, relay.url, keygen).ended))
    for (const { json } of made) expect(json).toMatchObject({ code: 0, rehearsal: true })
    const sign = ['sign', '--key', 'rehearsal', '--approve', approve]
    const signed = await Promise.all([
      start(bob, relay.url, [...sign, '--in', message, '--signers', 'bob,carol']).ended,
      start(carol, relay.url, [...sign, '--next']).ended,
    ])
    const [first] = signed.map(({ json }) => json.data.signature as string) as [string]
    const verify = ['verify', '--key', 'rehearsal', '--in', message, '--signature', first]
    expect((await spawned(played.home, verify)).code).toBe(0)
  }, 120_000)

  test('goes into an empty folder only', async () => {
    const { json } = await spawned(played.home, ['rehearse', '--keep', join(folder.dir, 'stage'), '--json'])
    expect(json).toMatchObject({ code: 11, error: { code: 'E_OUTPUT_EXISTS' } })
  })
})
