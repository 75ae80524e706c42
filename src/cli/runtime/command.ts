/** The declaration of a command: its name, help, flags and code. */
import type { Context } from './context.js'
import type { Result } from './result.js'

/** A command. Flags are in camelCase; `O` is their parsed type. */
export type Run<O> = (context: Context, options: O, operands: readonly string[]) => Promise<Result>

export type Flag = {
  /** In commander's form: `-o, --out <file>`. */
  readonly flags: string
  readonly text: string
  /** Parses the value; absent for a switch. */
  readonly parse?: (text: string, before?: never) => unknown
  readonly required?: boolean
}

export type Operand = { readonly name: string; readonly text: string }

export type CommandSpec = {
  /** `identity init`. */
  readonly name: string
  readonly summary: string
  /** Whole command lines. Tests run each of them. */
  readonly examples: readonly string[]
  readonly operands?: readonly Operand[]
  readonly flags: readonly Flag[]
  /** The values of a flag with their meanings, if they are too many for its line. */
  readonly words?: { readonly title: string; readonly rows: readonly (readonly [string, string])[] }
  /** Whether it opens the identity in any case, so that its passphrase may be stretched while the code is loaded. */
  readonly opens?: true
  /** Loads the code on demand. */
  readonly load: () => Promise<Run<never>>
}
