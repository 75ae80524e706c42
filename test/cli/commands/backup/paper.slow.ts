/**
 * Pages as paper has them: drawn by a real browser, printed on A4 and US Letter, photographed; their codes read from the
 * picture by another program than the one that drew them; a share restored from what it read, which then signs.
 * Skipped where there is no chromium; with MPC_REQUIRE_BROWSER=1 that is a failure.
 */
import { createHash, createPublicKey, verify } from 'node:crypto'
import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { htmlOf } from '../../../../src/cli/paper/html.js'
import { pieceSheet, publicSheet } from '../../../../src/cli/paper/page.js'
import { svgOf } from '../../../../src/cli/paper/svg.js'
import { armored, generateAgeIdentity, recipientOf, sealTo } from '../../../../src/storage/sealed/age.js'
import { encodePaperPiece } from '../../../../src/wire/paper/piece-page.js'
import { parsePiece } from '../../../../src/wire/escrow/piece.js'
import { codeLine, paperLines, readPaperLines } from '../../../../src/wire/paper/lines.js'
import { type Backup, backupOf, linesOn, script } from '../../../support/backups.js'
import { codesIn, missing, pagesOf, photograph, print, textOf } from '../../../support/browser.js'
import { start } from '../../../support/ceremonies.js'
import { type Custodian, custodian } from '../../../support/cli.js'
import { brokers } from '../../../support/nats.js'
import { AGE, backup as madeBackup } from '../../../wire/escrow-support.js'

let backup: Backup
let [h1, h2, h3] = [] as unknown as [Custodian, Custodian, Custodian]
const path = (name: string): string => join(backup.dir, name)
const kind = (text: string): string => text.split('1')[0] as string

/** The page on paper of a size, in black and white. */
function onPaper(
  html: string,
  size: 'A4' | 'letter',
): { readonly pdf: string; readonly pages: readonly string[] } {
  const sized = path(`${size}-${html}`)
  writeFileSync(
    sized,
    readFileSync(path(html), 'utf8').replace('</head>', `<style>@page { size: ${size} }</style></head>`),
  )
  print(sized, `${sized}.pdf`)
  return { pdf: `${sized}.pdf`, pages: pagesOf(`${sized}.pdf`) }
}

const skipped =
  missing === null ? '' : `, skipped for want of ${missing} (MPC_REQUIRE_BROWSER=1 makes that fail)`

describe.skipIf(missing !== null)(`pages${skipped}`, () => {
  beforeAll(async () => {
    backup = await backupOf(3, ['h1', 'h2', 'h3', 'h4', 'h5'])
    ;[h1, h2, h3] = backup.holders as unknown as [Custodian, Custodian, Custodian]
    for (const holder of [h1, h2, h3]) {
      for (const [file, flags] of [
        ['html', ''],
        ['svg', ''],
        ['sealed.html', ' --sealed'],
      ]) {
        const line = `backup print out/${holder.name}.piece -o ${holder.name}.${file}${flags}`
        expect((await script(holder, line)).code).toBe(0)
      }
    }
  }, 300_000)
  afterAll(() => backup?.remove())

  test.each(['A4', 'letter'] as const)(
    'fit on two sheets of %s, and are read from it in black and white',
    (size) => {
      for (const html of ['h1.html', 'h1.sealed.html']) {
        const { pdf, pages } = onPaper(html, size)
        expect(pages).toHaveLength(2)
        const text = textOf(pdf, 1)
        const lines = linesOn(path(html))
        expect(lines.length).toBeGreaterThan(10)
        for (const line of lines) expect(text).toContain(line)
        expect(text).toMatch(/If the program no longer exists[\s\S]*Checked on[\s\S]*Printed by mpc/)
        const [first, second] = pages.map(codesIn) as [string[], string[]]
        const bytes = readPaperLines(lines.join('\n'))
        expect(first.map((each) => each.trim())).toEqual([
          html === 'h1.html' ? codeLine('piece', bytes) : armored(bytes).trim(),
        ])
        expect(second.map(kind).sort()).toEqual(['MPCCERTIFICATE', 'MPCMANIFEST', 'MPCRECORD'])
      }
    },
  )

  test('restore a share from their pictures alone, and it signs', async () => {
    // One from paper, one from a screen, one from an SVG.
    const { pages } = onPaper('h1.html', 'A4')
    photograph(path('h2.html'), path('h2.png'), [900, 2600])
    photograph(path('h3.svg'), path('h3.png'), [900, 1200])
    const scanned = [codesIn(pages[0] as string), codesIn(path('h2.png')), codesIn(path('h3.png'))]
    const public_ = codesIn(pages[1] as string)
    for (const [i, all] of scanned.entries()) {
      const piece = all.filter((text) => kind(text) === 'MPCPIECE')
      expect(piece).toHaveLength(1)
      writeFileSync(path(`scan-${i + 1}.txt`), piece[0] as string)
    }
    for (const name of ['record', 'certificate', 'manifest']) {
      const text = public_.find((each) => kind(each) === `MPC${name.toUpperCase()}`) as string
      writeFileSync(path(`${name}.txt`), text)
    }
    await rm(backup.alice.home, { recursive: true })
    const fresh = await custodian(backup.dir, 'alice', 'alice-new')
    const given = '--record record.txt --certificate certificate.txt --manifest manifest.txt'
    const restored = await script(fresh, `backup restore scan-1.txt scan-2.txt scan-3.txt ${given}`)
    expect(restored.json).toMatchObject({
      code: 0,
      data: { public_key: backup.publicKey, custodian: 'alice' },
    })

    const bob = backup.others[0] as Custodian
    await script(fresh, `identity import bob.card --fingerprint ${bob.fingerprint}`)
    const rebind = `identity import alice-new.card --rebind ${restored.json.data.rebind} --fingerprint ${fresh.fingerprint}`
    expect((await script(bob, rebind)).code).toBe(0)
    const message = Buffer.from('from paper')
    writeFileSync(path('message'), message)
    const approve = ['--approve', `sha256:${createHash('sha256').update(message).digest('hex')}`]
    const server = await brokers.relay()
    const [asked] = await Promise.all([
      start(bob, server.url, [
        'sign',
        '--key',
        'treasury',
        '--in',
        'message',
        '--signers',
        'alice,bob',
        ...approve,
      ]).ended,
      start(fresh, server.url, ['sign', '--key', 'treasury', '--next', ...approve]).ended,
    ])
    await server.down()
    expect(asked.code, asked.stdout).toBe(0)
    const jwk = { kty: 'OKP', crv: 'Ed25519', x: Buffer.from(backup.publicKey, 'hex').toString('base64url') }
    const key = createPublicKey({ key: jwk, format: 'jwk' })
    expect(verify(null, message, key, Buffer.from(asked.json.data.signature, 'hex'))).toBe(true)
  })

  test('that are sealed are opened from their picture by the stock age', () => {
    photograph(path('h1.sealed.html'), path('sealed.png'), [900, 2600])
    const sealed = codesIn(path('sealed.png')).find((text) => text.startsWith('-----BEGIN AGE')) as string
    writeFileSync(path('sealed.age'), sealed)
    const age = (identity: string, file: string): Buffer => execFileSync('age', ['-d', '-i', identity, file])
    writeFileSync(path('h1.identity'), age(path('h1.key'), join(h1.home, 'identity.age')), { mode: 0o600 })
    const opened = age(path('h1.identity'), path('sealed.age'))
    expect(codeLine('piece', opened)).toBe(
      codeLine('piece', readPaperLines(linesOn(path('h1.html')).join('\n'))),
    )
  })

  test('with the longest names, and many holders, fit too', async () => {
    const long = (name: string): string => name.padEnd(32, '-long-name')
    const holders = Array.from({ length: 16 }, (_, i) => ({
      index: i + 1,
      name: long(`holder-${i + 1}`),
      to: i === 0 ? { kind: 'age' as const, recipient: AGE } : { kind: 'passphrase' as const },
    }))
    const quantum = await recipientOf(await generateAgeIdentity({ postQuantum: true }))
    for (const recipient of [null, AGE, quantum]) {
      const sealed = recipient !== null
      const made = madeBackup('schnorr-taproot', {
        fields: { key: long('treasury'), holders: holders.slice(0, 5) },
      })
      const piece = parsePiece(made.pieceOf(1))
      // Sixteen for the page, though five were split among: what is drawn is the same.
      const drawn = { ...piece, manifest: { ...piece.manifest, holders } }
      const plain = encodePaperPiece(drawn)
      const bytes = sealed ? await sealTo([recipient], plain) : plain
      const text = sealed ? armored(bytes) : codeLine('piece', bytes)
      const second = await publicSheet(drawn, 1_900_000_000_000)
      const first = await pieceSheet(drawn, { text, bytes, sealed, beside: second, now: 1_900_000_000_000 })
      writeFileSync(path('long.html'), htmlOf('long', [first, second.sheet]))
      writeFileSync(path('long.svg'), svgOf(first))
      for (const size of ['A4', 'letter'] as const) {
        const { pdf, pages } = onPaper('long.html', size)
        expect(pages, `${size}, ${sealed ? 'sealed' : 'in clear'}`).toHaveLength(2)
        expect(textOf(pdf, 1)).toMatch(/Printed by mpc/)
        // A piece sealed for ever is too long to be typed.
        const lines = recipient === quantum ? ['Too long to type'] : paperLines(bytes)
        for (const line of lines) expect(textOf(pdf, 1)).toContain(line)
        expect(codesIn(pages[0] as string).map((each) => each.trim())).toEqual([text.trim()])
      }
      print(path('long.svg'), path('long-svg.pdf'))
      expect(pagesOf(path('long-svg.pdf'))).toHaveLength(1)
    }
  })
})
