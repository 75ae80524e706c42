import { participantsOf, readCeremony } from '../../../ceremony/definition/build.js'
import { handshakeAmong, planHandshake, runHandshake } from '../../../ceremony/session/handshake.js'
import { cardNamed } from '../../../ceremony/contacts/contacts.js'
import type { Keys } from '../../../wire/identity/card.js'
import type { DefinitionFile } from '../../../wire/ceremony/definition.js'
import { Failure } from '../../../wire/base/failure.js'
import { hex } from '../../../wire/base/text.js'
import type { Context } from '../../runtime/context.js'
import { readNamed } from '../../runtime/read-input.js'
import { ears } from '../../views/narrate.js'
import type { Result } from '../../runtime/result.js'
import { inWorld } from '../../runtime/world.js'
import { fields } from '../../terminal/style.js'

export type Options = {
  readonly definition?: string
  readonly with?: readonly string[]
  readonly allowQuarantined?: readonly string[]
}

/** `mpc ecdh handshake`: opens a session and does nothing in it. */
export async function run(context: Context, options: Options): Promise<Result> {
  const home = await context.home()
  const card = await context.card()
  const file = await handshakeOf(context, options, card)
  const members = await planHandshake({ home, card, person: ears(context.terminal) }, file)
  const others = members.map(({ name }) => name).filter((name) => name !== card.name)
  const { allowQuarantined: allowed } = options
  const seating = { card, waitingFor: 'Joining', ceremony: file.id, allowed }
  const met = await inWorld(context, seating, (world) => runHandshake(world, file))
  const shown = (ms: number | null) => (ms === null ? 'no answer' : `${ms} ms`)
  return {
    data: {
      words: met.words,
      sid: hex(met.sid),
      peers: met.peers.map(({ name, fingerprint, rtt, clock, verified }) => ({
        name,
        fingerprint: hex(fingerprint),
        rtt_ms: rtt,
        clock_ms: clock,
        verified,
      })),
    },
    text: fields([
      ['six words', met.words.join(' ')],
      ...met.peers.map(({ name, rtt, clock, verified }): [string, string] => [
        name,
        `${verified ? 'verified' : 'not verified'}, round trip ${shown(rtt)}, clock ahead by ${shown(clock)}`,
      ]),
    ]),
    next: `mpc ceremony new keygen --key NAME --scheme eddsa-ed25519 --threshold 2 --members ${[card.name, ...others].join(',')} -o NAME.mpc`,
  }
}

async function handshakeOf(context: Context, options: Options, self: Keys): Promise<DefinitionFile> {
  if ((options.definition === undefined) === (options.with === undefined)) {
    throw new Failure('usage', 'E_HANDSHAKE_WITH', 'give one of --with NAMES and --definition FILE')
  }
  if (options.definition !== undefined) {
    return handshakeAmong(participantsOf(readCeremony(await readNamed(options.definition, '--definition'))))
  }
  const home = await context.home()
  const others = await Promise.all((options.with ?? []).map((name) => cardNamed(home, name)))
  return handshakeAmong([self, ...others.map(({ card }) => card).filter((card) => card.name !== self.name)])
}
