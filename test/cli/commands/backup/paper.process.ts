/** Pieces on paper, by the real binary: printed, typed, checked, and a share restored from them. */
import { execFileSync, spawnSync } from 'node:child_process'
import { cpSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { armored } from '../../../../src/storage/sealed/age.js'
import {
  certificateCode,
  manifestCode,
  parseExportedManifest,
  parsePublicRecord,
  recordCode,
} from '../../../../src/wire/paper/json-export.js'
import { codeLine, readPaperLines } from '../../../../src/wire/paper/lines.js'
import { type Backup, backupOf, forgedPages, linesOn, printed, script } from '../../../support/backups.js'
import { atTerminal, type Custodian, custodian, hasTerminal, mpc } from '../../../support/cli.js'

const hasAge = spawnSync('age', ['--version']).status === 0
const PUBLIC = '--record record.txt --certificate certificate.txt --manifest manifest.txt'
const BARE = '--record record.txt --manifest manifest.txt'

let backup: Backup
let [h1, h2, h3, h4] = [] as unknown as [Custodian, Custodian, Custodian, Custodian]
let lines: string[]

const path = (name: string): string => join(backup.dir, name)
const put = (name: string, content: string | Uint8Array): void => writeFileSync(path(name), content)
const wrong = (line: string): string => `${line.startsWith('Q') ? 'P' : 'Q'}${line.slice(1)}`

beforeAll(async () => {
  backup = await backupOf(3, ['h1', 'h2', 'h3', 'h4'])
  ;[h1, h2, h3, h4] = backup.holders as unknown as [Custodian, Custodian, Custodian, Custodian]
  lines = await printed(backup, h1)
  put('h1.txt', lines.join('\n'))
  for (const holder of [h2, h3, h4]) put(`${holder.name}.txt`, (await printed(backup, holder)).join('\n'))
  // The public sheet as a scanner gives it; `paper.slow.ts` holds that the picture says the same.
  const { record, certificate } = parsePublicRecord(readFileSync(path('record.json')))
  put('record.txt', recordCode(record))
  put('certificate.txt', certificateCode(certificate as Uint8Array))
  put('manifest.txt', manifestCode(parseExportedManifest(readFileSync(path('out/manifest.json')))))
}, 120_000)
afterAll(() => backup.remove())

describe('a printed page', () => {
  test('says what it is, whose, and what to do with it, and needs nothing from elsewhere', async () => {
    const html = readFileSync(path('h1.html'), 'utf8')
    expect(statSync(path('h1.html')).mode & 0o777).toBe(0o600)
    for (const said of [
      'SECRET, IN CLEAR',
      'A piece of alice’s share',
      'Held by h1: piece 1 of 4. Any 3 pieces restore the share.',
      'mpc identity init --name alice',
      'mpc backup restore piece-1.txt piece-2.txt piece-3.txt --record record.txt --certificate certificate.txt --manifest manifest.txt',
      'mpc backup verify piece-1.txt --record',
      backup.publicKey,
    ]) {
      expect(html).toContain(said)
    }
    expect(html).not.toMatch(/<script|<img|<link|https?:\/\/|url\(|@import|\son[a-z]+=/i)
    expect(lines).toHaveLength(12)
    // The value stands on the first sheet alone.
    const [, second] = html.split('</article>') as [string, string]
    for (const line of lines) expect(second).not.toContain(line)
  })

  test('is not written over, and is .html or .svg', async () => {
    const again = await script(h1, 'backup print out/h1.piece -o h1.html')
    expect(again.json).toMatchObject({ code: 11, error: { code: 'E_OUTPUT_EXISTS' } })
    put('there-public.svg', 'mine')
    const beside = await script(h1, 'backup print out/h1.piece -o there.svg')
    expect(beside.json).toMatchObject({ code: 11, error: { code: 'E_OUTPUT_EXISTS' } })
    const other = await script(h1, 'backup print out/h1.piece -o h1.pdf')
    expect(other.json).toMatchObject({ code: 2, error: { code: 'E_USAGE' } })
    const svg = await script(h1, 'backup print out/h1.piece -o h1.svg')
    expect(svg.json).toMatchObject({
      code: 0,
      data: {
        files: [path('h1.svg'), path('h1-public.svg')],
        holder: 'h1',
        custodian: 'alice',
        sealed: false,
      },
    })
    expect(svg.json.data).toMatchObject({ record: 'code', certificate: 'code', manifest: 'code' })
    const page = readFileSync(path('h1.svg'), 'utf8')
    for (const line of lines) expect(page).toContain(line)
    for (const line of lines) expect(readFileSync(path('h1-public.svg'), 'utf8')).not.toContain(line)
    expect(readdirSync(backup.dir)).not.toContain('h1.pdf')
  })

  test('of somebody else’s piece is not made', async () => {
    const refused = await script(h2, 'backup print out/h1.piece -o other.html')
    expect(refused.json).toMatchObject({ code: 10, error: { code: 'E_DECRYPT' } })
    expect(readdirSync(backup.dir)).not.toContain('other.html')
  })

  test('that is sealed is opened by its holder alone, typed, as an age file, and by the stock age', async () => {
    const sealed = await script(h1, 'backup print out/h1.piece --sealed -o sealed.html')
    expect(sealed.json).toMatchObject({ code: 0, data: { sealed: true } })
    const html = readFileSync(path('sealed.html'), 'utf8')
    expect(html).toContain('SEALED. The identity of h1 opens this piece')
    expect(html).not.toContain('IN CLEAR')
    const typed = linesOn(path('sealed.html'))
    put('sealed.txt', typed.join('\n'))
    const page = armored(readPaperLines(typed.join('\n')))
    put('sealed.age', page)
    put('saved.age', `\ufeff${page.replaceAll('\n', '\r\n')}`)
    for (const file of ['sealed.txt', 'sealed.age', 'saved.age']) {
      const verified = await script(h1, `backup verify ${file} ${PUBLIC} -o ${file}.note`)
      expect(verified.json).toMatchObject({ code: 0, data: { holder: 'h1', note: path(`${file}.note`) } })
      const other = await script(h2, `backup verify ${file} ${PUBLIC}`)
      expect(other.json).toMatchObject({ code: 10, error: { code: 'E_DECRYPT' } })
    }
    if (!hasAge) return
    const age = (identity: string, file: string): Buffer => execFileSync('age', ['-d', '-i', identity, file])
    writeFileSync(path('h1.identity'), age(path('h1.key'), join(h1.home, 'identity.age')), { mode: 0o600 })
    expect(age(path('h1.identity'), path('sealed.age')).includes('mpc/paper-piece/v1')).toBe(true)
  })
})

describe('a drill on paper', () => {
  test('checked by several processes within a second leaves a note of each', async () => {
    const verify = () => script(h1, `backup verify h1.txt ${PUBLIC}`)
    const all = await Promise.all([verify(), verify(), verify()])
    expect(all.map(({ code }) => code)).toEqual([0, 0, 0])
    expect(new Set(all.map(({ json }) => json.data.note)).size).toBe(3)
  })

  test('checks the page alone, and its dated note is the holder’s', async () => {
    const { json } = await script(h1, `backup verify h1.txt ${PUBLIC} -o drill.note`)
    expect(json).toMatchObject({
      code: 0,
      data: {
        valid: true,
        holder: 'h1',
        custodian: 'alice',
        public_key: backup.publicKey,
        certified: true,
        record_given: false,
      },
    })
    const said = await h1.mpc([
      'backup',
      'verify',
      'h1.txt',
      ...PUBLIC.split(' '),
      ...h1.unlock,
      '--no-input',
    ])
    expect(said.stdout).toContain('the epoch of the record on paper')
    expect(said.stdout).not.toContain('the epoch of the given record')
    const status = await backup.alice.mpc(['backup', 'status', '--key', 'treasury', 'drill.note', '--json'])
    expect(status.json).toMatchObject({ code: 0, data: { state: 'split' } })
    const [first, ...rest] = status.json.data.holders
    expect(first).toMatchObject({ name: 'h1', said: 'verified', signed: true, agrees: true })
    expect(Math.abs(Date.parse(first.time) - Date.now())).toBeLessThan(600_000)
    expect(rest.map(({ said }: { said: unknown }) => said)).toEqual([null, null, null])
    const stranger = await h2.mpc([
      'backup',
      'verify',
      'h1.txt',
      ...PUBLIC.split(' '),
      ...h2.unlock,
      '--json',
    ])
    expect(stranger.json).toMatchObject({ code: 0, data: { holder: 'h1', note: null } })
  })

  test('under two manifests makes the custodian’s status red', async () => {
    const bob = backup.others[0] as Custodian
    const split = (out: string) =>
      script(bob, `backup split --key treasury --threshold 2 --holders h1.card,h2.card -o ${out}`)
    expect((await split('one')).code).toBe(0)
    // Nothing but a machine that does what it should not makes a second split of an epoch.
    const [kept] = readdirSync(bob.home, { recursive: true, encoding: 'utf8' }).filter((file) =>
      file.endsWith('escrow.age'),
    )
    rmSync(join(bob.home, kept as string))
    expect((await split('bobs')).code).toBe(0)
    await script(h1, 'backup verify one/h1.piece --record record.json -o one.note')
    await script(h2, 'backup verify bobs/h2.piece --record record.json -o two.note')
    const status = await bob.mpc(['backup', 'status', '--key', 'treasury', 'one.note', 'two.note', '--json'])
    expect(status.json).toMatchObject({ code: 9, error: { code: 'E_MANIFESTS_DIFFER' } })
    expect(status.json.error.message).toBe('these holders have pieces under another manifest: h1')
    expect(status.json.data.holders).toMatchObject([{ agrees: false }, { agrees: true }])
  })

  test('takes the text of the code, the JSON files, and stdin', async () => {
    const code = codeLine('piece', readPaperLines(lines.join('\n')))
    const piped = await script(
      h1,
      'backup verify - --record record.json --manifest out/manifest.json -o piped.note',
      {
        input: code,
      },
    )
    expect(piped.json).toMatchObject({ code: 0, data: { holder: 'h1' } })
    put('cut.txt', code.slice(0, -3))
    const cut = await script(h1, `backup verify cut.txt ${PUBLIC}`)
    expect(cut.json).toMatchObject({ code: 9, error: { code: 'E_PAPER_CODE' } })
    expect(cut.json.error.message).toContain('cut.txt')
  })

  test('names the line with a wrong character, and every such line', async () => {
    put('typo.txt', lines.map((line, i) => (i === 4 ? wrong(line) : line)).join('\n'))
    const one = await script(h1, `backup verify typo.txt ${PUBLIC}`)
    expect(one.json).toMatchObject({ code: 9, error: { code: 'E_PAPER_LINE' } })
    expect(one.json.error.message).toBe('typo.txt: line 5 is not as it was printed: a character is wrong')
    put('typos.txt', lines.map((line, i) => (i === 1 || i === 8 ? wrong(line) : line)).join('\n'))
    const two = await script(h1, `backup verify typos.txt ${PUBLIC}`)
    // The first line too, and nobody hears that the piece is lost.
    put('first.txt', [`%${(lines[0] as string).slice(1)}`, ...lines.slice(1)].join('\n'))
    const first = await script(h1, `backup verify first.txt ${PUBLIC}`)
    expect(first.json).toMatchObject({ code: 9, error: { code: 'E_PAPER_LINE' } })
    expect(first.json.error.message).toBe('first.txt: line 1 holds a character that no page has')
    put('utf16.txt', Buffer.from(`\ufeff${lines.join('\r\n').replaceAll(' ', '\u00a0')}`, 'utf16le'))
    expect((await script(h1, `backup verify utf16.txt ${PUBLIC}`)).json).toMatchObject({ code: 0 })
    put('big.txt', Buffer.alloc((1 << 21) + 1, 'Q'))
    const big = await script(h1, 'backup verify h1.txt --record big.txt --manifest manifest.txt')
    expect(big.json.ok).toBe(false)
    expect(big.json.error.message).toContain('big.txt')
    expect(two.json.error.message).toMatch(/^typos.txt: line 2 .*; line 9 /)
  })

  test('wants record and manifest, of this epoch and this split', async () => {
    const without = await script(h1, 'backup verify h1.txt --record record.txt')
    expect(without.json).toMatchObject({ code: 2, error: { code: 'E_PAPER_PUBLIC' } })
    expect(without.json.error.message).toContain('h1.txt: the piece of h1 (holder 1)')
    const other = await script(h1, 'backup verify h1.txt --record record.txt --manifest bobs/manifest.json')
    expect(other.json).toMatchObject({ code: 9, error: { code: 'E_PIECES_DIFFER' } })
    const whole = await script(h1, 'backup verify out/h1.piece --manifest bobs/manifest.json')
    expect(whole.json).toMatchObject({ code: 9, error: { code: 'E_PIECES_DIFFER' } })
    put('nonsense.txt', 'MPCMANIFEST1QQQQ')
    const nonsense = await script(h1, 'backup verify h1.txt --record record.txt --manifest nonsense.txt')
    expect(nonsense.json).toMatchObject({ code: 9, error: { code: 'E_PAPER_CODE' } })
  })
})

describe('a restore', () => {
  /** A new machine of alice's, with nothing on it. */
  let machines = 0
  const fresh = (): Promise<Custodian> => custodian(backup.dir, 'alice', `alice-${++machines}`)
  const everything = ({ home }: Custodian): string[] =>
    readdirSync(home, { recursive: true, encoding: 'utf8' }).sort()

  test('from pages alone, and from pages and files together', async () => {
    const paper = await fresh()
    const restored = await script(paper, `backup restore h1.txt h3.txt - ${PUBLIC}`, {
      input: readFileSync(path('h4.txt')),
    })
    expect(restored.json).toMatchObject({
      code: 0,
      data: { key: 'treasury', public_key: backup.publicKey, custodian: 'alice', refresh_needed: false },
    })
    // A whole piece brings what the pages need.
    const mixed = await fresh()
    await script(h2, `identity import alice-${machines}.card --fingerprint ${mixed.fingerprint}`)
    const open = `backup open out/h2.piece --to alice-${machines}.card --confirm alice -o h2.reopened`
    expect((await script(h2, open)).code).toBe(0)
    const both = await script(mixed, 'backup restore h1.txt h2.reopened h3.txt')
    expect(both.json).toMatchObject({ code: 0, data: { public_key: backup.publicKey } })
    expect(both.json.data.rebind).toMatch(/^\//)
    expect((await mixed.mpc(['key', 'show', 'treasury'])).code).toBe(0)
  })

  test('a page is handed on sealed, and restores', async () => {
    const alice = await fresh()
    const card = `alice-${machines}.card`
    await script(h3, `identity import ${card} --fingerprint ${alice.fingerprint}`)
    const handed = await script(h3, `backup open h3.txt --to ${card} --confirm alice -o h3.handed ${PUBLIC}`)
    expect(handed.json).toMatchObject({ code: 0, data: { to: 'alice' } })
    const restored = await script(alice, `backup restore h3.handed h1.txt h2.txt ${PUBLIC}`)
    expect(restored.json).toMatchObject({ code: 0, data: { public_key: backup.publicKey } })
  })

  test.each<[string, number, string, string, string]>([
    ['a wrong line', 9, 'E_PAPER_LINE', 'h1.txt bad.txt h3.txt', 'bad.txt: line 7 is not as it was printed'],
    ['one too few', 5, 'E_PIECES_FEW', 'h1.txt h3.txt', '3 pieces restore this share, not 2'],
    ['one twice', 9, 'E_PIECE_TWICE', 'h1.txt h3.txt h1.txt', 'the piece of h1 (holder 1) is given twice'],
    [
      'one of another share',
      9,
      'E_PIECES_DIFFER',
      'h1.txt foreign.txt h3.txt',
      'foreign.txt: the piece of h1',
    ],
    ['what is no page', 9, 'E_PIECE', 'h1.txt record.json h3.txt', 'record.json: this is not a piece'],
  ])('with %s is refused by name, and nothing is written', async (_, code, error, files, said) => {
    put(
      'bad.txt',
      linesOn(path('h2.html'))
        .map((line, i) => (i === 6 ? wrong(line) : line))
        .join('\n'),
    )
    if (files.includes('foreign') && !readdirSync(backup.dir).includes('foreign.html')) {
      await script(h1, 'backup print bobs/h1.piece -o foreign.html')
      put('foreign.txt', linesOn(path('foreign.html')).join('\n'))
    }
    const alice = await fresh()
    const before = everything(alice)
    const { json } = await script(alice, `backup restore ${files} ${PUBLIC}`)
    expect(json).toMatchObject({ code, error: { code: error } })
    expect(json.error.message).toContain(said)
    expect(everything(alice)).toEqual(before)
  })

  test.runIf(hasTerminal)('asks for the lines one by one, and again for a wrong one', async () => {
    const alice = await fresh()
    const typed = lines.flatMap((line, i): [string, string][] => [
      [`Line ${i + 1}:`, i === 2 ? `${wrong(line)}\r` : `${line.toLowerCase().replaceAll(' ', '')}\r`],
      ...(i === 2 ? [['Line 3 is not as it was printed', `${line}\r`] as [string, string]] : []),
    ])
    const words = [
      'backup',
      'restore',
      '-',
      'h2.txt',
      'h3.txt',
      ...PUBLIC.split(' '),
      '--plain',
      ...alice.unlock,
    ]
    const ran = await atTerminal(alice.home, words, typed, { cwd: backup.dir })
    expect(ran.code, ran.stdout).toBe(0)
    expect(ran.stdout).toContain('The share of alice is restored')
    expect((await alice.mpc(['key', 'show', 'treasury', '--json'])).json.data.public_key).toBe(
      backup.publicKey,
    )
    // A scanner that types does the same in one line.
    const scanning = await fresh()
    const code = codeLine('piece', readPaperLines(lines.join('\n')))
    const scanned = await atTerminal(
      scanning.home,
      [...words.slice(0, -alice.unlock.length), ...scanning.unlock],
      [['Line 1:', `${code}\r`]],
      { cwd: backup.dir },
    )
    expect(scanned.code, scanned.stdout).toBe(0)
  })
})

describe('pages of a record that nothing certifies', () => {
  const FORGED = '--record forged.json --manifest forged-manifest.json'
  const FORGED_PAGES = 'forged-1.txt forged-2.txt forged-3.txt'
  let forgedKey: string
  beforeAll(async () => {
    forgedKey = await forgedPages(backup)
  })

  test('say so, and of a key that this home knows by another public key are refused', async () => {
    const bare = await script(h1, `backup verify h1.txt ${BARE}`)
    expect(bare.json).toMatchObject({ code: 0, data: { certified: false, public_key: backup.publicKey } })
    const stranger = await script(h1, `backup verify forged-1.txt ${FORGED}`)
    expect(stranger.json).toMatchObject({ code: 0, data: { certified: false, public_key: forgedKey } })
    const proof = await script(h1, `backup verify forged-1.txt ${FORGED} --certificate certificate.txt`)
    expect(proof.json).toMatchObject({ code: 9, error: { code: 'E_CERTIFICATE' } })

    const bob = backup.others[0] as Custodian
    for (const line of [
      `backup verify forged-1.txt ${FORGED}`,
      `backup print forged-1.txt ${FORGED} -o forged.html`,
      `backup restore ${FORGED_PAGES} ${FORGED} --key other --public-key ${forgedKey}`,
    ]) {
      const { json } = await script(bob, line)
      expect(json, line).toMatchObject({ code: 9, error: { code: 'E_PUBLIC_KEY' } })
      expect(json.error.message).toContain(
        `the public key ${forgedKey}, and this home knows it, as treasury, by`,
      )
    }
    expect(readdirSync(backup.dir)).not.toContain('forged.html')
    expect(readdirSync(join(bob.home, 'keys'))).toEqual(['treasury'])
  })

  test('restore nothing unless somebody confirms the public key', async () => {
    const alice = await custodian(backup.dir, 'alice', 'alice-forged')
    for (const [given, code] of [
      ['', 'E_NOT_CERTIFIED'],
      [` --public-key ${backup.publicKey}`, 'E_PUBLIC_KEY'],
    ] as const) {
      const refused = await script(alice, `backup restore ${FORGED_PAGES} ${FORGED}${given}`)
      expect(refused.json).toMatchObject({ code: 9, error: { code } })
    }
    expect((await script(alice, 'key list')).json.data.keys).toEqual([])
    const pages = `backup restore h1.txt h2.txt h3.txt ${BARE} --public-key ${backup.publicKey}`
    const restored = await script(alice, pages)
    expect(restored.json).toMatchObject({ code: 0, data: { certified: false, public_key: backup.publicKey } })
    // Nothing is damaged; it is certified by what another custodian hands over, also for who sits there already.
    const sits = join(backup.dir, 'alice-again')
    cpSync(backup.alice.home, sits, { recursive: true })
    rmSync(join(sits, 'keys'), { recursive: true })
    const again: Custodian = {
      ...backup.alice,
      home: sits,
      mpc: (args, how) => mpc(sits, args, { cwd: backup.dir, ...how }),
    }
    expect((await script(again, pages)).json).toMatchObject({ code: 0, data: { certified: false } })
    expect((await script(again, 'key show treasury')).json).toMatchObject({
      data: { certificate: null, transcript: null },
    })
    const check = await script(again, 'share check --key treasury')
    expect(check.json.error.message).toContain('not certified here, as a share restored from paper')
    const split = 'backup split --key treasury --threshold 2 --holders h1.card,h2.card -o again'
    const refused = await script(again, split)
    expect(refused.json).toMatchObject({ code: 11, error: { code: 'E_KEY_STATE' } })
    expect(refused.json.error.hint).toContain('mpc share statements FILE --key treasury')
    await script(backup.others[0] as Custodian, 'share statements --key treasury -o handover.json')
    const taken = await script(again, 'share statements handover.json --key treasury')
    expect(taken.code, taken.stdout).toBe(0)
    for (const line of [
      'share check --key treasury',
      split,
      `backup split --key treasury --again h1 -o h1-again`,
    ]) {
      expect((await script(again, line)).json, line).toMatchObject({ code: 0 })
    }
    // With the certificate it is whole, as if it had come from whole pieces.
    const whole = await custodian(backup.dir, 'alice', 'alice-certified')
    const certified = await script(whole, `backup restore h1.txt h2.txt h3.txt ${PUBLIC}`)
    expect(certified.json).toMatchObject({ code: 0, data: { certified: true } })
    expect((await script(whole, 'share check --key treasury')).json).toMatchObject({ code: 0 })
    const exported = '--record record.json --manifest out/manifest.json'
    const other = await custodian(backup.dir, 'alice', 'alice-exported')
    expect((await script(other, `backup restore h1.txt h2.txt h3.txt ${exported}`)).json).toMatchObject({
      code: 0,
      data: { certified: true },
    })
  })

  test.runIf(hasTerminal)('show a person the words of the key, and ask', async () => {
    const restoring = (who: Custodian, answer: string) => {
      const words = [
        'backup',
        'restore',
        ...FORGED_PAGES.split(' '),
        ...FORGED.split(' '),
        '--plain',
        ...who.unlock,
      ]
      return atTerminal(who.home, words, [['Type "the same"', `${answer}\r`]], { cwd: backup.dir })
    }
    const alice = await custodian(backup.dir, 'alice', 'alice-asked')
    const said = await restoring(alice, 'no')
    expect(said.code, said.stdout).toBe(8)
    expect(said.stdout).toContain(forgedKey)
    expect((await script(alice, 'key list')).json.data.keys).toEqual([])
    const took = await restoring(alice, 'the same')
    expect(took.code, took.stdout).toBe(0)
    expect(took.stdout).toContain('NOT certified')
  })
})
