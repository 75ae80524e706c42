/** The import table of `src/README.md`, held against every import line; and what may not be said in which room. */
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
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

/** Imports allowed to each room: rooms, packages. */
const TABLE: Readonly<Record<string, { rooms: readonly string[]; packages: readonly RegExp[] }>> = {
  protocol: { rooms: [], packages: [/^@noble\//, /^cborg$/] },
  wire: {
    rooms: ['protocol'],
    packages: [/^node:crypto$/, /^@noble\//, /^@scure\/base$/, /^nkeys\.js\/lib\//, /^yaml$/],
  },
  payload: {
    rooms: ['protocol', 'wire'],
    packages: [/^@noble\//, /^@scure\/(?:base|btc-signer)/, /^micro-eth-signer/, /^@solana\//],
  },
  policy: { rooms: ['protocol', 'wire', 'payload'], packages: [] },
  audit: { rooms: ['protocol', 'wire', 'payload'], packages: [] },
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
    packages: [],
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
    packages: [/^node:/, /^commander$/, /^chalk$/, /^@inquirer\/prompts$/, /^ora$/, /^qr$/],
  },
  'cli/commands': {
    rooms: ['protocol', 'wire', 'payload', 'audit', 'storage', 'messaging', 'ceremony', 'cli'],
    packages: [/^node:(?:path|stream|util)$/],
  },
}

/** The one file of `protocol/` that may use `node:crypto`: as a calculator. */
const CALCULATOR = 'protocol/cggmp24/integers/modexp.ts'

/** Files of the command line that open what a flag names, or the terminal itself. */
const EDGES = [
  'cli/runtime/event-stream.ts',
  'cli/runtime/passphrase.ts',
  'cli/runtime/read-input.ts',
  'cli/terminal/echo.ts',
  'cli/terminal/output.ts',
]

const MOST_FILES = 14
const MOST_LINES = 300

const code = (text: string): string => text.replaceAll(/\/\*[\s\S]*?\*\/|\/\/[^\n]*/g, '')

const importsOf = (text: string): string[] =>
  [...code(text).matchAll(/\bfrom\s+'([^']+)'|^\s*import\s+'([^']+)'|\bimport\(\s*'([^']+)'/gm)].map(
    (found) => (found[1] ?? found[2] ?? found[3]) as string,
  )

const isOurs = (specifier: string): boolean => specifier.startsWith('.')
const targetOf = (file: string, specifier: string): string =>
  relative(src, join(src, file, '..', specifier)).replace(/\.js$/, '.ts')

type Graph = ReadonlyMap<string, ReadonlySet<string>>

/** The imports, those of types too, by file or by folder. */
function graphOf(place: (file: string) => string): Graph {
  const graph = new Map<string, Set<string>>()
  for (const { file, text } of files) {
    const targets = graph.get(place(file)) ?? new Set()
    graph.set(place(file), targets)
    for (const specifier of importsOf(text).filter(isOurs)) {
      const target = place(targetOf(file, specifier))
      if (target !== place(file)) targets.add(target)
    }
  }
  return graph
}

/** The nodes that lie on a circle: what is left when nodes without an arrow in or without one out are taken away. */
function onCircles(graph: Graph): string[] {
  const left = new Set(graph.keys())
  for (let before = -1; before !== left.size; ) {
    before = left.size
    for (const node of left) {
      const leads = [...(graph.get(node) ?? [])].some((to) => left.has(to))
      const isLed = [...left].some((from) => graph.get(from)?.has(node))
      if (!leads || !isLed) left.delete(node)
    }
  }
  return [...left].sort()
}

/** Every file that breaks a rule, with what breaks it. */
const offenders = (breaks: (each: { file: string; text: string }) => readonly string[]): string[] =>
  files.flatMap((each) => breaks(each).map((what) => `${each.file}: ${what}`))

const matching = (pattern: RegExp, { text }: { text: string }): string[] => code(text).match(pattern) ?? []

describe('tests', () => {
  const tests = readdirSync(import.meta.dirname, { recursive: true, encoding: 'utf8' }).filter((file) =>
    /\.[a-z]+\.ts$/.test(file),
  )

  test('the end of a name says how a file runs', () => {
    const kinds = /\.(?:test|sim|smoke|long|process|broker|slow)\.ts$/
    const helpers = /\.(?:party|cases|config)\.ts$/
    expect(tests.filter((file) => !kinds.test(file) && !helpers.test(file))).toEqual([])
  })

  test('their folders are those of the source', () => {
    const folders = new Set([
      ...files.map(({ file }) => dirname(file)),
      ...files.map(({ file }) => roomOf(file)),
      '.',
    ])
    expect(tests.filter((file) => !folders.has(dirname(file)))).toEqual([])
  })
})

describe('rooms', () => {
  test('each imports only what its line of the table names', () => {
    const outside = offenders(({ file, text }) => {
      const room = roomOf(file)
      const allowed = TABLE[room]
      if (!allowed) return ['no such room']
      return importsOf(text).filter((specifier) => {
        if (isOurs(specifier)) return ![room, ...allowed.rooms].includes(roomOf(targetOf(file, specifier)))
        if (file === CALCULATOR && specifier === 'node:crypto') return false
        return !allowed.packages.some((pattern) => pattern.test(specifier))
      })
    })
    expect(outside).toEqual([])
  })

  test('no file imports itself by way of others, types too', () => {
    expect(onCircles(graphOf((file) => file))).toEqual([])
  })

  test('no folder imports itself by way of others', () => {
    expect(onCircles(graphOf(dirname))).toEqual([])
  })

  test('the search for circles finds one, and what only leads to it or from it is none', () => {
    const graph = new Map(
      Object.entries({ a: ['b'], b: ['c'], c: ['d'], d: ['b', 'e'], e: [] }).map(
        ([from, to]) => [from, new Set(to)] as const,
      ),
    )
    expect(onCircles(graph)).toEqual(['b', 'c', 'd'])
  })

  test(`no folder has more than ${MOST_FILES} files`, () => {
    const counts = new Map<string, number>()
    for (const { file } of files) counts.set(dirname(file), (counts.get(dirname(file)) ?? 0) + 1)
    expect([...counts].filter(([, count]) => count > MOST_FILES)).toEqual([])
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

  test('protocol/ is pure', () => {
    const impure =
      /\bDate\b|Math\.random|\bprocess\b|\bglobalThis\b|setTimeout|setInterval|randomBytes|getRandomValues|\basync\b|\bawait\b/g
    expect(offenders((each) => (roomOf(each.file) === 'protocol' ? matching(impure, each) : []))).toEqual([])
  })

  test('only the edges of messaging and the command line wait by timers; all others by the clock that is handed in', () => {
    const waits = /\bsetTimeout\b|\bsetInterval\b|AbortSignal\.timeout/g
    const edges = ['messaging/transport/', 'messaging/relay/', 'cli/']
    const isEdge = (file: string) => edges.some((edge) => file.startsWith(edge))
    expect(offenders((each) => (isEdge(each.file) ? [] : matching(waits, each)))).toEqual([])
  })

  test('only cli/ exits or prints', () => {
    const speaks = /process\.exit|process\.std|console\./g
    expect(offenders((each) => (each.file.startsWith('cli/') ? [] : matching(speaks, each)))).toEqual([])
  })

  test('only storage, and the edges of the command line, open files', () => {
    const openers = files.filter(({ text }) =>
      importsOf(text).some((specifier) => specifier.startsWith('node:fs')),
    )
    const outside = openers.map(({ file }) => file).filter((file) => !file.startsWith('storage/'))
    expect(outside.sort()).toEqual(EDGES)
  })

  test('only the vault seals and opens age files', () => {
    const seals = /\b(?:sealTo|openWith|sealWithPassphrase|openWithPassphrase)\b/g
    const outside = offenders((each) => (each.file.startsWith('storage/') ? [] : matching(seals, each)))
    expect(outside).toEqual([])
  })

  test('one file imports the NATS client', () => {
    const importers = files.filter(({ text }) => importsOf(text).includes('nats')).map(({ file }) => file)
    expect(importers).toEqual(['messaging/transport/nats.ts'])
  })

  test(`no file exports a default, none is longer than ${MOST_LINES} lines`, () => {
    expect(offenders((each) => matching(/\bexport default\b/g, each))).toEqual([])
    const long = files.filter(({ text }) => text.split('\n').length > MOST_LINES).map(({ file }) => file)
    expect(long).toEqual([])
  })

  test('the top level is what was agreed', () => {
    const agreed = [
      'CHANGELOG.md',
      'CONTRIBUTING.md',
      'LICENSE',
      'README.md',
      'SECURITY.md',
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
