/** `data` of the commands that run a server, or configure one. */
import { count, hex, list, name, object, oneOf, orNull, path, type Schema, text } from './schema.js'

export const serverData: Readonly<Record<string, Schema>> = {
  'config show': object({
    file: orNull(path),
    settings: list(object({ name: text, value: orNull(text), by: orNull(text) })),
  }),
  relay: object({
    url: text,
    members: orNull(list(name)),
    connections: count(0),
    /** The hash of the certificate that `--self-signed` made. */
    pin: orNull(hex(32)),
  }),
  'nats config': object({
    account: text,
    users: list(object({ name, nkey: text })),
    config: text,
    /** Fingerprints of title holders in the policy whose cards are not known: they cannot connect. */
    unknown: list(hex(32)),
  }),
  'nats setup': object({
    key: name,
    stream: text,
    state: oneOf('made', 'changed', 'unchanged'),
    /** Names of custodians; of others the first 32 letters of their subjects. */
    people: list(text),
    added: list(text),
    removed: list(text),
  }),
}
