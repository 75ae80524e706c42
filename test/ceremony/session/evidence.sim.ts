/**
 * Every honest member names who breaks a keygen, a resharing or a signing by FROST, also if it did not
 * see it; and so does the file that each of them keeps, to anybody. Nobody else is named.
 */
import { afterAll, describe, expect, test } from 'vitest'
import { planKeygen, runKeygen } from '../../../src/ceremony/dkg/keygen.js'
import { MemoryNetwork } from '../../../src/messaging/transport/memory.js'
import {
  commitTo,
  openingLetter,
  commitmentLetter,
  type Opening,
} from '../../../src/protocol/dkg/keygen-public.js'
import * as resharing from '../../../src/protocol/dkg/reshare-plan.js'
import type { Session } from '../../../src/protocol/core/session.js'
import { ed25519 } from '../../../src/protocol/group/curve.js'
import { entriesLetter } from '../../../src/protocol/core/entries.js'
import { shareLetter } from '../../../src/protocol/frost/sign.js'
import { readFile } from '../../../src/storage/fs/atomic.js'
import { readQuarantine } from '../../../src/storage/home/quarantine.js'
import { isReshare, reshareInputOf } from '../../../src/wire/ceremony/key-definition.js'
import { decodeEnvelope, type Envelope, sealEnvelope } from '../../../src/wire/session/envelope.js'
import { hex } from '../../../src/wire/base/text.js'
import { type FailedRun, failedCodec } from '../../../src/wire/session/transcript.js'
import { claimCodec } from '../../../src/wire/session/claim.js'
import { type Cheat, cheatsInMaking, claimsFalsely, dealsBadly } from '../../support/cheats.js'
import { mpc } from '../../support/cli.js'
import { evidenceOf, failureIn, verdictOn } from '../../support/ecdsa.js'
import { keygenDefinition } from '../../support/members.js'
import { flipped, resigned, shadowed } from '../../support/mischief.js'
import { raze } from '../../support/processes.js'
import { defined, makeTreasury, takesPart } from '../../support/reshares.js'
import { approving, asks, joins, somePayload, type Three, withKey } from '../../support/signing.js'
import { type Custodian, custodians, fileOf, worldOf } from '../../support/worlds.js'

const patience = { join: 8000, round: 4000, total: null }
const changes = { patience, linger: 300 }
const made: Custodian[] = []
afterAll(() => raze(made))

type Change = (envelope: Envelope, to: string) => Uint8Array | undefined

async function three(): Promise<Three> {
  const everybody = (await custodians('alice', 'bob', 'carol')) as unknown as Three
  made.push(...everybody)
  return everybody
}

/** How a key generation ends for all; carol cheats in her protocol, or in what she signs. */
async function keygen(everybody: Three, cheat: Cheat | null, change: Change = () => undefined) {
  const network = new MemoryNetwork()
  network.interfere = resigned(everybody[2], change)
  const file = fileOf(keygenDefinition(everybody))
  return Promise.allSettled(
    everybody.map(async (who, i) => {
      if (cheat && i === 2) return cheatsInMaking(who, file, network, cheat, changes)
      const plan = await planKeygen(who.home, who.card, file, Date.now())
      return runKeygen(worldOf(who, network.connect(who.member.name), changes), plan)
    }),
  )
}

/** Both honest ones name her, for that reason; what each keeps proves it to anybody; each holds it against her. */
async function expectProven(
  [alice, bob, carol]: Three,
  results: readonly PromiseSettledResult<unknown>[],
  round: string,
  reason: string,
): Promise<void> {
  for (const [i, who] of [alice, bob].entries()) {
    const failure = failureIn(results[i])
    expect(failure).toMatchObject({
      kind: 'abort',
      code: 'E_ABORT',
      party: 'carol',
      accused: [
        {
          name: 'carol',
          fingerprint: hex(carol.card.fingerprint),
          round,
          kind: 'proven',
          reason,
          evidence: expect.stringMatching(/\/evidence\/run-[0-9a-f]{16}\.cbor$/),
        },
      ],
    })
    expect(failure.accused).toHaveLength(1)
    expect(await verdictOn(await evidenceOf(failure))).toEqual([['carol', round, 'proven']])
    expect((await readQuarantine(who.home, carol.card.fingerprint))?.faults).toMatchObject([
      { round, reason },
    ])
  }
}

const OPENS = 'its letter does not open with the key that it names'
const DEALT = "dealt share does not lie on the sender's polynomial"
const isOpening = ({ header }: Envelope): boolean =>
  header.kind === 'letter' && header.round === 'open' && header.to === null
/** Commits to what she makes up, and echoes that. */
const commits =
  (letter: (session: Session, own: Uint8Array) => Uint8Array): Cheat =>
  (protocol, { session }) =>
    shadowed(protocol, ({ round, broadcast }) => {
      if (round === 'commit') broadcast?.set(letter(session, broadcast))
    })

describe.concurrent('a letter to one member', () => {
  test('that does not open with the key which it names convicts its sender, everywhere', async () => {
    const everybody = await three()
    const results = await keygen(everybody, null, ({ header, body }, to) =>
      header.kind === 'letter' && header.to && to === 'bob' ? flipped(body) : undefined,
    )
    await expectProven(everybody, results, 'open', OPENS)
  })

  test('that opens to a wrong share convicts its sender, everywhere', async () => {
    const everybody = await three()
    await expectProven(everybody, await keygen(everybody, dealsBadly('open', 2)), 'open', DEALT)
  })

  test('that cannot be read convicts its sender, everywhere', async () => {
    const everybody = await three()
    const results = await keygen(everybody, dealsBadly('open', 2, 0))
    for (const i of [0, 1]) {
      const failure = failureIn(results[i])
      expect(failure.accused).toMatchObject([{ name: 'carol', kind: 'proven', round: 'open' }])
      expect(await verdictOn(await evidenceOf(failure))).toEqual([['carol', 'open', 'proven']])
    }
  })

  test('that names another key than the confirmed one is held against its sender by who got it', async () => {
    const everybody = await three()
    const [alice, bob, carol] = everybody
    const network = new MemoryNetwork()
    network.interfere = ({ bytes, to }) => {
      const { header, body } = decodeEnvelope(bytes)
      const isIt = header.to && to === 'bob' && hex(header.from) === hex(carol.card.fingerprint)
      const key = new Uint8Array(32).fill(3)
      return [isIt ? sealEnvelope(carol.identity.signing, { ...header, key }, body) : bytes]
    }
    const file = fileOf(keygenDefinition(everybody))
    const results = await Promise.allSettled(
      everybody.map(async (who) => {
        const plan = await planKeygen(who.home, who.card, file, Date.now())
        return runKeygen(worldOf(who, network.connect(who.member.name), changes), plan)
      }),
    )
    expect(failureIn(results[1]).accused).toMatchObject([
      {
        name: 'carol',
        kind: 'witnessed',
        reason: 'its letter names another key than the confirmed one',
        evidence: null,
      },
    ])
    expect(failureIn(results[0])).toMatchObject({ code: 'E_PEER_ABORT', party: 'bob', accused: [] })
    expect(await readQuarantine(bob.home, carol.card.fingerprint)).not.toBeNull()
    expect(await readQuarantine(alice.home, carol.card.fingerprint)).toBeNull()
  })
})

describe.concurrent('whoever claims falsely of an honest letter convicts itself', () => {
  test.each([
    ['showing that it holds', undefined, 'open', 'says that a letter does not hold, which does'],
    [
      'showing another key',
      (key: Uint8Array) => flipped(key),
      'open',
      'the key that it gives does not show what it claims',
    ],
  ] as const)('%s', async (_, alter, round, reason) => {
    const everybody = await three()
    await expectProven(everybody, await keygen(everybody, claimsFalsely(1, alter)), round, reason)
  })
})

describe.concurrent('what everybody was told in a key generation', () => {
  /** An opening that carol makes up, with the commitment to it. */
  const madeUp = (F: readonly Uint8Array[]): Opening => ({
    F,
    proof: { R: ed25519.G.toBytes(), z: new Uint8Array(32) },
    chainCode: null,
    u: new Uint8Array(32),
  })
  const input = { scheme: 'eddsa-ed25519', threshold: 2 } as const
  const committing = (opening: Opening): Cheat =>
    commits((session) => commitmentLetter.encode(commitTo(session, input, 3, opening)))
  const G = ed25519.G.toBytes()

  test.each([
    ['a bad proof of knowledge', 'proof of knowledge does not verify', [G, G]],
    ['a vector of another length', 'vector does not have as many points as the threshold', [G, G, G]],
    [
      'what are no points',
      'vector holds something that is not a point of the group',
      [G, new Uint8Array(32).fill(2)],
    ],
  ])('%s', async (_, reason, F) => {
    const everybody = await three()
    const opening = madeUp(F)
    const results = await keygen(everybody, committing(opening), (envelope) =>
      isOpening(envelope) ? openingLetter('eddsa-ed25519').encode(opening) : undefined,
    )
    await expectProven(everybody, results, 'open', reason)
  })

  test('an opening of another commitment', async () => {
    const everybody = await three()
    const { encode, decode } = openingLetter('eddsa-ed25519')
    const results = await keygen(everybody, null, (envelope) =>
      isOpening(envelope) ? encode({ ...decode(envelope.body), u: new Uint8Array(32) }) : undefined,
    )
    await expectProven(everybody, results, 'open', 'opening is not what was committed to')
  })

  test('a letter that cannot be read', async () => {
    const everybody = await three()
    const results = await keygen(everybody, null, (envelope) =>
      isOpening(envelope) ? envelope.body.slice(1) : undefined,
    )
    await expectProven(
      everybody,
      results,
      'open',
      'malformed letter: not well-formed CBOR of the kind used here',
    )
  })
})

describe('a resharing', () => {
  async function reshare(
    cheatOf: ((input: resharing.ReshareInput) => Cheat) | null,
    change: Change = () => undefined,
  ) {
    const everybody = await three()
    const [alice, , carol] = everybody
    await makeTreasury(everybody, 2)
    const dealers = ['alice', 'carol']
    const file = await defined(alice, everybody, { kind: 'refresh', dealers })
    if (!isReshare(file.definition)) throw new Error('not a resharing')
    const network = new MemoryNetwork()
    network.interfere = resigned(carol, change)
    const cheat = cheatOf?.(reshareInputOf(file.definition))
    const results = await Promise.allSettled(
      everybody.map((who) =>
        cheat && who === carol
          ? cheatsInMaking(who, file, network, cheat, changes)
          : takesPart(who, file, network, changes),
      ),
    )
    return [everybody, results] as const
  }

  test('with a wrong share to one member: its dealer is convicted, everywhere', async () => {
    const [everybody, results] = await reshare(() => dealsBadly('open', 2))
    await expectProven(everybody, results, 'open', DEALT)
  })

  test('of which somebody claims falsely: it convicts itself', async () => {
    const [everybody, results] = await reshare(() => claimsFalsely(1))
    await expectProven(everybody, results, 'open', 'says that a letter does not hold, which does')
  })

  test('that begins with another share than the old one', async () => {
    const G = ed25519.G.toBytes()
    const opening = { F: [G, G], u: new Uint8Array(32) }
    const commit = (input: resharing.ReshareInput): Cheat =>
      commits((session, own) => {
        const V = resharing.commitTo(session, resharing.planOf(session, input), 3, opening)
        return resharing.commitmentLetter.encode({ ...resharing.commitmentLetter.decode(own), V })
      })
    const [everybody, results] = await reshare(commit, (envelope) =>
      isOpening(envelope) ? resharing.openingLetter.encode(opening) : undefined,
    )
    await expectProven(everybody, results, 'open', 'vector does not begin with its weighted public share')
  })

  test('with an opening of another commitment', async () => {
    const [everybody, results] = await reshare(null, (envelope) => {
      const { encode, decode } = resharing.openingLetter
      const opening = isOpening(envelope) ? decode(envelope.body) : null
      return opening ? encode({ ...opening, u: new Uint8Array(32) }) : undefined
    })
    await expectProven(everybody, results, 'open', 'opening is not what was committed to')
  })
})

test("a share of FROST's signature that does not verify is proven from the letters, and by `mpc transcript verify`", async () => {
  const everybody = await withKey()
  made.push(...everybody)
  const [alice, bob] = everybody
  const network = new MemoryNetwork()
  network.interfere = resigned(bob, ({ header }) =>
    header.kind === 'letter' && header.round === 'share'
      ? entriesLetter(1).encode([shareLetter.encode(new Uint8Array(32).fill(1))])
      : undefined,
  )
  const payload = somePayload()
  const world = (who: Custodian) => worldOf(who, network.connect(who.member.name), changes)
  const [result] = await Promise.allSettled([
    asks(world(alice), payload, [alice, bob]),
    joins(world(bob), approving(payload)),
  ])
  const failure = failureIn(result)
  const reason = 'signature share does not verify'
  expect(failure).toMatchObject({
    kind: 'doubt',
    accused: [{ name: 'bob', kind: 'proven', round: 'share', reason }],
  })
  const file = failure.accused[0]?.evidence as string
  expect((await mpc(alice.home.root, ['transcript', 'verify', file, '--json'])).json).toMatchObject({
    code: 0,
    data: {
      kind: 'failed-run',
      of: 'sign',
      guilty: [{ name: 'bob', round: 'share', kind: 'proven', reason }],
    },
  })
  const { code, stdout } = await mpc(alice.home.root, ['transcript', 'verify', file])
  expect(code).toBe(0)
  expect(stdout).toContain('bob: signature share does not verify (round share, proven)')
})

describe('the file of a run that failed', () => {
  let parts: FailedRun
  const encodedWith = (change: Partial<FailedRun>) => failedCodec.encode({ ...parts, ...change })

  test('proves nothing without the claim, and cannot be changed', async () => {
    const everybody = await three()
    const [, bob] = everybody
    const results = await keygen(everybody, dealsBadly('open', 2))
    const path = failureIn(results[0]).accused[0]?.evidence as string
    parts = failedCodec.decode(Uint8Array.from((await readFile(path, 1 << 26)) as Uint8Array))
    expect(parts.claims).toHaveLength(1)
    expect(await verdictOn(encodedWith({ claims: [] }))).toBe('E_EVIDENCE')
    const [first] = parts.claims as [Uint8Array]
    const envelope = decodeEnvelope(first)
    const claim = claimCodec.decode(envelope.body)
    const resealed = (body: Uint8Array, header = envelope.header) =>
      sealEnvelope(bob.identity.signing, header, body)
    const refused: Partial<FailedRun>[] = [
      { claims: [first, first] },
      { claims: [flipped(first)] },
      { claims: [resealed(envelope.body, { ...envelope.header, session: new Uint8Array(32) })] },
      { claims: [resealed(envelope.body, { ...envelope.header, from: new Uint8Array(32) })] },
      { rounds: [...parts.rounds, parts.rounds[0] as FailedRun['rounds'][number]] },
      { payload: new Uint8Array(1) },
      { record: new Uint8Array(1) },
    ]
    for (const change of refused) expect(await verdictOn(encodedWith(change))).toBe('E_TRANSCRIPT')
    // Bob can sign whatever he likes, and convicts only himself.
    for (const body of [
      claimCodec.encode({ ...claim, key: flipped(claim.key) }),
      claimCodec.encode({ ...claim, letter: flipped(claim.letter) }),
      claimCodec.encode({ ...claim, letter: first }),
      new Uint8Array(3),
    ]) {
      const verdict = (await verdictOn(encodedWith({ claims: [resealed(body)] }))) as string[][]
      expect(verdict.map(([name]) => name)).toEqual(['bob'])
    }
    // Where the rounds end before the share was dealt, the claim is held against nothing.
    const rounds = parts.rounds.filter(({ round }) => round !== 'open')
    expect(await verdictOn(encodedWith({ rounds }))).toBe('E_EVIDENCE')
  })
})
