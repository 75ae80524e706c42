/**
 * The cards of others, each in a text file named by its fingerprint, with its status. A card is one line of
 * text here; `ceremony/contacts/` parses and judges it.
 */
import { join } from 'node:path'
import { Failure } from '../../wire/base/failure.js'
import { headerOf, otherRealmIn, refusalOf } from '../../wire/base/realm.js'
import { fromHex, hex } from '../../wire/base/text.js'
import { ensureDir, listDir, readFile, replaceFile } from '../fs/atomic.js'
import type { Home } from './home.js'

const LIMIT = 1 << 14

export type Peer = {
  /** 32 bytes; also the file's name. */
  readonly fingerprint: Uint8Array
  readonly card: string
  readonly status: 'verified' | 'unverified'
  /** When it got this status, RFC 3339 in UTC. */
  readonly since: string
  /** How it got this status: `import`, `fingerprint`, `words`, `handshake`, `rebind`, and the occasion. */
  readonly how: string
}

const FORM = new RegExp(
  [
    '^# status: (?<status>verified|unverified)',
    '# since: (?<since>\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}:\\d{2}(?:\\.\\d{3})?Z)',
    '# how: (?<how>[a-z][a-z0-9 .:-]{0,119})',
    '(?<card>[!-~]{1,8192})\n$',
  ].join('\n'),
)
const FILE = /^(?<fingerprint>[0-9a-f]{64})\.card$/

/** A peer's file that cannot be read, and why. */
export type DamagedPeer = { readonly fingerprint: Uint8Array; readonly problem: Failure }

/** All peers, sorted by fingerprint, and the damaged files apart: one damaged file hides no other. */
export async function listPeers(
  home: Home,
): Promise<{ readonly peers: readonly Peer[]; readonly damaged: readonly DamagedPeer[] }> {
  const peers: Peer[] = []
  const damaged: DamagedPeer[] = []
  for (const name of await listDir(home.peers)) {
    const fingerprint = fromHex(FILE.exec(name)?.groups?.['fingerprint'] ?? '', 32)
    if (!fingerprint) continue
    try {
      const peer = await readPeer(home, fingerprint)
      if (peer) peers.push(peer)
    } catch (problem) {
      // A rehearsal's card among real ones, or the reverse, is an error and not damage.
      if (!(problem instanceof Failure) || refusalOf(problem) !== problem) throw problem
      damaged.push({ fingerprint, problem })
    }
  }
  return { peers, damaged }
}

/** One peer, or null. @throws Failure `E_PEER_FILE` (configuration) if its file is damaged */
export async function readPeer(home: Home, fingerprint: Uint8Array): Promise<Peer | null> {
  const bytes = await readFile(pathOf(home, fingerprint), LIMIT)
  return (
    bytes && {
      fingerprint: Uint8Array.from(fingerprint),
      ...parse(home, fingerprint, Buffer.from(bytes).toString('utf8')),
    }
  )
}

/** Stores a peer in place of its earlier entry. @throws TypeError for a field that could not be read back */
export async function writePeer(home: Home, peer: Peer): Promise<void> {
  const { status, since, how, card } = peer
  const head = `${headerOf('peer')}\n`
  const text = [`# status: ${status}`, `# since: ${since}`, `# how: ${how}`, card, ''].join('\n')
  if (!FORM.test(text)) throw new TypeError('a field of this peer is not of the form that its file has')
  await ensureDir(home.peers)
  await replaceFile(pathOf(home, peer.fingerprint), Buffer.from(`${head}${text}`))
}

const pathOf = (home: Home, fingerprint: Uint8Array): string => join(home.peers, `${hex(fingerprint)}.card`)

/** The failure for a peer's file without a readable card. */
export const damagedPeer = (home: Home, fingerprint: Uint8Array, cause?: unknown): Failure =>
  new Failure('configuration', 'E_PEER_FILE', `${pathOf(home, fingerprint)} is damaged`, {
    hint: 'remove it, and import the card again: `mpc identity import`',
    cause,
  })

function parse(home: Home, fingerprint: Uint8Array, text: string): Omit<Peer, 'fingerprint'> {
  const head = `${headerOf('peer')}\n`
  const field = text.startsWith(head) ? FORM.exec(text.slice(head.length))?.groups : undefined
  if (!field) throw damagedPeer(home, fingerprint, otherRealmIn(text, 'peer'))
  return {
    card: field['card'] as string,
    status: field['status'] as Peer['status'],
    since: field['since'] as string,
    how: field['how'] as string,
  }
}
