/**
 * Signing: a custodian asks, the threshold of custodians approve, each for itself, and one of them gives the
 * order, which defines a ceremony like any other. Nothing is replayed: a killed signer starts over with fresh
 * nonces, and under a higher order if its share may have been sent.
 */
import { tooOften } from '../../messaging/session/restart-counter.js'
import { joinUntil } from '../../messaging/channel/timeouts.js'
import { areSignatures } from '../../payload/registry/target.js'
import { RequestClaims, requestEnded } from '../../storage/home/request-claims.js'
import { clear, COUNTED } from './clearance.js'
import { Failure } from '../../wire/base/failure.js'
import { hex } from '../../wire/base/text.js'
import { requireVerified, unverifiedAmong } from '../contacts/require-verified.js'
import { endOf, HandedOver, heardOrder, orderOf, Superseded } from '../requests/attempts.js'
import type { Asker } from '../requests/requester.js'
import { cardOf, nobodyCame, orderBy, signersOf } from '../requests/signer-set.js'
import type { Signing, SigningRun, TakenUp } from '../requests/signing-run.js'
import { largestInSigning, requirePayload } from '../session/largest-letter.js'
import { announce, keepSigned, type Signed } from './finished-signature.js'
import { signUnder } from './under-order.js'

const MOST_ORDERS = 8

/**
 * Signs an approved request with the other signers, or takes the signatures from them.
 * @param asker tells when to stop waiting for the asker
 * @throws Failure: signers absent (absent), refused by a peer, accused (abort), in doubt once our share was
 *   sent
 */
export async function carryOut(
  taken: TakenUp,
  asker: Pick<Asker, 'over'> = { over: () => null },
): Promise<Signed> {
  const { world, key, board, request, target } = taken
  const self = world.card.fingerprint
  const signers = await signersOf(taken, () => asker.over())
  if (!signers.some(({ fingerprint }) => hex(fingerprint) === hex(self))) return watch({ ...taken, signers })
  const cards = signers.map(({ index }) => cardOf(key.seated, index))
  requireVerified(await unverifiedAmong(world.home, cards), world.person.present)
  const claims = new RequestClaims(world.home, request.id)
  const { claim, left, end, unsettled } = await claims.status()
  if (end) throw requestEnded(end.outcome)
  if (unsettled) throw requestEnded('refused')
  // Check before an order is given: a higher one would draw the others away from the other process.
  const elsewhere = await claims.elsewhere()
  if (elsewhere) throw elsewhere
  // After the share was sent this member waits, over whatever server.
  if (!left) {
    const size = { signers: signers.length, request: request.encoded.length, messages: target.entries.length }
    requirePayload(world.transport, largestInSigning(key.record.scheme, size))
  }
  // A request for which the share may have been sent is not given up for an absent asker.
  const gone = left ? () => null : () => asker.over()
  const signing = { ...taken, signers }
  // What has left is counted already, and nothing takes it back.
  let clearance = left ? COUNTED : null
  let run: SigningRun = { ...signing, claims, gone, clearance: COUNTED }
  const ordered = new Map<string, number>()
  // After the share was sent under one order, or this process was at it before, only a higher one is used.
  let least = claim ? claim.order + (left || claim.mine ? 1 : 0) : 1
  for (let orders = 1; ; orders++) {
    let order = orderBy(run, least)
    try {
      if (orders > MOST_ORDERS) {
        throw tooOften(
          `request ${hex(request.id).slice(0, 16)} was ordered`,
          MOST_ORDERS,
          'ordered it',
          ordered,
        )
      }
      clearance ??= await clear(signing, () => endOf(signing) ?? gone())
      run = { ...run, clearance }
      order = await orderOf(run, least)
      return await signUnder(run, order)
    } catch (error) {
      if (error instanceof HandedOver) {
        const { signatures } = error
        announce(board, request, signatures)
        const unkept = await keepSigned(claims, request, order, signatures)
        return { request, target, order, signatures, certificate: null, transcript: null, unkept }
      }
      if (!(error instanceof Superseded)) {
        await clearance?.release()
        throw await inDoubtIfLeft(error, run)
      }
      least = error.least
      ordered.set(error.by, (ordered.get(error.by) ?? 0) + 1)
    }
  }
}

/** An asker who does not sign waits for the signatures. */
async function watch(run: Signing): Promise<Signed> {
  const { world, board, request, target } = run
  const deadline = joinUntil(world.patience, world.clock.now())
  await board.until(
    () => endOf(run) !== null,
    deadline,
    () => nobodyCame(request, 'it was not signed in time'),
  )
  const signatures = board.signatures(request.id).find((each) => areSignatures(target, each))
  if (!signatures) throw endOf(run) as Error
  const order = heardOrder(run, 1)?.said ?? orderBy(run, 1)
  const unkept = await keepSigned(new RequestClaims(world.home, request.id), request, order, signatures)
  return { request, target, order, signatures, certificate: null, transcript: null, unkept }
}

async function inDoubtIfLeft(error: unknown, { key, request, claims }: SigningRun): Promise<unknown> {
  const { left } = await claims.status()
  // A signer that cheats with its own share has the others' shares, and may have the signature.
  if (left === null || !(error instanceof Failure) || error.kind === 'conflict') return error
  return new Failure(
    'doubt',
    'E_IN_DOUBT',
    `your signature share was sent, but no signature came back: ${error.message}`,
    {
      cause: error,
      hint: `the signature may exist: \`mpc sign --key ${key.name} --join ${hex(request.id)}\`, here and at the other signers, ends it and counts as one signature`,
      accused: error.accused,
      ...(error.party && { party: error.party }),
    },
  )
}
