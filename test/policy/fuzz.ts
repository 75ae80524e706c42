/** Files that are nearly policies: each is a policy, or every mistake in it has a place. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import { parsePolicy, PolicyMistakes } from '../../src/policy/parse.js'
import { seededRng } from '../support/rng.js'

const FOLDER = join(import.meta.dirname, '..', '..', 'ceremonies', 'policies')
const EXAMPLES = readdirSync(FOLDER)
  .filter((name) => name.endsWith('.yaml'))
  .sort()
  .map((name) => readFileSync(join(FOLDER, name), 'utf8'))

/** Words that YAML or the language takes for something. */
const WORDS = [
  '{',
  '}',
  '[',
  ']',
  ':',
  ': ',
  '- ',
  '? ',
  '|',
  '>',
  '&a ',
  '*a',
  '!!str ',
  '!<x> ',
  '<<: ',
  '#',
  '---\n',
  '...\n',
  '%YAML 1.1\n',
  '"',
  "'",
  '\\',
  '\t',
  '\r',
  '\n',
  '\n  ',
  '\0',
  '\u2028',
  '\ufeff',
  '\ud83d\ude00',
  '0x',
  '1e999',
  '-0',
  '.inf',
  '.nan',
  'null',
  '~',
  'true',
  'deny: true',
  'unattended: true',
  'when: {}',
  'when: { effect: [none] }',
  'limit: { per-24h: "1" }',
  'delay: 2h',
  'amount: { unlimited: true }',
  'approvals: []',
  '__proto__: {}',
  'constructor: 1',
  'toString',
  'evm:1',
  'native',
  '9'.repeat(40),
]

/** Milliseconds of the processor for one file; what hangs takes far longer. */
const MOST_MS = 5000

/**
 * Parses `count` files, mutated from the examples.
 * @returns how many of them were policies
 */
export async function fuzzPolicies(
  seed: string,
  count: number,
): Promise<{ accepted: number; mistakes: number }> {
  const rng = seededRng(seed, 1)
  const below = (n: number): number => new DataView(rng(4).buffer).getUint32(0) % n
  const chosen = <T>(items: readonly T[]): T => items[below(items.length)] as T
  const lineOf = (text: string): string => chosen(text.split('\n'))

  const mutations: readonly ((text: string) => string)[] = [
    (text) => cut(text, below(text.length), below(20)),
    (text) => put(text, below(text.length), chosen(WORDS)),
    (text) => put(text, below(text.length), String.fromCharCode(below(0x300))),
    (text) => put(text, below(text.length), `\n${lineOf(chosen(EXAMPLES))}\n`),
    (text) => text.slice(0, below(text.length)),
    (text) => text.replace(lineOf(text), lineOf(text)),
    (text) => text.replace(lineOf(text), ''),
    (text) =>
      text.replaceAll(
        chosen(['usdc', 'exchange', 'custodians', 'rules', 'when', 'name', '  ']),
        chosen(WORDS),
      ),
    (text) => text.replace(/\d+/, chosen(['0', '-1', '1.5', '9'.repeat(30), '1e3', '0x10'])),
    (text) => `${text}\n${text}`,
    (text) => put(text, below(text.length), chosen(['[', '{', '- ', '"']).repeat(chosen([1, 3, 9, 4000]))),
  ]

  let [accepted, mistakes] = [0, 0]
  for (let n = 0; n < count; n++) {
    let text = chosen(EXAMPLES)
    for (let changes = below(4); changes >= 0; changes--) text = chosen(mutations)(text)
    const bytes = Uint8Array.from(Buffer.from(text))
    if (below(8) === 0) bytes[below(bytes.length)] = below(256)
    const before = process.cpuUsage()
    const found = await placesIn(bytes, `${seed} ${n}`)
    const { user, system } = process.cpuUsage(before)
    expect((user + system) / 1000, `${seed} ${n} ends`).toBeLessThan(MOST_MS)
    if (found === 0) accepted += 1
    mistakes += found
  }
  return { accepted, mistakes }
}

/** The number of mistakes in a file, each of which has a place and a sentence; 0 for a policy. */
async function placesIn(bytes: Uint8Array, which: string): Promise<number> {
  const error: unknown = await parsePolicy(bytes, 'p').then(
    () => null,
    (cause: unknown) => cause,
  )
  if (error === null) return 0
  if (!(error instanceof PolicyMistakes)) throw new Error(which, { cause: error })
  const lines = Buffer.from(bytes)
    .toString('utf8')
    .split(/\r\n|\r|\n/).length
  for (const { line, column, problem } of error.mistakes) {
    const isPlaced = line >= 1 && line <= lines + 1 && column >= 1 && problem.length > 3
    if (!isPlaced || /[\0-\x1f\x7f]/.test(problem)) throw new Error(`${which}: ${line}:${column} ${problem}`)
  }
  return error.mistakes.length
}

const cut = (text: string, at: number, count: number): string => text.slice(0, at) + text.slice(at + count)
const put = (text: string, at: number, what: string): string => text.slice(0, at) + what + text.slice(at)
