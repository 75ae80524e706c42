/** The stage of a rehearsal, from which everything that is called is noted. */
import type { Actor, Seat, Stage } from '../../src/ceremony/rehearsal/participants.js'
import { Failure } from '../../src/wire/base/failure.js'
import { realClock } from './clock.js'
import { rng } from './members.js'
import { heldPrimes } from './worlds.js'

export type Heard = { readonly who: string; readonly what: string }

export function stage(changes: Partial<Stage> = {}): { stage: Stage; heard: Heard[] } {
  const heard: Heard[] = []
  const hear = (who: string, what: string) => heard.push({ who, what })
  const seatOf = ({ card }: Actor): Seat => {
    const hears = (what: string) => hear(card.name, what)
    return {
      person: {
        present: changes.played === card.name,
        heard: async (words) => void hears(words.join(' ')),
        allow: () => Promise.resolve(),
      },
      emit: ({ event }) => void (event === 'joined' && hears('joined')),
      accept: async () => void hears('accept'),
      made: () => hears('made'),
      asks: async () => void hears('asks'),
      approval: () => ({ ask: async () => void hears('approves') }),
      signed: () => hears('signed'),
      ended: (error) => hears(error instanceof Failure ? error.code : String(error)),
    }
  }
  return {
    heard,
    stage: {
      names: ['alice', 'bob', 'carol'],
      threshold: 2,
      scheme: 'eddsa-ed25519',
      newcomer: null,
      played: null,
      mishap: null,
      keep: null,
      patience: { join: 20_000, round: 20_000, total: null },
      program: 'mpc/test',
      rng,
      nonces: { fresh: rng },
      makePrimes: heldPrimes,
      compute: () => Promise.reject(new Error('nothing to compute')),
      clock: realClock,
      signal: new AbortController().signal,
      seatOf,
      goOn: () => Promise.resolve(true),
      watch: seatOf,
      tell: (who, { did }) => void hear(who, `does ${did}`),
      announce: (step) => heard.push({ who: '', what: step }),
      ...changes,
    },
  }
}
