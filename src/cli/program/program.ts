/** The command tree for commander, made from the declarations in `commands/`. */
import { Command, type CommanderError, Option } from 'commander'
import { Failure } from '../../wire/base/failure.js'
import { declareGlobals } from '../runtime/globals.js'
import { helpOf, rootHelp, shortHelp } from './help.js'
import { approvalCommands } from '../commands/approval/declare.js'
import { backupCommands } from '../commands/backup/declare.js'
import { ceremonyCommands } from '../commands/ceremony/declare.js'
import { configCommands } from '../commands/config/declare.js'
import { policyCommands } from '../commands/policy/declare.js'
import { identityCommands } from '../commands/identity/declare.js'
import { requestCommands } from '../commands/request/declare.js'
import { serverCommands } from '../commands/server/declare.js'
import { shareCommands } from '../commands/share/declare.js'
import { signingCommands } from '../commands/key/declare.js'
import type { CommandSpec } from '../runtime/command.js'
import { helpCommands } from '../commands/help/declare.js'
import { rehearseCommands } from '../commands/rehearse/declare.js'
import { VERSION } from '../runtime/version.js'

export const COMMANDS: readonly CommandSpec[] = [
  ...identityCommands,
  ...ceremonyCommands,
  ...signingCommands,
  ...approvalCommands,
  ...requestCommands,
  ...policyCommands,
  ...rehearseCommands,
  ...shareCommands,
  ...backupCommands,
  ...serverCommands,
  ...configCommands,
  ...helpCommands,
]

/** Runs a parsed command. */
export type Execute = (
  spec: Pick<CommandSpec, 'name' | 'opens' | 'load'>,
  options: never,
  operands: readonly string[],
) => Promise<void>

/** Help was requested, or the command is missing. */
export class HelpShown extends Error {
  override readonly name = 'HelpShown'
  constructor(
    readonly text: string,
    /** False if the command is missing. */
    readonly wanted: boolean,
    readonly command: string,
  ) {
    super('help')
  }
}

/** A command line that cannot be parsed. */
class ParseError extends Error {
  override readonly name = 'ParseError'
  constructor(
    readonly command: string,
    readonly problem: string,
  ) {
    super(problem)
  }
}

export function buildProgram(execute: Execute): Command {
  const program = new Command('mpc').version(VERSION, '-V, --version', 'print the version')
  declareGlobals(program)
  catchExits(program, '')
  program.configureHelp({ formatHelp: () => rootHelp(program, COMMANDS) })
  for (const spec of COMMANDS) declare(parentOf(program, spec), spec, execute)
  return program
}

/** The command and the failure behind an error of `parseAsync`. */
export function parseFailure(error: unknown): { command: string; failure: unknown } {
  const usage = (problem: string, hint: string): Failure => new Failure('usage', 'E_USAGE', problem, { hint })
  if (error instanceof HelpShown) {
    return { command: error.command, failure: usage('a command is missing', '`mpc --help` lists them') }
  }
  if (!(error instanceof ParseError)) return { command: '', failure: error }
  const { command, problem } = error
  const [what, guess] = problem.replace(/^error: /, '').split('\n')
  const help = `see \`mpc ${command}${command && ' '}--help\``
  const gone = OF_POLICIES.find((flag) => what?.includes(`'${flag}'`))
  if (gone !== undefined) return { command, failure: usage(`${gone} is not a flag`, BY_TITLES) }
  return { command, failure: usage(what as string, guess ? `${guess.slice(1, -1)} Else ${help}` : help) }
}

/** The people whom the policy of a key names by their titles. */
const OF_POLICIES = ['--operators', '--approvers']
const BY_TITLES =
  'the policy of the key says by titles who may ask and who approves: `mpc ceremony new keygen --policy FILE`'

function declare(parent: Command, spec: CommandSpec, execute: Execute): void {
  const command = parent.command(spec.name.split(' ').at(-1) as string).summary(spec.summary)
  catchExits(command, spec.name)
  command.configureHelp({ formatHelp: () => helpOf(command, spec) })
  for (const { name, text } of spec.operands ?? []) command.argument(name, text)
  for (const { flags, text, parse, required } of spec.flags) {
    const option = new Option(flags, text).makeOptionMandatory(required ?? false)
    command.addOption(parse ? option.argParser(parse as (text: string, before: unknown) => unknown) : option)
  }
  command.action(async () => {
    const operands = command.processedArgs.flat().filter((operand) => operand !== undefined)
    await execute(spec, command.opts<never>(), operands)
  })
}

function parentOf(program: Command, spec: CommandSpec): Command {
  const group = spec.name.includes(' ') ? (spec.name.split(' ')[0] as string) : null
  if (group === null) return program
  const there = program.commands.find((command) => command.name() === group)
  if (there) return there
  const made = program.command(group)
  catchExits(made, group)
  const members = COMMANDS.filter(({ name }) => name.startsWith(`${group} `))
  made.configureHelp({ formatHelp: () => rootHelp(made, members) })
  return made
}

/** Keeps commander from printing and exiting. */
function catchExits(command: Command, name: string): void {
  const help: string[] = []
  command.configureOutput({
    writeOut: (text) => help.push(text),
    writeErr: (text) => help.push(text),
    outputError: () => undefined,
  })
  command.exitOverride((error: CommanderError) => {
    if (error.code === 'commander.version') throw new HelpShown(`${VERSION}\n`, true, name)
    if (error.code.startsWith('commander.help')) {
      const wanted = error.exitCode === 0
      throw new HelpShown(!wanted && name === '' ? shortHelp() : help.join(''), wanted, name)
    }
    throw new ParseError(name, error.message)
  })
}
