/** What the servers show and why they cannot be reached: each is probed by hand, all at once. */
import type { Login } from './credentials.js'
import { pinned, probe, type ProbeOptions } from './probe.js'
import type { Lasts, Trouble } from './refusals.js'
import type { Server, ServerOptions, Tls } from './servers.js'

/** Milliseconds for one look. */
const LOOK = 2200

type Looking = Pick<ServerOptions, 'ca' | 'cert' | 'pin'> & { readonly now?: () => number }

type Trusting = Looking & {
  readonly tls: Tls | null
  readonly login: Login
  readonly bear: (trouble: Trouble) => Promise<void>
}

/** TLS that trusts the pinned certificate and nothing else, once a server has shown it. */
export async function trusting(servers: readonly Server[], options: Trusting): Promise<Tls> {
  const { tls, login, pin = '', bear } = options
  for (;;) {
    const look = lookWith(tls, login, options)
    const shown = await Promise.all(servers.map((server) => pinned(server, pin, look)))
    const certificates = shown.filter((each) => typeof each === 'string')
    if (tls && certificates.length > 0) return { ...tls, ca: certificates.join('') }
    await bear(mostHopeful(shown.filter((each) => typeof each !== 'string')) as Trouble)
  }
}

/** Why a connection fails; null if the probe succeeds. Of several servers, the most hopeful answer. */
export async function whyNot(
  servers: readonly Server[],
  tls: Tls | null,
  login: Login,
  options: Looking,
): Promise<Trouble | null> {
  const look = lookWith(tls, login, options)
  const found = await Promise.all(servers.map((server) => probe(server, look)))
  const troubles = found.filter((trouble) => trouble !== null)
  return troubles.length < found.length ? null : mostHopeful(troubles)
}

function lookWith(tls: Tls | null, login: Login, { ca, cert, pin, now = Date.now }: Looking): ProbeOptions {
  const files = { ca: ca?.path ?? null, cert: cert?.path ?? null, pin: pin ?? null }
  return { tls, login, files, within: LOOK, now }
}

function mostHopeful(troubles: readonly Trouble[]): Trouble | null {
  const hopes: readonly Lasts[] = ['a while', 'a moment', 'for good']
  return hopes.flatMap((hope) => troubles.filter(({ lasts }) => lasts === hope))[0] ?? null
}
