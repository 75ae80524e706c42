import type { Mishap } from '../../../ceremony/rehearsal/faults.js'
import { rehearse, type Rehearsed } from '../../../ceremony/rehearsal/rehearsal.js'
import { HOLDERS } from '../../../ceremony/rehearsal/drills.js'
import type { Step } from '../../../ceremony/rehearsal/participants.js'
import { SCHEMES } from '../../../protocol/group/scheme.js'
import { Failure } from '../../../wire/base/failure.js'
import { enterRehearsal } from '../../../wire/base/realm.js'
import type { LetterOf } from '../../runtime/parse.js'
import { endedBadly, endedWell } from './outcome.js'
import { companyOf } from './screens.js'
import type { Context } from '../../runtime/context.js'
import type { Result } from '../../runtime/result.js'
import { VERSION } from '../../runtime/version.js'

export type Options = {
  readonly custodians?: number
  readonly threshold?: number
  readonly scheme?: string
  readonly as?: string
  readonly drop?: LetterOf
  readonly tamper?: LetterOf
  readonly keep?: string
}

const NAMES = ['alice', 'bob', 'carol', 'dave', 'erin', 'frank', 'grace', 'heidi', 'ivan', 'judy', 'kim']
const STEPS: Readonly<Record<Step, string>> = {
  identities: 'Each custodian makes an identity, and knows the cards of the others',
  keygen: 'They shake hands, and make a key that never exists in one place',
  sign: 'As many as must sign do so together',
  verify: 'An ordinary verifier checks the signature, and another the transcript',
  transactions: 'They sign on test networks what each of their programs decodes and shows',
  reshare: 'Somebody joins: the key is dealt anew, and its public key stays',
  backup: 'A custodian splits a share among people who hold a piece each',
  restore: 'The machine of that custodian is lost; two of those people bring the share back on another',
  'sign-again': 'It signs there, and the ordinary verifier checks that too',
}
const MINUTE = 60_000
/** How long so many wait for somebody who was killed; in a real ceremony for two minutes. */
const impatient = (n: number): number => 4000 + 500 * n

/** `mpc rehearse`: the whole thing on this machine, with throw-away identities. */
export async function run(context: Context, options: Options): Promise<Result> {
  enterRehearsal()
  const cast = castOf(context, options)
  const { names, threshold, scheme, mishap, played } = cast
  const { terminal, now, clock, rng, nonces, compute, makePrimes, signal } = context
  terminal.say(...welcome(names, threshold, played, mishap), '')
  const steps: { step: Step; began: number; ms: number }[] = []
  const finish = (): void => {
    const last = steps.at(-1)
    if (last) last.ms = now() - last.began
  }
  const join = played === null ? MINUTE : context.patience.join
  const patience = { join, round: mishap ? impatient(names.length) : MINUTE, total: context.patience.total }
  const company = companyOf(context, names, [cast.newcomer, ...HOLDERS], played, patience)
  let done: Rehearsed
  try {
    done = await rehearse({
      ...cast,
      patience,
      rng,
      nonces,
      compute,
      makePrimes,
      clock,
      signal,
      keep: options.keep ?? null,
      program: `mpc/${VERSION}`,
      seatOf: company.seatOf,
      watch: company.watch,
      tell: company.tell,
      goOn: () => askOn(context, played),
      announce: (step) => {
        finish()
        steps.push({ step, began: now(), ms: 0 })
        terminal.say(terminal.style.bold(`${steps.length}. ${STEPS[step]}`))
      },
    })
  } finally {
    company.stop()
  }
  finish()
  const told = { scheme, threshold, names, played, steps, done }
  return done.made ? endedWell(told, done.made, mishap) : endedBadly(told, mishap as Mishap)
}

/** A player has seen the most important; nobody else is asked. */
async function askOn({ terminal }: Context, played: string | null): Promise<boolean> {
  if (played === null) return true
  terminal.say(
    '',
    'What may come later, in a minute: somebody joins, and a lost machine is made up for. It is shown.',
  )
  const answer = await terminal.ask('Enter goes on, "end" ends here:', { flag: '--no-input' }, (text) =>
    ['', 'end'].includes(text) ? null : 'Enter, or "end"',
  )
  return answer === ''
}

/** The participants, and the mishap to come. @throws Failure `E_REHEARSE` (usage) */
function castOf(context: Context, options: Options) {
  const n = options.custodians ?? 3
  const threshold = options.threshold ?? Math.floor(n / 2) + 1
  const scheme = SCHEMES.find((known) => known === (options.scheme ?? 'eddsa-ed25519'))
  if (n >= NAMES.length || threshold < 2 || threshold > n || !scheme) {
    throw refuse(
      'that cannot be rehearsed',
      `-n 2 to ${NAMES.length - 1}, -t 2 to n, --scheme ${SCHEMES.join(', ')}`,
    )
  }
  const names = NAMES.slice(0, n)
  const mishap = mishapOf(options)
  const named = mishap ? [mishap.who] : []
  const stranger = [...named, ...(options.as === undefined ? [] : [options.as])].find(
    (name) => !names.includes(name),
  )
  if (stranger !== undefined)
    throw refuse(`${stranger} is not there`, `the custodians are ${names.join(', ')}`)
  if (options.as !== undefined && named.includes(options.as)) {
    throw refuse(`you cannot play ${options.as} then`, 'play somebody who sees what happens')
  }
  const interactive = context.terminal.interactive
  if (options.as !== undefined && !interactive) {
    throw new Failure('usage', 'E_NO_INPUT', `nobody is here to play ${options.as}`, {
      hint: 'leave out --as, or run it at a terminal',
    })
  }
  const free = names.find((name) => !named.includes(name)) as string
  const newcomer = NAMES[n] as string
  return { names, threshold, scheme, mishap, newcomer, played: interactive ? (options.as ?? free) : null }
}

function mishapOf({ drop, tamper }: Options): Mishap | null {
  if (drop && tamper) throw refuse('one thing goes wrong at a time', 'give one of --drop and --tamper')
  if (drop?.at === null) throw refuse('when is it to happen?', `like --drop ${drop.who}@2`)
  if (drop) return { kind: 'drop', who: drop.who, at: drop.at }
  return tamper ? { kind: 'tamper', who: tamper.who, at: tamper.at ?? 'open' } : null
}

const refuse = (problem: string, hint: string): Failure =>
  new Failure('usage', 'E_REHEARSE', problem, { hint })

const without = (names: readonly string[], name: string): string =>
  names.filter((each) => each !== name).join(', ')

function welcome(
  names: readonly string[],
  threshold: number,
  played: string | null,
  mishap: Mishap | null,
): string[] {
  const wrong = mishap && { drop: 'is killed at', tamper: 'alters' }[mishap.kind]
  return [
    `REHEARSAL: ${names.join(', ')}; ${threshold} of ${names.length} must sign. Nothing of it is real.`,
    ...(mishap ? [`In the key generation ${mishap.who} ${wrong} letter ${mishap.at}.`] : []),
    ...(played === null
      ? []
      : [`You are ${played}; ${without(names, played)} answer by themselves. --no-input only shows it.`]),
  ]
}
