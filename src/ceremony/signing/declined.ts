/**
 * Signers that are present and leave a request to others: the asker learns why, instead of counting them as
 * absent.
 */
import { CLOCKS_APART, clocksDiffer } from '../../messaging/channel/clock.js'
import { Failure } from '../../wire/base/failure.js'
import type { Request } from '../../wire/ceremony/request.js'
import { hex, visible } from '../../wire/base/text.js'
import { nameOf } from '../requests/requester.js'
import type { Declined } from '../requests/request-board.js'
import type { TakenUp } from '../requests/signing-run.js'

/** The reason in words, to follow the member's name. */
export function reasonOf({ why, ahead }: Declined, who: string, { type, path, id }: Request): string {
  switch (why) {
    case 'payload':
      return 'is there and does not approve it: other payloads were approved there'
    case 'type': {
      const at = path === null ? 'the key itself' : visible(path)
      return `is there and does not approve it: it is asked for as ${type}, for ${at}, and was approved otherwise`
    }
    case 'policy':
      return 'is there, and the policy does not let it sign this'
    case 'awaits':
      return 'is there, and waits for what the policy wants before it signs'
    case 'attended':
      return 'is there as a script, and the policy wants a person for this'
    case 'epoch':
      return 'is there and has another epoch of the key in use'
    case 'clock':
      return Math.abs(ahead) > CLOCKS_APART
        ? `is there and finds its date wrong: ${clocksDiffer(ahead, 0, who)}`
        : 'is there and finds it out of date'
    case 'seat':
      return 'is there and knows another identity in the seat of a signer'
    case 'unfit':
      return `is there and cannot sign request ${hex(id).slice(0, 16)}`
    default:
      return why satisfies never
  }
}

const NEXT: Readonly<Record<Declined['why'], string>> = {
  payload: 'compare what was approved there with the payload',
  type: 'both say the same --type and --path',
  policy: '`mpc policy explain` says there which rule decides',
  awaits: 'approvals come by `mpc approve`; --timeout says how long everybody waits for them',
  attended: 'a person runs `mpc sign --next` there, or its script names the payload: --approve sha256:HEX',
  epoch: '`mpc share statements` tells a home that is behind of the newer epoch',
  clock: 'set the clock that is wrong',
  seat: 'there: `mpc identity import NEW.card --rebind FILE --fingerprint FP`',
  unfit: 'ask what their screen says',
}

/** Tells this home's person about each member that leaves the request to others, once. */
export function tellOfDeclined({ world: { emit }, key, board, request }: TakenUp): void {
  board.onDeclined = (id, by, said) => {
    if (hex(id) !== hex(request.id)) return
    const party = nameOf(key, { asker: by })
    emit({ event: 'declined', party, reason: said ? reasonOf(said, party, request) : 'refused to sign' })
  }
}

/** The failure that names members who are present and do not sign, in place of one that calls them absent. */
export function declinedBy({ key, board, request }: TakenUp, error: unknown): unknown {
  if (!(error instanceof Failure) || !ABSENCES.includes(error.code)) return error
  const { missing } = error
  const awaited = request.signers?.map(hex)
  const declined = board
    .declined(request.id)
    .filter(({ by }) => awaited?.includes(hex(by)) ?? true)
    .map(({ by, said }) => ({ who: nameOf(key, { asker: by }), said }))
    .filter(({ who }) => missing.length === 0 || missing.includes(who))
  const [first] = declined
  if (!first) return error
  const words = declined.map(({ who, said }) => `${who} ${reasonOf(said, who, request)}`)
  return new Failure('absent', 'E_PASSED_OVER', words.join('; '), {
    party: first.who,
    hint: NEXT[first.said.why],
    cause: error,
    missing: missing.length > 0 ? missing : declined.map(({ who }) => who),
  })
}

/** A signer did not come, or too few offered. */
const ABSENCES: readonly string[] = ['E_ABSENT', 'E_NO_SIGNERS']
