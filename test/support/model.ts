/**
 * People's use of a key over the years, as plain numbers: fast-check draws lives of them, makes one that
 * fails smaller, and says by which seed it comes again. Each number is taken modulo what there is, so that
 * every life can be lived.
 */
import fc from 'fast-check'
import { planRetire, retire } from '../../src/ceremony/epochs/retire.js'
import { handoverOf, takeHandover } from '../../src/ceremony/epochs/attestations.js'
import { storedCeremony } from '../../src/ceremony/definition/ceremony-store.js'
import type { World } from '../../src/ceremony/world.js'
import { MemoryNetwork } from '../../src/messaging/transport/memory.js'
import { lastVote } from '../../src/storage/home/votes.js'
import { isReshare, playersOf, watchersNeeded, watchersOf } from '../../src/wire/ceremony/key-definition.js'
import { equalBytes } from '../../src/protocol/core/codec.js'
import { fromHex, hex } from '../../src/wire/base/text.js'
import { type KillAt, raze } from './processes.js'
import { moved, restored } from './rebound.js'
import { defined } from './reshares.js'
import { copyOf } from './shares.js'
import { type Deal, type Inhabitant, NOW, Town } from './town.js'
import type { Custodian } from './worlds.js'

const small = fc.nat({ max: 4 })
const mask = fc.nat({ max: 31 })
const killAt: fc.Arbitrary<KillAt> = fc.oneof(
  fc.record({ operation: fc.integer({ min: 1, max: 260 }) }),
  fc.record({
    letter: fc.integer({ min: 1, max: 120 }),
    when: fc.constantFrom('before' as const, 'after' as const),
  }),
)
const kill = fc.option(fc.record({ victim: small, at: killAt, back: fc.boolean() }), { freq: 2 })

const deal = fc.record({
  does: fc.constant('deal' as const),
  author: small,
  /** The holders of shares; few: all of those who can. */
  members: mask,
  threshold: fc.constantFrom(2, 3),
  /** By how many places the dealers are turned. */
  dealers: small,
  refresh: fc.boolean(),
  /** Of those who need not be there, who is not. */
  away: mask,
  /** A ceremony left open earlier is run again, in place of another that replaces it. */
  again: fc.boolean(),
  kill,
})
const one = <const D extends string>(does: D) => fc.record({ does: fc.constant(does), who: small })
const step = fc.oneof(
  { weight: 8, arbitrary: deal },
  { weight: 1, arbitrary: one('keep') },
  {
    weight: 2,
    arbitrary: fc.record({ does: fc.constant('restore' as const), who: small, old: fc.boolean() }),
  },
  { weight: 2, arbitrary: one('move') },
  { weight: 1, arbitrary: fc.record({ does: fc.constant('tell' as const), who: small, to: small }) },
  { weight: 2, arbitrary: fc.record({ does: fc.constant('retire' as const), who: small, kill }) },
)
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never
type Dealing = Extract<Step, { does: 'deal' }>

const life = (most: number) =>
  fc.record({
    people: fc.integer({ min: 3, max: 5 }),
    holders: fc.integer({ min: 3, max: 5 }),
    threshold: fc.constantFrom(2, 3),
    steps: fc.array(step, { minLength: 1, maxLength: most }),
  })

type Life = ReturnType<typeof life> extends fc.Arbitrary<infer L> ? L : never

const dealt: Dealing = {
  does: 'deal',
  author: 0,
  members: 0,
  threshold: 2,
  dealers: 0,
  refresh: false,
  away: 1,
  again: false,
  kill: null,
}
/** Lives that have gone wrong once. */
export const REMEMBERED: readonly [Life][] = [
  // Alice misses one resharing, and is dealt in by the next.
  [
    {
      people: 4,
      holders: 3,
      threshold: 2,
      steps: [
        { ...dealt, author: 1, members: 0b1110, dealers: 1 },
        { ...dealt, members: 0b0011 },
      ],
    },
  ],
  // Alice restores her share from pieces that are older than the last refresh, and is dealt in.
  [
    {
      people: 3,
      holders: 3,
      threshold: 2,
      steps: [
        { does: 'keep', who: 0 },
        { ...dealt, refresh: true },
        { does: 'restore', who: 0, old: true },
        { ...dealt, members: 0b111 },
      ],
    },
  ],
]

/** The key can be used after every step, whatever is done and wherever processes are killed. */
export const usable = (mostSteps: number, tally: Map<string, number>) =>
  fc.asyncProperty(life(mostSteps), async ({ people, holders, threshold, steps }) => {
    const town = await Town.of(people, Math.min(people, holders), threshold)
    try {
      for (const each of steps) {
        town.note('—', each.does)
        await takes(town, each)
        await town.expectUsable()
      }
    } catch (error) {
      throw new Error(`${String(error)}\n  after ${town.log.join('\n        ')}`, { cause: error })
    } finally {
      for (const line of town.log) {
        const outcome = line.replace(/^[^:]*: /, '').replace(/ at .*/, '')
        tally.set(outcome, (tally.get(outcome) ?? 0) + 1)
      }
      town.remove()
    }
  })

const pick = <T>(all: readonly T[], at: number): T => all[at % all.length] as T
const turned = <T>(all: readonly T[], by: number): T[] => {
  const at = by % all.length
  return [...all.slice(at), ...all.slice(0, at)]
}

async function takes(town: Town, step: Step): Promise<void> {
  if (step.does === 'deal') return dealsAnew(town, step)
  const person = pick(town.people, step.who)
  const { home, card } = person.now
  switch (step.does) {
    case 'keep':
      if (person.older) raze([person.older])
      person.older = await copyOf(person.now)
      return
    case 'restore':
      return restores(town, person, step.old)
    case 'move':
      await town.tries(`${card.name} moves`, async () => {
        const before = person.now
        const there = await moved(before)
        person.moved.push(before)
        await town.welcome(person, there)
      })
      return
    case 'tell': {
      const to = pick(town.people, step.to).now
      await town.tries(`${card.name} tells ${to.card.name}`, async () =>
        takeHandover(to, 'treasury', await handoverOf(home, 'treasury')),
      )
      return
    }
    case 'retire': {
      const act = async (world: World) => {
        const owner = { home, card, identity: world.identity }
        return retire(owner, await planRetire(home, card, 'treasury', null), NOW)
      }
      await town.lives(new MemoryNetwork(), person.now, act, step.kill && { ...step.kill, back: true })
      return
    }
    default:
      step satisfies never
  }
}

/** Somebody loses the machine, and has the share of its pieces again, if as many as must sign are left without it. */
async function restores(town: Town, person: Inhabitant, old: boolean): Promise<void> {
  const newest = await town.newest()
  const others = (await town.holders(newest)).filter((each) => each !== person)
  const { name } = person.now.card
  // Of a vote that is lost with its machine nobody knows any more: then two could be cast.
  const vote = await lastVote(person.now.home, fromHex(newest.digest, 32) as Uint8Array)
  if (others.length < newest.record.threshold || vote !== null)
    return town.note(name, 'cannot afford the loss')
  const source = old && person.older ? person.older : person.now
  await town.tries(`${name} restores`, async () => {
    const there = await restored(source)
    raze([person.now, ...(person.older ? [person.older] : [])])
    await town.welcome(person, there)
  })
}

async function dealsAnew(town: Town, step: Dealing): Promise<void> {
  const newest = await town.newest()
  const parent = fromHex(newest.digest, 32) as Uint8Array
  const holders = (await town.holders(newest)).map(({ now }) => now)
  const author = pick(holders, step.author)
  const open = await openFrom(town, parent)
  const left = step.again ? open[0] : undefined
  const file = left ?? (await plannedBy(town, step, holders, author, newest.record.threshold, open))
  if (!file) return
  const { definition } = file
  const here = (cards: readonly { readonly fingerprint: Uint8Array }[]): Custodian[] =>
    town.everybody.filter(({ card }) => cards.some((each) => equalBytes(each.fingerprint, card.fingerprint)))
  const players = here(playersOf(definition))
  if (players.length < playersOf(definition).length)
    return town.note('deal', 'somebody in it has lost its machine')
  const watchers = here(watchersOf(definition))
  const [needed, others] = [watchersNeeded(definition), turned(watchers, step.away)]
  if (watchers.length < needed) return town.note('deal', 'too few are there to say yes')
  const present = others.filter((_, i) => i < needed || (step.away & (1 << i)) === 0)
  const victim = step.kill && pick(players, step.kill.victim)
  await town.play(file, [...players, ...present], victim, step.kill)
}

/** Ceremonies from this epoch that homes have voted for, and whose outcome nobody knows. */
async function openFrom(town: Town, parent: Uint8Array): Promise<readonly Deal[]> {
  const open = new Map<string, Deal>()
  for (const { home } of town.everybody) {
    const id = await lastVote(home, parent)
    const file = id && (await storedCeremony(home, id))
    if (file && isReshare(file.definition)) open.set(hex(file.id), { ...file, definition: file.definition })
  }
  return [...open.values()]
}

async function plannedBy(
  town: Town,
  step: Dealing,
  holders: readonly Custodian[],
  author: Custodian,
  dealing: number,
  open: readonly Deal[],
): Promise<Deal | null> {
  const names = (all: readonly Custodian[]) => all.map(({ card }) => card.name)
  const chosen = town.everybody.filter((_, i) => (step.members & (1 << i)) !== 0)
  const members = names(chosen.length < 2 ? town.everybody : chosen)
  const threshold = Math.min(step.threshold, members.length)
  const dealers = names(turned(holders, step.dealers).slice(0, dealing))
  const changes = step.refresh
    ? { kind: 'refresh' as const }
    : { kind: 'reshare' as const, members, threshold }
  const supersedes = open.length > 0 ? open.map(({ id }) => id) : null
  let made: Deal | null = null
  await town.tries(`${author.card.name} defines`, async () => {
    made = await defined(author, town.everybody, { ...changes, dealers, supersedes })
  })
  return made
}
