/** The import table of `src/README.md`, held against every import line; and what may not be said in which room. */
import { readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { describe, expect, test } from 'vitest'

const root = join(import.meta.dirname, '..')
const src = join(root, 'src')

const files = readdirSync(src, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts'))
  .map((file) => ({ file, text: readFileSync(join(src, file), 'utf8') }))

const roomOf = (file: string): string => {
  if (file.startsWith('cli/commands/')) return 'cli/commands'
  return file.split('/')[0] as string
}

/** What each room may import: rooms, and packages. */
const TABLE: Readonly<Record<string, { rooms: readonly string[]; packages: readonly RegExp[] }>> = {
  protocol: { rooms: [], packages: [/^@noble\//, /^cborg$/] },
  wire: {
    rooms: ['protocol'],
    packages: [/^node:crypto$/, /^@noble\//, /^@scure\/base$/, /^nkeys\.js\/lib\//],
  },
  payload: { rooms: ['protocol', 'wire'], packages: [/^@noble\//, /^@scure\/base$/] },
  policy: { rooms: ['protocol', 'wire', 'payload'], packages: [] },
  audit: { rooms: ['protocol', 'wire'], packages: [] },
  storage: {
    rooms: ['protocol', 'wire'],
    packages: [
      /^node:(?:crypto|fs|fs\/promises|os|path|util)$/,
      /^@noble\//,
      /^@scure\/base$/,
      /^age-encryption$/,
    ],
  },
  messaging: {
    rooms: ['protocol', 'wire'],
    packages: [/^node:(?:net|tls)$/, /^@noble\//, /^@scure\/base$/, /^nats$/],
  },
  ceremony: {
    rooms: ['protocol', 'wire', 'payload', 'policy', 'audit', 'storage', 'messaging'],
    packages: [/^yaml$/],
  },
  cli: {
    rooms: [
      'protocol',
      'wire',
      'payload',
      'policy',
      'audit',
      'storage',
      'messaging',
      'ceremony',
      'cli/commands',
    ],
    packages: [/^node:/, /^commander$/, /^chalk$/, /^qr$/],
  },
  'cli/commands': {
    rooms: ['protocol', 'wire', 'payload', 'audit', 'storage', 'messaging', 'ceremony', 'cli'],
    packages: [/^node:path$/],
  },
}

/** The one file of `protocol/` that may use `node:crypto`: as a calculator. */
const CALCULATOR = 'protocol/cggmp24/modexp.ts'

const code = (text: string): string => text.replaceAll(/\/\*[\s\S]*?\*\/|\/\/[^\n]*/g, '')

const importsOf = (text: string): string[] =>
  [...code(text).matchAll(/\bfrom\s+'([^']+)'|^\s*import\s+'([^']+)'|\bimport\(\s*'([^']+)'/gm)].map(
    (found) => (found[1] ?? found[2] ?? found[3]) as string,
  )

describe('rooms', () => {
  test.each(files)('$file imports only what its room may', ({ file, text }) => {
    const room = roomOf(file)
    const allowed = TABLE[room]
    expect(allowed, `no such room: ${room}`).toBeDefined()
    for (const specifier of importsOf(text)) {
      if (specifier.startsWith('.')) {
        const target = roomOf(relative(src, join(src, file, '..', specifier)))
        expect([room, ...(allowed?.rooms ?? [])], `${file} imports ${specifier}`).toContain(target)
      } else if (!(file === CALCULATOR && specifier === 'node:crypto')) {
        expect(
          allowed?.packages.some((pattern) => pattern.test(specifier)),
          `${file} imports ${specifier}`,
        ).toBe(true)
      }
    }
  })

  test('the checker sees imports of every form', () => {
    const text = `
import 'a'
import b from 'b'
import { type C } from './c.js'
import {
  d,
} from 'd'
export { e } from 'e'
const f = await import('f')
type G = import('g').G
`
    expect(importsOf(text).sort()).toEqual(['./c.js', 'a', 'b', 'd', 'e', 'f', 'g'])
  })

  test.each(files.filter(({ file }) => roomOf(file) === 'protocol'))('$file is pure', ({ text }) => {
    expect(code(text)).not.toMatch(
      /\bDate\b|Math\.random|\bprocess\b|\bglobalThis\b|setTimeout|setInterval|randomBytes|getRandomValues|\basync\b|\bawait\b/,
    )
  })

  test.each(files.filter(({ file }) => !file.startsWith('cli/')))(
    '$file neither exits nor prints',
    ({ text }) => {
      expect(code(text)).not.toMatch(/process\.exit|process\.std|console\./)
    },
  )

  test('only storage, and the edges of the command line, open files', () => {
    const openers = files.filter(({ text }) =>
      importsOf(text).some((specifier) => specifier.startsWith('node:fs')),
    )
    const outside = openers.map(({ file }) => file).filter((file) => !file.startsWith('storage/'))
    const edges = ['echo', 'events', 'inputs', 'output', 'secrets'].map((name) => `cli/${name}.ts`)
    expect(outside.sort()).toEqual(edges)
  })

  test('only messaging/nats.ts imports the NATS client', () => {
    const importers = files.filter(({ text }) => importsOf(text).includes('nats')).map(({ file }) => file)
    expect(importers).toEqual(['messaging/nats.ts'])
  })

  test('no file exports a default, none is longer than 440 lines', () => {
    for (const { file, text } of files) {
      expect(text, file).not.toMatch(/\bexport default\b/)
      expect(text.split('\n').length, file).toBeLessThan(440)
    }
  })

  test('the top level is what was agreed', () => {
    const agreed = [
      'LICENSE',
      'README.md',
      'bin',
      'ceremonies',
      'package-lock.json',
      'package.json',
      'src',
      'test',
      'tsconfig.json',
    ]
    const made = new Set(['node_modules', 'dist', 'coverage', 'try', 'stage'])
    const there = readdirSync(root).filter((name) => !name.startsWith('.') && !made.has(name))
    expect(there.sort()).toEqual(agreed)
  })
})
