/**
 * The signers of a request: those that it names, or those that its asker chooses among the offers. Never
 * others in their place, and always exactly the threshold.
 */
import { joinUntil } from '../../messaging/channel/timeouts.js'
import type { Card } from '../../wire/identity/card.js'
import type { Order } from '../../wire/ceremony/definition.js'
import { Failure } from '../../wire/base/failure.js'
import type { KeyRecord } from '../../wire/key/record.js'
import { chosenCodec, offerCodec, orderFor, type Request } from '../../wire/ceremony/request.js'
import type { NamedPolicy } from '../../wire/key/named-policy.js'
import { hex } from '../../wire/base/text.js'
import type { Key } from '../keys/key.js'
import type { RequestBoard } from './request-board.js'
import type { Signing, TakenUp } from './signing-run.js'

/**
 * The signers of a request, once they are known.
 * @param gone the reason to stop waiting for the asker, or null
 */
export async function signersOf(
  { world, key, board, request }: TakenUp,
  gone: () => Error | null,
): Promise<Order['signers']> {
  const self = world.card.fingerprint
  const chosenHere = () =>
    board.isHeld(request) ? amongPresent({ world, key, board, request }, gone) : chosen()
  const named = request.signers ?? (await chosenHere())
  return inRecordOrder(key.seated, named)

  async function chosen(): Promise<readonly Uint8Array[]> {
    const deadline = joinUntil(world.patience, world.clock.now())
    if (hex(request.asker) !== hex(self)) {
      board.say.keep('offer', request.id, offerCodec.encode({ request: request.id }))
      const byAsker = () => choice(key.seated, board, request)
      await board.until(
        () => byAsker() !== null || gone() !== null,
        deadline,
        () => nobodyCame(request, 'the asker chose no signers'),
      )
      board.say.drop(request.id, 'offer')
      const left = byAsker() === null ? gone() : null
      if (left) throw left
      return byAsker() as readonly Uint8Array[]
    }
    const wanted = key.record.threshold
    const refusers = () => board.refusals(request.id).map(({ by }) => hex(by))
    const offers = () => board.offers(request.id).filter((by) => !refusers().includes(hex(by)))
    await board.until(
      () => offers().length >= wanted - 1 || refusers().length > key.record.members.length - wanted,
      deadline,
      () => nobodyCame(request, `${offers().length + 1} of ${wanted} custodians who must sign are here`),
    )
    const others = offers().slice(0, wanted - 1)
    if (others.length < wanted - 1) throw refusalAmong(key.seated, board, request, key.seated.members)
    const signers = [self, ...others]
    board.say.keep('chosen', request.id, chosenCodec.encode({ request: request.id, signers }))
    return signers
  }
}

/**
 * The signers of a request that waits: its asker may be away, so the first in the order of the record among those who
 * are at it chooses, itself included. Two who have heard of different members may choose differently; then the sets run
 * side by side, and whoever is left alone takes the signatures from the others.
 */
async function amongPresent(
  { world, key, board, request }: Pick<TakenUp, 'world' | 'key' | 'board' | 'request'>,
  gone: () => Error | null,
): Promise<readonly Uint8Array[]> {
  const self = hex(world.card.fingerprint)
  const { threshold } = key.record
  const members = key.seated.members.map(({ card }) => card.fingerprint)
  const here = (): readonly Uint8Array[] => {
    const present = new Set([self, ...board.presentAt(request).map(hex)])
    const refusers = new Set(board.refusals(request.id).map(({ by }) => hex(by)))
    return members.filter((each) => present.has(hex(each)) && !refusers.has(hex(each)))
  }
  const choices = () =>
    members.flatMap((by) => {
      const signers = board.chosenBy(by, request.id)
      const set = signers && quorumIn(key.seated, signers)
      return set && hex((set[0] as (typeof set)[number]).fingerprint) === hex(by) ? [signers] : []
    })
  /** A choice with this member, rather than one without. */
  const choice = () => choices().find((set) => set.some((each) => hex(each) === self)) ?? choices()[0] ?? null
  const isMine = () => here().length >= threshold && hex(here()[0] as Uint8Array) === self
  await board.until(
    () => choice() !== null || isMine() || gone() !== null,
    joinUntil(world.patience, world.clock.now()),
    () => nobodyCame(request, `${here().length} of ${threshold} custodians who must sign are here`),
  )
  const heard = choice()
  if (heard) return heard
  const left = isMine() ? null : gone()
  if (left) throw left
  const signers = here().slice(0, threshold)
  board.say.keep('chosen', request.id, chosenCodec.encode({ request: request.id, signers }))
  return signers
}

/** The asker's choice; null before it comes, and for an invalid one. */
function choice(record: KeyRecord, board: RequestBoard, request: Request): readonly Uint8Array[] | null {
  const signers = board.chosenBy(request.asker, request.id)
  return signers && quorumIn(record, signers) ? signers : null
}

/** @throws Failure `E_SIGNERS` unless they are distinct custodians, exactly the threshold */
export function inRecordOrder(record: KeyRecord, named: readonly Uint8Array[]): Order['signers'] {
  const signers = quorumIn(record, named)
  if (signers) return signers
  throw new Failure(
    'usage',
    'E_SIGNERS',
    `${record.threshold} of ${record.members.length} must sign, not ${named.length}`,
    {
      hint: `name exactly ${record.threshold} of ${record.members.map(({ card }) => card.name).join(', ')} with --signers`,
    },
  )
}

/** These signers in record order; null unless they are distinct custodians, exactly the threshold. */
function quorumIn(record: KeyRecord, named: readonly Uint8Array[]): Order['signers'] | null {
  const wanted = new Set(named.map(hex))
  const signers = record.members
    .filter(({ card }) => wanted.has(hex(card.fingerprint)))
    .map(({ card, index }) => ({ index, fingerprint: card.fingerprint }))
  return named.length === record.threshold && signers.length === record.threshold ? signers : null
}

/** The failure that names the members among these who refused. */
export function refusalAmong(
  record: KeyRecord,
  board: RequestBoard,
  request: Request,
  among: readonly { readonly card: Card }[],
): Failure {
  const refused = board.refusals(request.id).map(({ by }) => hex(by))
  const names = among.map(({ card }) => card).filter((card) => refused.includes(hex(card.fingerprint)))
  const who = names.map(({ name }) => name)
  return new Failure('refused', 'E_PEER_REFUSED', `${who.join(', ')} refused to sign`, {
    hint: `ask them why; ${record.threshold} of ${record.members.length} must sign, name others with --signers`,
    ...(who[0] && { party: who[0] }),
  })
}

export const nobodyCame = (request: Request, what: string): Failure =>
  new Failure('absent', 'E_NO_SIGNERS', `request ${hex(request.id).slice(0, 16)}: ${what}`, {
    hint: 'the others run `mpc sign --key KEY --next`; ask again when they are there, or name others with --signers',
  })

/** The order for these signers, with the rebinds that seat them and the policy in force here. */
export function orderBy(
  {
    key,
    policy,
    request,
    signers,
  }: Pick<Signing, 'request' | 'signers'> & {
    readonly key: Omit<Key, 'status'>
    readonly policy: NamedPolicy | null
  },
  number: number,
): Order {
  const seats = new Set(signers.map(({ index }) => index))
  const rebinds = key.rebinds.filter(({ rebind }) => seats.has(rebind.index)).map(({ digest }) => digest)
  return orderFor(request, signers, number, { policy: policy && policy.sha256, rebinds })
}

/** The encoded rebinds of these signers. */
export const rebindsOf = (key: Key, signers: Order['signers']): Uint8Array[] =>
  key.rebinds
    .filter(({ rebind }) => signers.some(({ index }) => index === rebind.index))
    .map(({ encoded }) => encoded)

export const cardOf = (record: KeyRecord, index: number) =>
  (record.members[index - 1] as KeyRecord['members'][number]).card
