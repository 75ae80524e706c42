/** The text of `--help`: summary, examples, usage, flags. */
import type { Command, Option } from 'commander'
import type { CommandSpec } from '../runtime/command.js'

const COMMON = 'Flags of every command: `mpc --help`'

export function helpOf(command: Command, spec: CommandSpec): string {
  const operands = (spec.operands ?? []).map(({ name, text }) => [name, text] as const)
  const usage = [
    'mpc',
    spec.name,
    ...operands.map(([name]) => name),
    ...(spec.flags.length > 0 ? ['[flags]'] : []),
  ]
  return sections([
    [sentence(spec.summary)],
    spec.examples.map((example) => `  ${example}`),
    [`Usage: ${usage.join(' ')}`],
    columns([...operands, ...command.options.map(row)]),
    spec.words ? [`${spec.words.title}:`, ...columns(spec.words.rows)] : [],
    [COMMON],
  ])
}

/** The text for `mpc` alone: the purpose of the program, and the first steps in order. */
export function shortHelp(): string {
  return sections([
    ['Keys that never exist in one place, made and used in ceremonies.'],
    ['Try a ceremony on this machine:', ...columns([['mpc rehearse', '']])],
    [
      'Make a real key, each person on their own machine:',
      ...columns([
        ['mpc identity init', '1. make your identity'],
        ['mpc identity import FILE', "2. store others' cards; then: identity verify"],
        ['mpc ceremony new keygen', '3. write the ceremony file'],
        ['mpc keygen --definition FILE', '4. make the key, everybody at the same time'],
        ['mpc sign --key NAME --in FILE', '5. request a signature; the others join: --next'],
      ]),
    ],
    ['`mpc --help` lists every command, `mpc COMMAND --help` shows examples.'],
  ])
}

/** The help of the program or of a group of commands. */
export function rootHelp(command: Command, commands: readonly CommandSpec[]): string {
  const isRoot = command.parent === null
  return sections([
    isRoot ? ['Keys that never exist in one place, made and used in ceremonies.'] : [],
    isRoot ? ['  mpc identity init --name alice', '  mpc sign --key treasury --next'] : [],
    [isRoot ? 'Usage: mpc COMMAND [flags]' : `Usage: mpc ${command.name()} COMMAND [flags]`],
    columns(commands.map(({ name, summary }) => [name, summary] as const)),
    isRoot ? columns(command.options.map(row)) : [COMMON],
    ['`mpc COMMAND --help` shows examples; `mpc explain CODE` explains an error.'],
  ])
}

function row(option: Option): readonly [string, string] {
  return [option.flags, `${option.description}${option.mandatory ? ' (required)' : ''}`]
}

function columns(rows: readonly (readonly [string, string])[]): string[] {
  const width = Math.max(0, ...rows.map(([left]) => left.length))
  return rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`.trimEnd())
}

const sections = (all: readonly (readonly string[])[]): string =>
  `${all.flatMap((lines) => (lines.length > 0 ? [lines.join('\n')] : [])).join('\n\n')}\n`

const sentence = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}.`
