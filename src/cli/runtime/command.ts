/** What there is to say of a command: its place in the tree, its words for people, its flags, and where its code is. */
import type { Context } from './context.js'
import type { Result } from './result.js'

/** A command: flags in camelCase, then operands. `O` is what its declaration parses to. */
export type Run<O> = (context: Context, options: O, operands: readonly string[]) => Promise<Result>

export type Flag = {
  /** As commander has it: `-o, --out <file>`. */
  readonly flags: string
  readonly text: string
  /** Reads the value; absent for a switch. */
  readonly parse?: (text: string, before?: never) => unknown
  readonly required?: boolean
}

export type Operand = { readonly name: string; readonly text: string }

export type CommandSpec = {
  /** `identity init`. */
  readonly name: string
  readonly summary: string
  /** Whole command lines. The tests run each of them. */
  readonly examples: readonly string[]
  readonly operands?: readonly Operand[]
  readonly flags: readonly Flag[]
  /** Words that a flag takes, each with what it means, where they are too many for the flag's line. */
  readonly words?: { readonly title: string; readonly rows: readonly (readonly [string, string])[] }
  /** Loads the code only when it runs. */
  readonly load: () => Promise<Run<never>>
}
