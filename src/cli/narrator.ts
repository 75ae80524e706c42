/** What a person sees of a ceremony while it runs: who is here, who is missing, what is going on, and the words. */
import type { Person } from '../ceremony/world.js'
import type { CeremonyEvent, Emit } from '../messaging/events.js'
import type { Patience } from '../messaging/room.js'
import type { Keys } from '../wire/card.js'
import { Failure } from '../wire/failure.js'
import type { Board } from './board.js'
import type { Terminal } from './terminal.js'

/** What the rounds are called to people. */
const ROUNDS: Readonly<Record<string, string>> = {
  commit: 'Committing',
  'commit.echo': 'Comparing commitments',
  open: 'Exchanging shares',
  nonces: 'Exchanging nonces',
  'nonces.echo': 'Comparing nonces',
  share: 'Signing',
  prepared: 'Everybody stores the result',
  receipt: 'Collecting receipts',
  done: 'Staying until everybody is done',
  reveal: 'Shaking hands',
  encapsulate: 'Shaking hands',
  confirm: 'Shaking hands',
  ready: 'Everybody compares the words',
}

export type Narrator = { readonly emit: Emit; readonly stop: () => void }

/** Follows a ceremony on the waiting screen. @param others everybody who takes part, except this member */
export function narrate(
  terminal: Terminal,
  others: readonly string[],
  patience: Patience,
  now: () => number,
): Narrator {
  let board: Board | null = null
  const screen = (): Board => (board ??= terminal.board(others))
  const joinUntil = now() + (patience.total ?? patience.join)
  const roundUntil = () => (patience.total === null ? now() + patience.round : joinUntil)
  const waiting = (what: string, until: number) => screen().waiting(what, until)
  const emit = (event: CeremonyEvent): void => {
    switch (event.event) {
      case 'hello':
      case 'letter_received':
        if (event.party) screen().mark([event.party], 'here')
        return
      case 'joined':
        return waiting('Everybody is here. Shaking hands', roundUntil())
      case 'round_started':
        screen().mark(others, 'missing')
        return waiting(ROUNDS[event.round ?? ''] ?? 'Working', roundUntil())
      case 'waiting':
        if (event.round && event.round !== 'hello') {
          waiting(ROUNDS[event.round] ?? 'Waiting for the others', roundUntil())
        }
        return screen().missing(event.missing ?? [])
      case 'receipt_sent':
        return waiting(ROUNDS['receipt'] as string, roundUntil())
      case 'certificate':
        return waiting(ROUNDS['done'] as string, roundUntil())
      case 'restarted':
        terminal.say(`${event.party ?? 'somebody'} started again: a new attempt begins by itself`)
        screen().mark(others, 'missing')
        return waiting('Waiting for the others', joinUntil)
      case 'network':
        return terminal.say('the NATS server is back')
      case 'aborted':
        if (event.party) screen().mark([event.party], 'gone')
        return
      case 'words':
      case 'letter_sent':
      case 'done':
        return
      default:
        return event.event satisfies never
    }
  }
  waiting('Waiting for the others', joinUntil)
  return { emit, stop: () => board?.stop() }
}

/** The person at this terminal, who hears the words; or nobody. */
export function ears(terminal: Terminal): Person {
  return {
    present: terminal.interactive,
    heard: async (words, unverified, signal) => {
      terminal.say('', `  The words:  ${terminal.style.bold(words.join('  '))}`, '')
      for (const keys of unverified) await hear(terminal, keys, signal)
    },
  }
}

async function hear(terminal: Terminal, { name }: Keys, signal: AbortSignal): Promise<void> {
  const question = `Did you hear ${name} read exactly these words? Type "${name}" if so, or "differ":`
  const flag = `a verified card: mpc identity import ${name}.card --fingerprint FP`
  const answer = await terminal.askTyped(question, [name, 'differ'], { flag, signal })
  if (answer === name) return
  throw new Failure(
    'authentication',
    'E_WORDS_DIFFER',
    `${name} did not read the words that are shown here`,
    {
      party: name,
      hint: 'somebody may be between you: compare the cards out of band before you try again',
    },
  )
}
