/** The progress of a running ceremony for a person: who is here, who is missing, the round, and the words. */
import type { Person } from '../../ceremony/world.js'
import type { CeremonyEvent, Emit } from '../../messaging/channel/events.js'
import { joinUntil, type Patience, roundUntil } from '../../messaging/channel/timeouts.js'
import type { Transport } from '../../messaging/transport/transport.js'
import type { Keys } from '../../wire/identity/card.js'
import type { Quarantine } from '../../storage/home/quarantine.js'
import { Failure } from '../../wire/base/failure.js'
import { visible } from '../../wire/base/text.js'
import { type Board, LEAVE } from '../terminal/progress.js'
import { humanTime } from './time.js'
import { saidNo, type Terminal } from '../terminal/terminal.js'

const MAKING = 'Making the key'
/** Rounds as people see them. */
const ROUNDS: Readonly<Record<string, string>> = {
  commit: 'Making the key, step 1 of 3',
  'commit.echo': 'Making the key, step 2 of 3',
  open: 'Making the key, step 3 of 3',
  prove: 'Proving that each member knows its share',
  'aux-commit': 'Preparing the key for ECDSA, step 1 of 4',
  'aux-commit.echo': 'Preparing the key for ECDSA, step 2 of 4',
  'aux-open': 'Preparing the key for ECDSA, step 3 of 4',
  'aux-prove': 'Preparing the key for ECDSA, step 4 of 4',
  'presign-1': 'Signing, step 1 of 7',
  'presign-1.echo': 'Signing, step 2 of 7',
  'presign-2': 'Signing, step 3 of 7',
  'presign-2.echo': 'Signing, step 4 of 7',
  'presign-3': 'Signing, step 5 of 7',
  'presign-3.echo': 'Signing, step 6 of 7',
  sign: 'Signing, step 7 of 7',
  nonces: 'Signing, step 1 of 3',
  'nonces.echo': 'Signing, step 2 of 3',
  share: 'Signing, step 3 of 3',
  prepared: 'Waiting until everybody has stored their share',
  receipt: 'Collecting all receipts',
  done: 'Done; staying until everybody has the result',
  telling: 'Aborted here; telling the other members',
  majority: 'Everybody is here; waiting for the consent of old custodians who get no new share',
  watching: 'You have consented; waiting until the others have finished',
  reveal: 'Everybody is here; setting up private channels',
  ready: 'Waiting until everybody has seen the words',
}
/** A round's name. @param doing what its ceremony does, if it neither makes a key nor signs */
const nameOf = (round: string, doing: string): string => {
  const name = ROUNDS[round] ?? 'Working'
  return doing === MAKING ? name : name.replace(/^(Making the key|Signing)/, doing)
}
/** Rounds that wait for people. */
const PEOPLE = ['ready', 'majority', 'watching', 'telling']
/** The effect of Ctrl-C in rounds that it no longer undoes. */
const LEAVES: Readonly<Record<string, string>> = {
  share: 'your signature share is sent: Ctrl-C leaves it in doubt',
  sign: 'your signature share is sent: Ctrl-C leaves it in doubt',
  receipt: 'you have voted: Ctrl-C leaves it in doubt',
  telling: 'Ctrl-C stops telling them',
  watching: 'your consent is recorded: Ctrl-C is safe',
  done: 'your result is stored: Ctrl-C is safe',
}

export type Surroundings = {
  readonly patience: Patience
  readonly now: () => number
  readonly network: Pick<Transport, 'onDisconnect' | 'onReconnect'>
}

export type Narrator = { readonly emit: Emit; readonly stop: () => void }

/**
 * Shows a ceremony on the waiting screen.
 * @param what the text before the ceremony is joined
 * @param doing the name of the rounds, if they do not make a key
 */
export function narrate(
  terminal: Terminal,
  what: string,
  { patience, now, network }: Surroundings,
  doing = MAKING,
): Narrator {
  let board: Board = terminal.board([])
  let others: readonly string[] = []
  let round = ''
  /** Senders by round; a letter may come before this member begins the round. */
  let received = new Map<string, Set<string>>()
  /** Silent members, and when they were last heard. */
  const quiet = new Map<string, number>()
  /** How many primes each member still has to make. */
  const making = new Map<string, number>()
  /** The time to wait for others starts when this member is ready. */
  let comeUntil = joinUntil(patience, now())
  const letterUntil = () => roundUntil(patience, now())
  const enter = (name: string, until: number): void => {
    round = name
    const there = received.get(name) ?? new Set()
    board.mark(others, name === 'reveal' ? 'here' : 'missing')
    board.mark([...there], 'here')
    // A finished member may leave.
    board.quiet(name === 'done' ? new Map() : quiet)
    board.waiting(nameOf(name, doing), until, LEAVES[name] ?? LEAVE)
  }
  const emit = (event: CeremonyEvent): void => {
    const party = event.party ?? 'somebody'
    // A letter in another session is a sign of life too.
    if (['hello', 'letter_received', 'heard'].includes(event.event)) quiet.delete(party)
    switch (event.event) {
      case 'joined':
        others = event.others ?? []
        round = ''
        received = new Map()
        comeUntil = joinUntil(patience, now())
        board = terminal.board(others)
        board.quiet(quiet)
        return board.waiting('Waiting for the others', comeUntil)
      case 'hello':
        return ['', 'watching', 'telling'].includes(round) ? board.mark([party], 'here') : undefined
      case 'letter_received': {
        const of = event.round ?? ''
        received.set(of, (received.get(of) ?? new Set()).add(party))
        return of === round ? board.mark([party], 'here') : undefined
      }
      case 'round_started':
        if (event.missing) board = terminal.board(event.missing)
        return enter(event.round ?? '', PEOPLE.includes(event.round ?? '') ? comeUntil : letterUntil())
      case 'letter_sent':
        // A stored result has no round of its own; its announcement marks the step.
        return event.round === 'prepared' ? enter('prepared', letterUntil()) : undefined
      case 'waiting':
        return event.missing ? board.missing(event.missing) : undefined
      case 'quiet':
        quiet.set(party, event.since ?? 0)
        return board.show()
      case 'heard':
        return board.show()
      case 'receipt_sent':
        return enter('receipt', letterUntil())
      case 'certificate':
        return enter('done', letterUntil())
      case 'restarted':
        // A restart before everybody has come concerns nobody.
        if (round === '') return
        return terminal.say(`${party} restarted, so everybody restarts automatically. Do nothing.`)
      case 'primes':
        // Primes take an unknown time, so no deadline is shown.
        return board.waiting(primesLeft(event.left ?? 0), event.left === 0 ? comeUntil : null)
      case 'silent':
        return terminal.say(`${party} asked for this and no longer answers. They may have left.`)
      case 'withdrawn':
        return terminal.say(`${party} has withdrawn the request.`)
      case 'skipped':
        // A request for other signers concerns nobody here.
        if (event.code === 'E_NOT_SIGNER') return
        return terminal.say(
          `Skipping a request of ${party}: ${event.reason}.${event.sentence ? ` The request: ${event.sentence}` : ''}`,
        )
      case 'declined':
        return terminal.say(`${party} ${event.reason}.`)
      case 'needs':
        return terminal.say(
          `The policy still wants ${event.reason}.`,
          `Those who approve it run: mpc approve ${event.request ?? 'REQUEST'} --key KEY`,
        )
      case 'making': {
        const left = event.left ?? 0
        if (making.get(party) === left) return
        making.set(party, left)
        return terminal.say(`${party} is making large primes for the key, ${left} to go.`)
      }
      case 'aborted':
        return board.mark([party], 'gone')
      case 'network':
      case 'words':
      case 'done':
        return
      default:
        return event.event satisfies never
    }
  }
  const stop = [
    network.onDisconnect(() =>
      terminal.say('The connection to the server is lost. mpc reconnects by itself; nothing else is lost.'),
    ),
    network.onReconnect(() => terminal.say('The server is back.')),
  ]
  board.waiting(what, comeUntil)
  return {
    emit,
    stop: () => {
      for (const end of stop) end()
      board.stop()
    },
  }
}

const primesLeft = (left: number): string =>
  left === 0
    ? 'Waiting for the others'
    : `Making large primes for the key, ${left} to go (seconds to a minute each)`

/** The person at this terminal, who hears the words; absent without a terminal. */
export function ears(terminal: Terminal): Person {
  return {
    present: terminal.interactive,
    heard: async (words, unverified, signal) => {
      const lines = ['', ...introduction(terminal.interactive, unverified.length), '', { words }]
      if (unverified.length === 0) return terminal.say(...lines)
      await terminal.read(lines, signal)
      for (const keys of unverified) await hear(terminal, keys, signal)
    },
    allow: (held, worn, signal) => allow(terminal, held, worn, signal),
  }
}

/** Asks before a ceremony with a member in quarantine. */
async function allow(
  terminal: Terminal,
  { name, faults }: Quarantine,
  worn: boolean,
  signal: AbortSignal,
): Promise<void> {
  const lines = faults
    .slice(-3)
    .map(({ at, kind, reason }) => `  ${humanTime(at, terminal.screen.now())}, ${kind}: ${visible(reason)}`)
  await terminal.read(
    [
      '',
      `This home saw ${name} break the protocol:`,
      ...lines,
      'The cause may be a modified program or a broken machine. Ask what happened before you go on.',
      ...(worn ? ['It happened more than once with these shares. Refresh the key instead.'] : []),
    ],
    signal,
  )
  const question = `Go on with ${name} anyway? Type "${name}", or "no":`
  const answer = await terminal.askTyped(question, 'no', [name], {
    flag: `--allow-quarantined ${name}`,
    signal,
  })
  if (answer === null) throw saidNo()
}

/** The line above the words. Others may need to hear them even if this member does not. */
function introduction(interactive: boolean, unverified: number): string[] {
  if (!interactive) return ['The six words of this session:']
  if (unverified > 0) return ['Everybody now reads these six words aloud, each from their own screen:']
  return ['The six words of this session, if anybody asks you for them:']
}

async function hear(terminal: Terminal, { name }: Keys, signal: AbortSignal): Promise<void> {
  const question = `Did ${name} read exactly these words? Type "${name}" or "differ":`
  const flag = `a verified card: mpc identity import ${name}.card --fingerprint FP`
  const answer = await terminal.askTyped(question, 'differ', [name], { flag, signal })
  if (answer !== null) return
  throw new Failure('authentication', 'E_WORDS_DIFFER', `${name} read other words than the ones shown here`, {
    party: name,
    hint: 'somebody may be intercepting the connection: verify the cards by voice or in person before you try again',
  })
}
