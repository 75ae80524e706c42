/** What a person sees of a ceremony while it runs: who is here, who is missing, what is going on, and the words. */
import type { Person } from '../ceremony/world.js'
import type { CeremonyEvent, Emit } from '../messaging/events.js'
import type { Patience } from '../messaging/patience.js'
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

/** Follows a ceremony on the waiting screen. @param what is waited for before a ceremony is joined */
export function narrate(terminal: Terminal, what: string, patience: Patience, now: () => number): Narrator {
  let board: Board = terminal.board([])
  let others: readonly string[] = []
  const joinUntil = now() + (patience.total ?? patience.join)
  const roundUntil = () => (patience.total === null ? now() + patience.round : joinUntil)
  const round = (name: string, until: number) => board.waiting(ROUNDS[name] ?? 'Working', until)
  const emit = (event: CeremonyEvent): void => {
    switch (event.event) {
      case 'joined':
        others = event.others ?? []
        board = terminal.board(others)
        return board.waiting('Waiting for the others', joinUntil)
      case 'hello':
      case 'letter_received':
        if (event.party) board.mark([event.party], 'here')
        return
      case 'round_started':
        board.mark(others, event.round === 'reveal' ? 'here' : 'missing')
        return round(event.round ?? '', event.round === 'ready' ? joinUntil : roundUntil())
      case 'waiting':
        return board.missing(event.missing ?? [])
      case 'receipt_sent':
        board.mark(others, 'missing')
        return round('receipt', roundUntil())
      case 'certificate':
        board.mark(others, 'missing')
        return round('done', roundUntil())
      case 'restarted':
        terminal.say(`${event.party ?? 'somebody'} started again: a new attempt begins by itself`)
        board.mark(others, 'missing')
        return board.waiting('Waiting for the others', joinUntil)
      case 'primes':
        return board.waiting(primesLeft(event.left ?? 0), joinUntil)
      case 'network':
        return terminal.say('the NATS server is back')
      case 'aborted':
        if (event.party) board.mark([event.party], 'gone')
        return
      case 'words':
      case 'letter_sent':
      case 'done':
        return
      default:
        return event.event satisfies never
    }
  }
  board.waiting(what, joinUntil)
  return { emit, stop: () => board.stop() }
}

const primesLeft = (left: number): string =>
  left === 0
    ? 'Waiting for the others'
    : `Making large primes for the key, ${left} to go (seconds to a minute each)`

/** The person at this terminal, who hears the words; or nobody. */
export function ears(terminal: Terminal): Person {
  return {
    present: terminal.interactive,
    heard: async (words, unverified, signal) => {
      terminal.say('', `  The words:  ${terminal.style.bold(words.join('  '))}`, '')
      if (unverified.length > 0 && terminal.interactive) {
        terminal.say('Read them aloud to the others: everybody must see the same.')
      }
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
