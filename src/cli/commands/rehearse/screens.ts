/**
 * The custodians of a rehearsal as whoever watches sees them: each at a screen of their own, whose lines come with a
 * name and the time. One of them may be the person who watches: then theirs is the real screen, and the only one.
 */
import type { Writable } from 'node:stream'
import { acceptanceWords, type CeremonyFile } from '../../../ceremony/definition/build.js'
import type { MadeKey } from '../../../ceremony/dkg/plan.js'
import { Dropped } from '../../../ceremony/rehearsal/faults.js'
import { type Actor, type Deed, type Item, KEY, type Seat } from '../../../ceremony/rehearsal/participants.js'
import type { Target } from '../../../payload/registry/target.js'
import type { Person } from '../../../ceremony/world.js'
import type { Patience } from '../../../messaging/channel/timeouts.js'
import { hex } from '../../../wire/base/text.js'
import { acceptCeremony } from '../../consent/accept.js'
import { approvalWords } from '../../consent/approve.js'
import { deedLines } from './narration.js'
import { confirmAsking, consent } from '../../consent/signature.js'
import type { Context } from '../../runtime/context.js'
import { nowhere, prefixed } from './prefixed.js'
import { Voices } from './voices.js'
import { ears, type Narrator, narrate } from '../../views/narrate.js'
import { definitionLines } from '../../views/definition.js'
import { present } from '../../runtime/result.js'
import { keyText, keyWords } from '../../views/key.js'
import { Terminal } from '../../terminal/terminal.js'

export type Company = {
  readonly seatOf: (actor: Actor) => Seat
  /** When nobody plays any more: in short, what each types and what comes of it. */
  readonly watch: (actor: Actor) => Seat
  readonly tell: (who: string, deed: Deed) => void
  /** Takes what still moves off the screens. */
  readonly stop: () => void
}

/**
 * @param later who comes after the first signature
 * @param played whose part the person plays; null: nobody's
 */
export function companyOf(
  context: Context,
  names: readonly string[],
  later: readonly string[],
  played: string | null,
  patience: Patience,
): Company {
  const began = context.now()
  const voices = new Voices(names.filter((name) => name !== played))
  const stops: (() => void)[] = []
  let isShown = played !== null
  /** Everybody looks at the same file, which is shown once. */
  const show = async (file: CeremonyFile): Promise<void> => {
    if (isShown) return
    isShown = true
    context.terminal.say(...(await definitionLines(file, context.now())), '')
  }
  const watching = (name: string): Terminal =>
    terminalOn(context, prefixed(context, name, [...names, ...later], began, stops))
  const seatOf = (actor: Actor): Seat => {
    const { name } = actor.card
    if (name === played) return playedSeat(context, actor, voices, patience, stops)
    const terminal = played === null ? watching(name) : terminalOn(context, nowhere())
    const seat = watchedSeat(context, terminal, actor, voices, following(context, terminal, patience, stops))
    const accept = async (file: CeremonyFile): Promise<void> => {
      await show(file)
      return seat.accept(file)
    }
    return { ...seat, accept }
  }
  const watch = (actor: Actor): Seat => {
    const seat = watchedSeat(context, watching(actor.card.name), actor, voices, NO_PROGRESS)
    return { ...seat, person: { ...seat.person, heard: () => Promise.resolve() } }
  }
  const tell = (who: string, deed: Deed): void =>
    watching(who).say(...deedLines(deed, context.terminal.style))
  return { seatOf, watch, tell, stop: () => stops.forEach((stop) => stop()) }
}

const terminalOn = ({ terminal, now, signal }: Context, stream: Writable): Terminal =>
  new Terminal(false, terminal.style, { stream, moving: false, now, settle: 0, size: () => null }, signal)

/** Somebody who answers by themselves: their screen shows the questions, and what a person would type. */
function watchedSeat(
  context: Context,
  terminal: Terminal,
  { card }: Actor,
  voices: Voices,
  follow: Following,
): Seat {
  const { style } = terminal
  const types = (words: string): string => `${style.dim('types')} ${words}`
  return {
    emit: (event) => follow.emit(event),
    person: {
      present: false,
      heard: (words, unverified, signal) => {
        voices.say(card.name, words)
        return ears(terminal).heard(words, unverified, signal)
      },
      allow: () => Promise.resolve(),
    },
    accept: (file) => {
      terminal.say(style.dim(`$ mpc keygen --definition ${KEY}.mpc`))
      terminal.say(`Do you accept this ceremony?  ${types(acceptanceWords(file.id))}`)
      follow.begin('Joining')
      return Promise.resolve()
    },
    made: ({ record }) => {
      follow.end()
      const words = keyWords(record)
      terminal.say('The key is made. Now each of you reads its 16 words aloud: all must be the same.')
      terminal.say(`  ${words.slice(0, 8).join(' ')}`, `  ${words.slice(8).join(' ')}`)
    },
    asks: (_key, item, signers) => {
      terminal.say(style.dim(asksBy(item, signers)))
      terminal.say('You ask for this signature, and sign it yourself:', ...shownLines(item.target))
      terminal.say(`Sign it?  ${types(approvalWords(item.payload))}`)
      follow.begin('Waiting for the other signers')
      return Promise.resolve()
    },
    approval: ({ seated }) => {
      terminal.say(style.dim(`$ mpc sign --key ${KEY} --next`))
      follow.begin('Waiting for a request')
      return {
        ask: (request, { target }) => {
          const asker = seated.members.find(({ card }) => hex(card.fingerprint) === hex(request.asker))?.card
            .name
          terminal.say(`${asker ?? 'somebody'} asks for this signature:`, ...shownLines(target))
          terminal.say(`Sign it?  ${types(approvalWords(request.payload))}`)
          return Promise.resolve()
        },
      }
    },
    signed: (signatures) => {
      follow.end()
      terminal.say(...signatures.map((signature) => `${hex(signature).slice(0, 32)}…`))
    },
    ended: (error) => {
      follow.end()
      terminal.say(...endLines(context, error))
    },
  }
}

/** The person who watches, at the real screen, asked what a real ceremony asks. */
function playedSeat(
  context: Context,
  { home, card }: Actor,
  voices: Voices,
  patience: Patience,
  stops: (() => void)[],
): Seat {
  const { terminal, signal } = context
  const follow = following(context, terminal, patience, stops)
  const person: Person = {
    present: true,
    heard: async (words, unverified, giveUp) => {
      if (unverified.length > 0) {
        const said = await voices.all(giveUp)
        for (const [name, theirs] of said) terminal.say(`  ${name} reads:  ${theirs.join('  ')}`)
      }
      await ears(terminal).heard(words, unverified, giveUp)
    },
    allow: () => Promise.resolve(),
  }
  const asker = { terminal, signal, now: context.now }
  return {
    emit: (event) => follow.emit(event),
    person,
    accept: async (file) => {
      terminal.say(terminal.style.dim(`$ mpc keygen --definition ${KEY}.mpc`))
      const here = { home: () => Promise.resolve(home), card: () => Promise.resolve(card) }
      await acceptCeremony({ terminal, now: context.now, ...here }, file, null)
      follow.begin('Joining')
    },
    made: ({ name, record }: MadeKey) => {
      follow.end()
      terminal.say('The key is made. Now each of you reads its 16 words aloud: all must be the same.', '')
      terminal.say(...keyText(name, record), '')
    },
    asks: async (key, item, signers) => {
      terminal.say(terminal.style.dim(asksBy(item, signers)))
      const { payload, target } = item
      const about = { payload, decoded: target.decoded, path: null, reason: '', signers, verdict: null }
      await confirmAsking(asker, key, card.name, about)
      follow.begin('Waiting for the other signers')
    },
    approval: (key) => {
      terminal.say(terminal.style.dim(`$ mpc sign --key ${KEY} --next`))
      follow.begin('Waiting for a request')
      return { ask: (request, seen, giveUp) => consent(asker, { request, ...seen }, key, giveUp) }
    },
    signed: (signatures) => {
      follow.end()
      terminal.say(...signatures.map(hex), '')
    },
    ended: (error) => {
      follow.end()
      terminal.say(...endLines(context, error))
    },
  }
}

const asksBy = ({ type, file }: Item, signers: readonly string[]): string =>
  `$ mpc sign --key ${KEY} --type ${type} --in ${file} --signers ${signers.join(',')}`

/** A payload in short: what it does, and the warnings. */
const shownLines = ({ decoded: { view } }: Target): string[] => [
  `  ${view.sentence}`,
  ...view.warnings.map((warning) => `  WARNING: ${warning}`),
]

/** The network inside this process is never away. */
const INSIDE = { onDisconnect: () => () => undefined, onReconnect: () => () => undefined }

type Following = Pick<Narrator, 'emit'> & {
  readonly begin: (what: string) => void
  readonly end: () => void
}

const NO_PROGRESS: Following = { begin: () => undefined, emit: () => undefined, end: () => undefined }

/** The narrator of one command after another on one screen. */
function following(
  context: Context,
  terminal: Terminal,
  patience: Patience,
  stops: (() => void)[],
): Following {
  let current: ReturnType<typeof narrate> | null = null
  const end = (): void => {
    current?.stop()
    current = null
  }
  stops.push(end)
  return {
    begin: (what: string): void => {
      end()
      current = narrate(terminal, what, { patience, now: context.now, network: INSIDE })
    },
    emit: (event: Parameters<ReturnType<typeof narrate>['emit']>[0]): void => current?.emit(event),
    end,
  }
}

function endLines({ terminal }: Context, error: unknown): string[] {
  if (error instanceof Dropped) return [terminal.style.bad('(killed)')]
  const { stderr } = present({ command: 'keygen', error }, false, terminal.style)
  return stderr.trimEnd().split('\n')
}
