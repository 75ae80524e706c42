/** A decoder's findings, collected while it reads: rows, effects and warnings of one view. */
import type { Effect, Known, Row, View } from '../../decoder.js'
import { chunks } from '../../lines.js'
import { hex, visible } from '../../../wire/base/text.js'

/** How a warning ranks: value may be lost beyond what is shown; look twice; good to know. */
export const SEVERITIES = ['danger', 'caution', 'note'] as const
export type Severity = (typeof SEVERITIES)[number]

/** `visible` cuts after this many characters. */
const PIECE = 200

export class Report {
  readonly #rows: Row[]
  readonly #effects: Effect[]
  readonly #warnings: Record<Severity, Set<string>>

  private constructor(
    /** As effects name it. */
    readonly chain: string,
    /** The prefix of each label: nothing, or `call 2.1 `. */
    readonly prefix: string,
    readonly known: Known | null,
    parent?: Report,
  ) {
    this.#rows = parent ? parent.#rows : []
    this.#effects = parent ? parent.#effects : []
    this.#warnings = parent ? parent.#warnings : { danger: new Set(), caution: new Set(), note: new Set() }
  }

  static of(chain: string, known: Known | null = null): Report {
    return new Report(chain, '', known)
  }

  /** The same report, for rows about a call within: `call 2`, and `call 2.1` for the first call within that. */
  within(number: number): Report {
    const parent = this.prefix === '' ? 'call ' : `${this.prefix.trimEnd()}.`
    return new Report(this.chain, `${parent}${number} `, this.known, this)
  }

  /** @param value printable */
  row(label: string, value: string): void {
    this.#rows.push({ label: `${this.prefix}${label}`, value })
  }

  /** Text from the payload, in as many rows as it takes, each of them quoted. */
  text(label: string, text: string): void {
    this.#pieces(
      label,
      chunks([...text], PIECE).map((characters) => visible(characters.join(''))),
    )
  }

  /** Bytes from the payload in hex with 0x, in as many rows as it takes. */
  bytes(label: string, bytes: Uint8Array): void {
    this.#pieces(
      label,
      chunks(`0x${hex(bytes)}`.split(''), PIECE).map((digits) => digits.join('')),
    )
  }

  #pieces(label: string, pieces: readonly string[]): void {
    for (const [i, piece] of pieces.entries()) {
      this.row(pieces.length === 1 ? label : `${label}, part ${i + 1} of ${pieces.length}`, piece)
    }
  }

  effect(kind: Effect['kind'], what: Partial<Pick<Effect, 'asset' | 'amount' | 'recipient'>> = {}): void {
    this.#effects.push({ chain: this.chain, kind, asset: null, amount: null, recipient: null, ...what })
  }

  /** @param sentence printable */
  warn(severity: Severity, sentence: string): void {
    this.#warnings[severity].add(sentence)
  }

  /** @param sentence printable; its first letter becomes a capital */
  view(type: string, sentence: string): View {
    return {
      type,
      sentence: `${sentence.charAt(0).toUpperCase()}${sentence.slice(1)}`,
      rows: this.#rows,
      effects: this.#effects,
      warnings: SEVERITIES.flatMap((severity) => [...this.#warnings[severity]]),
    }
  }
}
