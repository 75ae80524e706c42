/** The message to a person about a failed connection to a NATS server, by the stage that it reached. */
import { Failure } from '../../wire/base/failure.js'
import { visible } from '../../wire/base/text.js'
import type { Broken } from './line.js'
import { otherCertificate } from './pin.js'
import { broker, type Trouble } from './refusals.js'
import type { Server } from './servers.js'

/** Paths of the TLS files, and the pin, for people. */
export type TlsFiles = {
  readonly ca: string | null
  readonly cert: string | null
  readonly pin: string | null
}

const NAME_IT = 'name another with --nats URL or MPC_NATS_URL'

export function troubleOf(broken: Broken, server: Server, files: TlsFiles): Trouble {
  const { stage, cause, silent } = broken
  const code = typeof cause === 'string' ? cause : (cause.code ?? 'unknown')
  const tls = stage === 'tls' || stage === 'login' ? tlsTrouble(code, cause, server, files) : null
  if (tls) return { failure: tls, lasts: 'for good' }
  if (stage === 'dialling') return dialling(code, server)
  const { where } = server
  if (code === 'time' && stage === 'greeting') {
    const problem = silent
      ? `${where} was reached and says nothing: no NATS server, or one that is overloaded`
      : `${where} was reached and does not finish its greeting: no NATS server, or one that is overloaded`
    return { failure: broker(problem, `look at that server, or ${NAME_IT}`), lasts: 'for good' }
  }
  if (code === 'closed' && silent) {
    const problem = `${where} closes the connection without a greeting: no NATS server, or one that is starting or full`
    return { failure: broker(problem, `look at that server, or ${NAME_IT}`), lasts: 'a moment' }
  }
  const problem = `the connection to the NATS server at ${where} breaks before this identity is let in (${code})`
  return { failure: broker(problem, 'look at the network between here and there'), lasts: 'a while' }
}

function dialling(code: string, { where, hostname }: Server): Trouble {
  switch (code) {
    case 'ECONNREFUSED':
      return trouble(`nobody listens at ${where}`, `start a NATS server there, or ${NAME_IT}`)
    case 'ENOTFOUND':
      return {
        ...trouble(`there is no host named ${visible(hostname)}`, `check how it is spelt, or ${NAME_IT}`),
        lasts: 'for good',
      }
    case 'EAI_AGAIN':
      return trouble(
        `the name ${visible(hostname)} cannot be looked up now`,
        'check that this machine is online',
      )
    case 'time':
      return trouble(
        `nothing answers at ${where}`,
        `check the address, and firewalls on the way; or ${NAME_IT}`,
      )
    case 'ECONNRESET':
      return {
        ...trouble(`the connection to ${where} is reset`, 'look at the network on the way'),
        lasts: 'a while',
      }
    default:
      return trouble(
        `there is no way to ${where} (${code})`,
        'check the address, and that this machine is online',
      )
  }
}

const trouble = (problem: string, hint: string): Trouble => ({
  failure: broker(problem, hint),
  lasts: 'a moment',
})

/** Codes for a certificate that nobody vouches for. */
const STRANGER =
  /SELF_SIGNED|UNABLE_TO_VERIFY|UNABLE_TO_GET_ISSUER|CERT_SIGNATURE|CERT_UNTRUSTED|INVALID_CA|TLS_PIN/

/** @returns null if the failure has nothing to do with TLS */
function tlsTrouble(code: string, cause: Broken['cause'], server: Server, files: TlsFiles): Failure | null {
  const { where } = server
  const fail = (problem: string, hint: string): Failure =>
    new Failure('network', 'E_BROKER_TLS', `${problem} (${code})`, { hint, cause })
  if (code === 'CERT_HAS_EXPIRED') {
    const hint = 'its administrator renews it; if it is still valid, the clock of this machine is wrong'
    return fail(`the certificate of the NATS server at ${where} has expired`, hint)
  }
  if (code === 'CERT_NOT_YET_VALID') {
    return fail(
      `the certificate of the NATS server at ${where} is not valid yet`,
      'check the clock of this machine',
    )
  }
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    const names = (cause as { cert?: { subjectaltname?: string } }).cert?.subjectaltname ?? 'no name'
    const hint = 'name the server as its certificate does, or ask its administrator for one with this name'
    return fail(
      `the certificate of the server at ${where} is of another host: it names ${visible(names)}`,
      hint,
    )
  }
  if (STRANGER.test(code)) {
    // The server has another certificate than a moment ago.
    if (files.pin !== null) return otherCertificate(where, files.pin, null)
    return files.ca === null
      ? fail(
          `the certificate of the NATS server at ${where} is of no authority that this machine trusts`,
          'ask its administrator for the certificate of the authority, and name it: --nats-ca FILE; for `mpc relay --self-signed` give the hash that it prints: --nats-pin HASH',
        )
      : fail(
          `the certificate of the NATS server at ${where} is not of an authority in ${files.ca}`,
          'ask its administrator for the certificate of the right authority: --nats-ca FILE',
        )
  }
  if (/ALERT.*(?:CERTIFICATE|UNKNOWN_CA)|ALERT_HANDSHAKE_FAILURE|ALERT_ACCESS_DENIED/.test(code)) {
    return files.cert === null
      ? fail(
          `the NATS server at ${where} wants a certificate of this client`,
          'ask its administrator for one, and name it and its key: --nats-cert FILE --nats-key FILE',
        )
      : fail(
          `the NATS server at ${where} does not accept the client certificate in ${files.cert}`,
          'ask its administrator for one of the authority that it trusts, made for clients',
        )
  }
  if (/PROTOCOL_VERSION|UNSUPPORTED_PROTOCOL/.test(code)) {
    return fail(
      `the NATS server at ${where} does not speak TLS ${files.pin === null ? '1.2' : '1.3'} or newer`,
      'ask its administrator to allow it',
    )
  }
  return /^(?:ERR_SSL|ERR_TLS|CERT_|ERR_OSSL)/.test(code)
    ? fail(`TLS with the NATS server at ${where} fails`, 'ask its administrator what its TLS needs')
    : null
}
