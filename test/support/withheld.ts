/**
 * Refreshes in which the last custodian gathers everybody's receipts, shows some of the others neither its own nor the
 * certificate, and brings the certificate later: what no honest member may do meanwhile, and what must be there.
 */
import { expect } from 'vitest'
import { endHere } from '../../src/ceremony/session/abort.js'
import { finish } from '../../src/ceremony/dkg/run.js'
import type { MadeKey } from '../../src/ceremony/dkg/plan.js'
import { planReshare, runReshare } from '../../src/ceremony/dkg/reshare.js'
import { type Clock, every } from '../../src/messaging/channel/clock.js'
import type { Transport } from '../../src/messaging/transport/transport.js'
import { abortCodec } from '../../src/messaging/session/abort.js'
import { memberToken } from '../../src/messaging/transport/subjects.js'
import { CeremonyFiles } from '../../src/storage/home/ceremonies.js'
import type { DefinitionFile } from '../../src/wire/ceremony/definition.js'
import { decodeEnvelope, type Envelope, sealEnvelope } from '../../src/wire/session/envelope.js'
import { decodeCertificate } from '../../src/wire/ceremony/certificate.js'
import { hex } from '../../src/wire/base/text.js'
import { clock as virtual } from './clock.js'
import { codeOf, expectSigns } from './keys.js'
import { expectQuorum, holderOf } from './quorum.js'
import { defined, makeTreasury } from './reshares.js'
import { type Custodian, custodians, worldOf } from './worlds.js'

/** When it brings the certificate. */
export const RELEASES = ['after the next attempt', 'after the expiry', 'after an abort'] as const
export type Release = (typeof RELEASES)[number]

/** A connection of a custodian to a network that they share. */
export type Connect = (who: Custodian) => Promise<Transport>

/** Every choice of at least one of these. */
export const subsetsOf = <T>(all: readonly T[]): T[][] =>
  Array.from({ length: 2 ** all.length - 1 }, (_, bits) => all.filter((_, i) => ((bits + 1) >> i) & 1))

const SAID_IN_ENDING = ['receipt', 'certificate', 'done']

/** @param from names of those who get nothing of the ending from it, nor the certificate from anybody */
export async function withholds(
  names: readonly string[],
  from: readonly string[],
  release: Release,
  connect: Connect,
  clock: Clock = virtual,
): Promise<void> {
  const everybody = await custodians(...names)
  const honest = everybody.slice(0, -1)
  const cheat = everybody.at(-1) as Custodian
  const deprived = honest.filter(({ member }) => from.includes(member.name))
  const { record } = await makeTreasury(everybody, 2)
  const file = await defined(honest[0] as Custodian, everybody, { kind: 'refresh' })
  const holders = honest.map(holderOf)
  const receipts: Envelope[] = []
  const isHers = ({ header }: Envelope): boolean => hex(header.from) === hex(cheat.card.fingerprint)
  const takesPart = async (who: Custodian, time: Clock = clock): Promise<MadeKey> => {
    const hears = (envelope: Envelope): boolean =>
      !deprived.includes(who) ||
      !(
        envelope.header.kind === 'certificate' ||
        (isHers(envelope) && SAID_IN_ENDING.includes(envelope.header.kind))
      )
    const transport = watched(await connect(who), hears, (envelope) => {
      if (envelope.header.kind === 'receipt' && !isHers(envelope)) receipts.push(envelope)
    })
    const patience = { join: 20_000, round: 5000, total: null }
    try {
      const plan = await planReshare(who.home, who.card, file, time.now())
      return await runReshare(worldOf(who, transport, { patience, linger: 0, clock: time }), plan)
    } finally {
      await transport.close()
    }
  }

  const codes = await Promise.all(everybody.map((who) => codeOf(takesPart(who))))
  expect(codes).toEqual(everybody.map((who) => (deprived.includes(who) ? 'E_IN_DOUBT' : 'fine')))
  await expectQuorum(holders, record.group_point)

  const certificate = (await new CeremonyFiles(cheat.home, file.id).readCertificate()) as Uint8Array
  const inDoubt = deprived.map(() => 'E_IN_DOUBT')
  if (release === 'after the next attempt') {
    expect(await Promise.all(deprived.map((who) => codeOf(takesPart(who))))).toEqual(inDoubt)
  } else if (release === 'after the expiry') {
    const late = { ...clock, now: () => file.definition.expires + 1000 }
    expect(await Promise.all(deprived.map((who) => codeOf(takesPart(who, late))))).toEqual(inDoubt)
  } else {
    const aborting = aborts(cheat, file, decodeCertificate(certificate).sid, connect, clock)
    expect(await Promise.all(deprived.map((who) => codeOf(takesPart(who))))).toEqual(inDoubt)
    await (await aborting)()
    for (const { home } of deprived) expect(await codeOf(endHere(home, file, Date.now()))).toBe('E_IN_DOUBT')
  }
  await expectQuorum(holders, record.group_point)

  for (const { home, card } of deprived) {
    const plan = await planReshare(home, card, file, Date.now())
    expect(await codeOf(finish(home, plan, certificate))).toBe('fine')
  }
  await expectQuorum(holders, record.group_point)
  await expectSigns(honest.slice(0, 2), record)
  expectOneReceiptAParent(receipts, honest.length)
}

/** The same bytes again are the same receipt. */
function expectOneReceiptAParent(receipts: readonly Envelope[], members: number): void {
  const given = new Map<string, Set<string>>()
  for (const { header, bytes } of receipts) {
    given.set(hex(header.from), (given.get(hex(header.from)) ?? new Set()).add(hex(bytes)))
  }
  expect([...given.values()].map(({ size }) => size)).toEqual(Array.from({ length: members }, () => 1))
}

/** Says every 100 ms that it has left, until the returned function is called. */
async function aborts(
  { card, identity }: Custodian,
  { id }: DefinitionFile,
  session: Uint8Array,
  connect: Connect,
  clock: Clock,
) {
  const transport = await connect({ card, identity, member: { name: 'left' } } as Custodian)
  const subject = `mpc.v1.${hex(id.subarray(0, 16))}.ctl.${memberToken(card.fingerprint)}`
  const header = {
    v: 1 as const,
    kind: 'abort' as const,
    definition: id,
    session,
    round: '',
    from: card.fingerprint,
    to: null,
    time: clock.now(),
    key: null,
  }
  const sealed = sealEnvelope(
    identity.signing,
    header,
    abortCodec.encode({ why: 'left', text: '', about: [] }),
  )
  const stopSaying = every(clock, 100, () => transport.publish(subject, sealed))
  return () => {
    stopSaying()
    return transport.close()
  }
}

/** A connection that hears only what it is to hear, and of which everything that is said is noted. */
function watched(
  transport: Transport,
  hears: (envelope: Envelope) => boolean,
  note: (envelope: Envelope) => void,
): Transport {
  return Object.assign(Object.create(transport) as Transport, {
    publish(subject: string, bytes: Uint8Array) {
      note(decodeEnvelope(bytes))
      transport.publish(subject, bytes)
    },
    subscribe: (pattern: string, receive: (subject: string, bytes: Uint8Array) => void) =>
      transport.subscribe(pattern, (subject, bytes) => {
        if (hears(decodeEnvelope(bytes))) receive(subject, bytes)
      }),
  })
}
