import { parseCards } from '../../../ceremony/contacts/import-cards.js'
import { type Keeping, natsConfig } from '../../../messaging/transport/nats-config.js'
import { isLoopback } from '../../../messaging/transport/transport.js'
import { CodecError } from '../../../protocol/core/codec.js'
import { checkDistinct, type Keys } from '../../../wire/identity/card.js'
import { Failure } from '../../../wire/base/failure.js'
import { nkeyText } from '../../../wire/base/nkey.js'
import { type Address, hostPort } from '../../runtime/parse.js'
import type { Context } from '../../runtime/context.js'
import {
  cardAlone,
  type Group,
  groupOf,
  groupOfKey,
  type TlsFiles,
  tlsFiles,
  unknownLines,
} from '../../args/members-file.js'
import { readNamed } from '../../runtime/read-input.js'
import type { Result } from '../../runtime/result.js'

export type Options = TlsFiles & {
  readonly definition?: string
  readonly cards?: readonly string[]
  readonly card?: readonly string[]
  readonly listen?: Address
  readonly tlsCa?: string
  readonly key?: string
  /** A folder on the server's machine. */
  readonly jetstream?: string
  /** A member's name. */
  readonly admin?: string
}

const LISTEN: Address = { host: '127.0.0.1', port: 4222 }

/** `mpc nats config`: the nats-server configuration for one group of people. */
export async function run(context: Context, options: Options): Promise<Result> {
  const group = await theGroup(context, options)
  const { name, members, approvers } = group
  const listen = options.listen ?? LISTEN
  const files = tlsFiles(options)
  if (options.tlsCa !== undefined && files === null) {
    throw new Failure('usage', 'E_TLS_FILES', '--tls-ca needs --tls-cert and --tls-key')
  }
  if (files === null && !isLoopback(listen.host)) {
    throw new Failure('configuration', 'E_TLS', 'a server that other machines reach needs TLS', {
      hint: 'give --tls-cert FILE and --tls-key FILE, or listen on 127.0.0.1',
    })
  }
  const tls = files && { ...files, ca: options.tlsCa ?? null }
  const keeping = keepingIn(options, group)
  const config = natsConfig({ account: name, members, approvers, listen: hostPort(listen), keeping, tls })
  return {
    data: {
      account: name,
      users: [...members, ...approvers].map(({ name, nkey }) => ({ name, nkey: nkeyText(nkey) })),
      config: `${config.join('\n')}\n`,
      unknown: group.unknown,
    },
    text: [
      `# ${name}: ${[...members, ...approvers].map((keys) => keys.name).join(', ')}. Made by mpc nats config.`,
      ...unknownLines(group).map((line) => `# ${line}`),
      ...config,
    ],
    next: 'nats-server -c FILE   (2.9 or newer; 2.11.16 or newer in production)',
  }
}

/** @throws Failure `E_NATS_GROUP` (usage) */
function keepingIn({ jetstream, admin }: Options, { keyId, members }: Group): Keeping | null {
  if (jetstream === undefined) {
    if (admin === undefined) return null
    throw groupFailure('--admin goes with --jetstream', 'a server without JetStream needs no setup')
  }
  if (keyId === null) {
    throw groupFailure('--jetstream needs the key whose requests are kept', 'give --definition or --key')
  }
  const names = members.map(({ name }) => name)
  if (admin !== undefined && !names.includes(admin)) {
    throw groupFailure(`${admin} is no member`, `the members: ${names.join(', ')}`)
  }
  return { folder: jetstream, keyId, admin: admin ?? null }
}

async function theGroup(context: Context, { definition, cards, key, card = [] }: Options): Promise<Group> {
  const ways = [definition, cards, key].filter((way) => way !== undefined).length
  if (ways === 1 && key !== undefined) return groupOfKey(context, key, card)
  if (definition === undefined && card.length > 0) throw cardAlone()
  if (ways === 1 && definition !== undefined) return groupOf(context, definition, card)
  if (ways !== 1 || cards === undefined) {
    throw groupFailure('no members are named, or twice', 'give one of --definition, --key and --cards')
  }
  const texts = await Promise.all(cards.map((file) => readNamed(file, '--cards')))
  const members = distinct(texts.flatMap((bytes) => [...parseCards(bytes)]))
  return { name: 'mpc', members, approvers: [], unknown: [], keyId: null }
}

function distinct(cards: readonly Keys[]): readonly Keys[] {
  try {
    checkDistinct(cards)
    return cards
  } catch (cause) {
    if (!(cause instanceof CodecError)) throw cause
    throw groupFailure(`the cards do not fit together: ${cause.message}`, 'give one card of each member')
  }
}

const groupFailure = (problem: string, hint: string): Failure =>
  new Failure('usage', 'E_NATS_GROUP', problem, { hint })
