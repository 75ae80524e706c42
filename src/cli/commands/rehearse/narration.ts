/** Deeds in a rehearsal after the first signature: what each person types, and its result. */
import { acceptanceWords } from '../../../ceremony/definition/build.js'
import { type Deed, KEY } from '../../../ceremony/rehearsal/participants.js'
import { hex } from '../../../wire/base/text.js'
import type { Style } from '../../terminal/style.js'

/** For the screen of whoever does it. */
export function deedLines(deed: Deed, style: Style): string[] {
  const typed = (command: string): string => style.dim(`$ mpc ${command}`)
  switch (deed.did) {
    case 'reshare':
      return [
        typed('reshare --definition reshare.mpc'),
        `Do you accept this ceremony?  ${style.dim('types')} ${acceptanceWords(deed.file.id)}`,
      ]
    case 'reshared': {
      const { threshold, members, epoch } = deed.record
      return [
        `You hold a share of epoch ${epoch}: ${threshold} of ${members.length} must sign, with the same key.`,
      ]
    }
    case 'split': {
      const { holders, threshold } = deed
      const cards = holders.map((name) => `${name}.card`).join(',')
      return [
        typed(`backup split --key ${KEY} --threshold ${threshold} --holders ${cards} -o pieces`),
        `A piece for each of ${holders.join(', ')}; any ${threshold} of them restore the share.`,
      ]
    }
    case 'check':
      return [
        typed(`backup verify ${deed.holder}.piece --record record.json`),
        `It is whole, a piece of the share of ${deed.custodian}.`,
      ]
    case 'hand-on':
      return [typed(`backup open ${deed.holder}.piece --to ${deed.to}-again.card -o ${deed.holder}.reopened`)]
    case 'restore':
      return [
        '(the old machine is lost; this is another, with a new identity)',
        typed(`backup restore ${deed.holders.map((name) => `${name}.reopened`).join(' ')}`),
        'The share is here again, and proved against the public record.',
      ]
    case 'accept': {
      const { name, fingerprint } = deed.card
      const file = `${name}-again.card`
      return [
        typed(`identity import ${file} --rebind FILE --fingerprint ${hex(fingerprint).slice(0, 8)}…`),
        `${name} told it, in person, and sits in the old seat again.`,
      ]
    }
    default:
      return deed satisfies never
  }
}
