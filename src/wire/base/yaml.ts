/**
 * YAML for plans and settings: the plain core schema. No aliases, tags, merge keys, duplicate keys or unknown
 * fields, at most 64 KiB. Problems are reported with line and column, as many at once as possible.
 */
import type * as YamlModule from 'yaml'
import type { LineCounter, Node, Pair, YAMLMap } from 'yaml'
import type { Failure } from './failure.js'
import { isPrintable, visible } from './text.js'

const LIMIT = 1 << 16
const LONGEST_NAME = 64
const LONGEST_PROBLEM = 500

type Yaml = typeof YamlModule
/** `at` counts characters from the start of the file. */
type Problem = { readonly at: number; readonly problem: string }
type Complain = (node: Node | null, problem: string) => void

/**
 * Reads a document that is a mapping.
 * @param read takes its fields; a field that it does not ask for is unknown
 * @param refuse makes one failure of all problems, each `line:column problem`
 */
export async function readYaml<T>(
  bytes: Uint8Array,
  read: (fields: Fields) => T,
  refuse: (problems: readonly string[]) => Failure,
): Promise<T> {
  if (bytes.length > LIMIT) throw refuse([`1:1 it is longer than ${LIMIT} bytes`])
  const yaml = await import('yaml')
  try {
    return readDocument(yaml, textOf(bytes, refuse), read, refuse)
  } catch (error) {
    // The library and the checks go down into what is nested; a file full of brackets goes deeper than the stack.
    if (error instanceof RangeError) throw refuse(['1:1 it is nested too deeply'])
    throw error
  }
}

function readDocument<T>(
  yaml: Yaml,
  text: string,
  read: (fields: Fields) => T,
  refuse: (problems: readonly string[]) => Failure,
): T {
  const lines = new yaml.LineCounter()
  const problems: Problem[] = []
  const complain: Complain = (node, problem) => {
    problems.push({ at: node?.range?.[0] ?? 0, problem: shown(problem) })
  }
  const refuseIfAny = (): void => {
    if (problems.length === 0) return
    const inOrder = problems.toSorted((a, b) => a.at - b.at)
    throw refuse(inOrder.map(({ at, problem }) => `${place(lines, at)} ${problem}`))
  }
  const document = yaml.parseDocument(text, {
    schema: 'core',
    version: '1.2',
    merge: false,
    uniqueKeys: true,
    strict: true,
    prettyErrors: false,
    lineCounter: lines,
  })
  for (const { pos, message } of [...document.errors, ...document.warnings]) {
    // The library's message quotes the file: keep only its first line.
    problems.push({ at: pos[0], problem: shown(message.split('\n')[0] ?? '') })
  }
  refuseIfAny()
  refuseClever(yaml, document.contents, complain)
  if (!yaml.isMap(document.contents)) {
    refuseIfAny()
    throw refuse(['1:1 it is not a list of fields'])
  }
  const fields = new Fields(yaml, document.contents, complain)
  const value = read(fields)
  fields.refuseUnknown()
  refuseIfAny()
  return value
}

/** The fields of a mapping, each asked for by name and kind; a missing field is null. */
export class Fields {
  readonly #asked = new Map<string, readonly Fields[]>()

  constructor(
    readonly yaml: Yaml,
    readonly map: YAMLMap,
    readonly complain: Complain,
  ) {}

  text(name: string): string | null {
    const value = this.#scalar(name, 'text', (found) => typeof found === 'string')
    return value as string | null
  }

  integer(name: string): number | null {
    return this.#scalar(name, 'a whole number', Number.isSafeInteger) as number | null
  }

  flag(name: string): boolean | null {
    const value = this.#scalar(name, 'true or false', (found) => typeof found === 'boolean')
    return value as boolean | null
  }

  /** A list of texts. */
  list(name: string): readonly string[] | null {
    const node = this.#node(name)
    if (node === null) return null
    const items = this.yaml.isSeq(node) ? node.items : null
    const texts = items?.map((item) => (this.yaml.isScalar(item) ? item.value : null))
    if (texts?.every((text) => typeof text === 'string')) return texts
    this.complain(node, `${name} is not a list of texts`)
    return null
  }

  /** A nested mapping. */
  fields(name: string): Fields | null {
    const node = this.#node(name)
    if (node === null) return null
    if (!this.yaml.isMap(node)) {
      this.complain(node, `${name} is not a list of fields`)
      return null
    }
    const inner = new Fields(this.yaml, node, this.complain)
    this.#asked.set(name, [inner])
    return inner
  }

  /** A list of mappings. */
  items(name: string): readonly Fields[] | null {
    const node = this.#node(name)
    if (node === null) return null
    const inner = (this.yaml.isSeq(node) ? node.items : [null]).map((item) =>
      this.yaml.isMap(item) ? new Fields(this.yaml, item, this.complain) : null,
    )
    if (inner.every((each) => each !== null)) {
      this.#asked.set(name, inner)
      return inner
    }
    this.complain(node, `${name} is not a list of lists of fields`)
    return null
  }

  /** Names of the fields, where they are free. */
  names(): readonly string[] {
    return (this.map.items as Pair<Node>[])
      .map(({ key }) => (this.yaml.isScalar(key) ? key.value : null))
      .filter((name) => typeof name === 'string')
  }

  has(name: string): boolean {
    return this.map.has(name)
  }

  /** Complains about fields and items without a value, here and within. Elsewhere such a field counts as missing. */
  refuseEmpty(): void {
    this.yaml.visit(this.map, {
      Scalar: (_, node) => {
        if (node.value === null) this.complain(node, 'a field or an item is empty')
      },
    })
  }

  /** Complains about a field, or about the whole mapping if the field is missing. */
  reject(name: string, problem: string): void {
    const node = (this.map.get(name, true) as Node | undefined) ?? this.map
    this.complain(node, `${name.length <= LONGEST_NAME ? name : visible(name)} ${problem}`)
  }

  /** Complains about every field that was not asked for. */
  refuseUnknown(): void {
    for (const { key } of this.map.items as Pair<Node>[]) {
      const name = this.yaml.isScalar(key) ? key.value : null
      if (typeof name === 'string' && this.#asked.has(name)) continue
      const known = [...this.#asked.keys()].join(', ')
      this.complain(key, `unknown field ${visible(String(name))}; known here: ${known}`)
    }
    for (const inner of [...this.#asked.values()].flat()) inner.refuseUnknown()
  }

  #node(name: string): Node | null {
    this.#asked.set(name, [])
    const node = this.map.get(name, true) as Node | undefined
    return !node || (this.yaml.isScalar(node) && node.value === null) ? null : node
  }

  #scalar(name: string, kind: string, is: (value: unknown) => boolean): unknown {
    const node = this.#node(name)
    if (node === null) return null
    if (this.yaml.isScalar(node) && is(node.value)) return node.value
    this.complain(node, `${name} is not ${kind}`)
    return null
  }
}

/** Complains about YAML features that make a text mean something other than it seems. */
function refuseClever(yaml: Yaml, contents: Node | null, complain: Complain): void {
  if (contents === null) return
  yaml.visit(contents, {
    Alias: (_, node) => complain(node, 'an alias (*): write it out'),
    Node: (_, node) => {
      if (node.tag !== undefined) complain(node, 'a tag (!): write the plain value')
      if ('anchor' in node && node.anchor !== undefined) complain(node, 'an anchor (&): write it out')
    },
    Pair: (_, pair) => {
      if (yaml.isScalar(pair.key) && pair.key.value === '<<')
        complain(pair.key, 'a merge key (<<): write it out')
    },
  })
}

/** Names in a file are its author's: what would not be seen is escaped, and what is very long is cut. */
const shown = (problem: string): string =>
  isPrintable(problem) && problem.length <= LONGEST_PROBLEM ? problem : visible(problem).slice(1, -1)

const place = (lines: LineCounter, offset: number): string => {
  const { line, col } = lines.linePos(offset)
  return `${Math.max(line, 1)}:${Math.max(col, 1)}`
}

function textOf(bytes: Uint8Array, refuse: (problems: readonly string[]) => Failure): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw refuse(['1:1 it is not text in UTF-8'])
  }
}
