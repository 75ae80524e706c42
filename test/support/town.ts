/**
 * A key and the people around it, as they may live with it for years, and what must hold at any time: a quorum of the
 * newest epoch that is certified in anybody's home signs, and nobody votes for two epochs that come after one. Homes,
 * locks, shares and signatures are real; the network is in memory.
 */
import { expect } from 'vitest'
import { acceptRebind, examineRebind } from '../../src/ceremony/recovery/accept-rebind.js'
import { heldKey } from '../../src/ceremony/epochs/held-epochs.js'
import { findKey } from '../../src/ceremony/epochs/find-key.js'
import { finish } from '../../src/ceremony/dkg/run.js'
import { planReshare, runReshare } from '../../src/ceremony/dkg/reshare.js'
import { storedCeremony } from '../../src/ceremony/definition/ceremony-store.js'
import { markVerified } from '../../src/ceremony/contacts/contacts.js'
import { importCards } from '../../src/ceremony/contacts/import-cards.js'
import type { World } from '../../src/ceremony/world.js'
import { MemoryNetwork } from '../../src/messaging/transport/memory.js'
import { CeremonyFiles, listCeremonies } from '../../src/storage/home/ceremonies.js'
import type { Home } from '../../src/storage/home/home.js'
import { votesFrom } from '../../src/storage/home/votes.js'
import type { DefinitionFile, ReshareDefinition } from '../../src/wire/ceremony/definition.js'
import { isReshare } from '../../src/wire/ceremony/key-definition.js'
import { Failure } from '../../src/wire/base/failure.js'
import { type KeyRecord, parseRecord, recordDigest } from '../../src/wire/key/record.js'
import { hex } from '../../src/wire/base/text.js'
import { expectSigns } from './keys.js'
import { bury, type KillAt, live, Process, raze } from './processes.js'
import type { Rebound } from './rebound.js'
import { makeTreasury } from './reshares.js'
import { type Custodian, custodians } from './worlds.js'

export const NOW = 1_900_000_000_000
export const NAMES = ['alice', 'bob', 'carol', 'dave', 'erin'] as const
/** A member that waits for one who is dead does so for this long, in milliseconds. */
const SHORT = { join: 3000, round: 3000, total: null }
const LONG = { join: 40_000, round: 40_000, total: null }

/** The place where a process is killed, and whether it starts again at once. */
export type Kill = { readonly at: KillAt; readonly back: boolean }
export type Deal = DefinitionFile & { readonly definition: ReshareDefinition }

export type Inhabitant = {
  /** On the machine that it uses now. */
  now: Custodian
  /** Machines from which its share was moved. */
  readonly moved: Custodian[]
  /** The home as it was once: what pieces that were made then bring back. */
  older: Custodian | null
}
type Certified = { readonly record: KeyRecord; readonly digest: string; readonly certificate: Uint8Array }

export class Town {
  /** The result of each step, for people. */
  readonly log: string[] = []
  readonly #rebinds: Rebound[] = []
  #turn = 0

  private constructor(readonly people: readonly Inhabitant[]) {}

  /** So many people, of whom the first hold a key. */
  static async of(people: number, holders: number, threshold: number): Promise<Town> {
    const everybody = await custodians(...NAMES.slice(0, people))
    await makeTreasury(everybody.slice(0, holders), threshold)
    return new Town(everybody.map((now) => ({ now, moved: [], older: null })))
  }

  get everybody(): readonly Custodian[] {
    return this.people.map(({ now }) => now)
  }

  remove(): void {
    for (const { now, moved, older } of this.people) raze([now, ...moved, ...(older ? [older] : [])])
  }

  note(what: string, outcome: string): void {
    this.log.push(`${what}: ${outcome}`)
  }

  /** Does it; a refusal that has a code is an answer, anything else is a defect. @returns whether it was done */
  async tries(what: string, act: () => Promise<unknown>): Promise<boolean> {
    try {
      await act()
      this.note(what, 'fine')
      return true
    } catch (error) {
      if (!(error instanceof Failure)) throw error
      this.note(what, error.code)
      return false
    }
  }

  // ------------------------------------------------------------------------------------------------- what is known

  /** Every certified epoch that lies in any home, whether or not it counts there. */
  async certified(): Promise<readonly Certified[]> {
    const found = new Map<string, Certified>()
    const add = (record: KeyRecord | null, certificate: Uint8Array | null): void => {
      if (record && certificate) {
        const digest = hex(recordDigest(record))
        found.set(digest, { record, digest, certificate })
      }
    }
    for (const { home } of this.everybody) {
      const held = await heldKey(home, 'treasury').catch(() => null)
      for (const { record, certificate } of held?.epochs ?? []) add(record, certificate)
      for (const id of await listCeremonies(home)) {
        const files = new CeremonyFiles(home, id)
        const record = await files.readPending('record.cbor')
        add(record && parseRecord(record), await files.readCertificate())
      }
    }
    return [...found.values()].sort((a, b) => b.record.epoch - a.record.epoch)
  }

  async newest(): Promise<Certified> {
    const [first, second] = await this.certified()
    if (!first) throw new Error('nothing is certified')
    expect(second?.record.epoch, 'two certified epochs of one number').not.toBe(first.record.epoch)
    return first
  }

  /** Those in whose homes this epoch is in use. */
  async holders({ digest }: Certified): Promise<readonly Inhabitant[]> {
    const isHere = await Promise.all(
      this.people.map(async ({ now }) => {
        const key = await findKey(now.home, 'treasury').catch(() => null)
        return key !== null && hex(key.digest) === digest
      }),
    )
    return this.people.filter((_, i) => isHere[i])
  }

  /** Gives the certificate to voters who do not know that it is certified: `mpc ceremony finish FILE`. */
  async bringUp({ record, digest, certificate }: Certified): Promise<void> {
    for (const { now } of this.people) {
      const { home, card } = now
      if (!record.members.some((member) => hex(member.card.fingerprint) === hex(card.fingerprint))) continue
      const isReceipt = (await new CeremonyFiles(home, record.definition).readReceipt()) !== null
      const key = await findKey(home, 'treasury').catch(() => null)
      if (!isReceipt || (key && hex(key.digest) === digest)) continue
      const file = await storedCeremony(home, record.definition)
      if (!file || !isReshare(file.definition)) continue
      const deal = { ...file, definition: file.definition }
      await this.tries(`${card.name} finishes`, async () =>
        finish(home, await planReshare(home, card, deal, Date.now()), certificate),
      )
    }
  }

  // ------------------------------------------------------------------------------------------------- what is done

  /**
   * These take part in it. Where one of them may not, nobody begins; where nobody is killed, everybody ends well.
   * @param victim among them
   */
  async play(
    file: Deal,
    players: readonly Custodian[],
    victim: Custodian | null,
    kill: Kill | null,
  ): Promise<void> {
    const plans = ({ home, card }: Custodian) => planReshare(home, card, file, Date.now())
    for (const who of players) {
      if (!(await this.tries(`${who.card.name} plans`, () => plans(who)))) return
    }
    const network = new MemoryNetwork()
    const changes = { patience: kill ? SHORT : LONG, linger: kill?.back ? 3000 : 1500 }
    const done = await Promise.all(
      players.map((who) => {
        const act = async (world: World) => runReshare(world, await plans(who))
        return this.lives(network, who, act, who === victim ? kill : null, changes)
      }),
    )
    if (!kill)
      expect(done, `everybody ends well: ${this.log.slice(-players.length).join('; ')}`).not.toContain(false)
  }

  /** A process of somebody, which is killed there if at all; and if it is started again, then at once. */
  lives(
    network: MemoryNetwork,
    who: Custodian,
    act: (world: World) => Promise<unknown>,
    kill: Kill | null,
    changes: Partial<World> = {},
  ): Promise<boolean> {
    const { name } = who.card
    if (kill === null || kill.back) {
      return this.tries(name, async () => {
        const { first } = await live(network, who, act, kill && kill.at, changes)
        if (first.dead) this.note(name, `was killed at ${first.killedAt}`)
      })
    }
    const process = new Process(network, who, kill.at, changes)
    return this.tries(name, async () => {
      try {
        await process.run(act)
      } catch (error) {
        if (!process.dead) throw error
      }
      if (process.dead) {
        this.note(name, `was killed at ${process.killedAt}, and stays away`)
        bury(who)
      }
    })
  }

  /**
   * A person has a new identity. The others accept it, and the new home accepts what was accepted before: pieces
   * and a moved share bring the record, not the rebinds of others.
   */
  async welcome(person: Inhabitant, rebound: Rebound): Promise<void> {
    person.now = rebound
    person.older = null
    for (const { now: other } of this.people.filter((each) => each !== person)) {
      await markVerified(rebound.home, other.card, 'fingerprint', NOW)
      await this.#seats(other, rebound)
    }
    for (const earlier of this.#rebinds) await this.#seats(rebound, earlier)
    this.#rebinds.push(rebound)
  }

  async #seats(who: Custodian, { card, rebind }: Rebound): Promise<void> {
    await this.tries(`${who.card.name} accepts ${card.name}`, async () =>
      acceptRebind(who.home, await examineRebind(who, card, rebind, NOW)),
    )
    if (card.name === who.card.name) return
    const order = { fingerprint: hex(card.fingerprint), replace: card.name, now: NOW, how: 'rebind' } as const
    await importCards(who.home, [card], order)
  }

  // ------------------------------------------------------------------------------------------------- what must hold

  async expectUsable(): Promise<void> {
    const newest = await this.newest()
    await this.bringUp(newest)
    const able = (await this.holders(newest)).map(({ now }) => now)
    const { threshold, epoch } = newest.record
    const names = able.map(({ card }) => card.name).join(', ')
    expect(
      able.length,
      `who can sign with epoch ${epoch}, of which ${threshold} must: ${names}`,
    ).toBeGreaterThanOrEqual(threshold)
    const at = this.#turn++ % able.length
    const quorum = [...able.slice(at), ...able.slice(0, at)].slice(0, threshold)
    await expectSigns(quorum, newest.record, { linger: 300, patience: LONG })
    await this.#expectOneVote()
    await this.#expectOneChild()
  }

  /** Of an epoch at most one other is made, as far as anybody has a certificate. */
  async #expectOneChild(): Promise<void> {
    const parents = (await this.certified()).map(({ record }) => record.parent && hex(record.parent))
    expect(new Set(parents).size, 'certified epochs that come after one').toBe(parents.length)
  }

  /** Each home votes once from an epoch, but for a ceremony that replaces the one before; and of a moved share one home. */
  async #expectOneVote(): Promise<void> {
    for (const { now, moved } of this.people) {
      const voters = new Map<string, string>()
      for (const { home } of [now, ...moved]) {
        for (const [parent, ids] of await votesIn(home)) {
          expect(voters.get(parent), `another machine of ${now.card.name} has voted`).toBeUndefined()
          voters.set(parent, home.root)
          const votes = await votesFrom(home, Buffer.from(parent, 'hex'))
          // Nothing is signed without its vote, and each vote after the first names the one before.
          for (const id of ids) expect(votes.map(hex), 'receipts without a vote').toContain(id)
          for (const [i, id] of votes.entries()) {
            const before = votes[i - 1]
            const file = before && (await storedCeremony(home, id))
            if (!before || !file) continue
            const { definition } = file
            const replaced = isReshare(definition) ? (definition.supersedes ?? []).map(hex) : []
            expect(replaced, 'what the later vote replaces').toContain(hex(before))
          }
        }
      }
    }
  }
}

/** The ceremonies for which a home has signed a receipt, by the epoch before. */
async function votesIn(home: Home): Promise<ReadonlyMap<string, readonly string[]>> {
  const votes = new Map<string, string[]>()
  for (const id of await listCeremonies(home)) {
    const file = await storedCeremony(home, id)
    if (!file || !isReshare(file.definition)) continue
    if ((await new CeremonyFiles(home, id).readReceipt()) === null) continue
    const parent = hex(file.definition.parent)
    votes.set(parent, [...(votes.get(parent) ?? []), hex(id)])
  }
  return votes
}
