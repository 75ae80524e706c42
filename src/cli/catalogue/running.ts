/** Codes of ceremonies as they run: the network, the others, signing, endings. */
import { NAME_RULE } from '../../wire/base/text.js'
import { entry } from './entry.js'

export const runningCodes = {
  E_NATS_URL: entry('This is not the URL of a NATS server.', 'Write nats://host:port or tls://host:port.'),
  E_TLS: entry(
    'What crosses a network would cross it in clear.',
    'Use tls://, or set nats.insecure: true in config.yaml of the home if the network itself is trusted. A server takes --tls-cert and --tls-key.',
  ),
  E_TLS_FILES: entry(
    'A file for TLS is not what it should be: certificate and key do not fit, or one is missing.',
    'Give both, as PEM files.',
  ),
  E_LISTEN: entry('The relay cannot listen there.', 'Name another address with --listen HOST:PORT.'),
  E_RELAY_OPEN: entry(
    'A relay for everybody is for this machine only.',
    'Say who may connect: `mpc relay --definition FILE`.',
  ),
  E_NATS_GROUP: entry('It is not clear for whom the server is.', 'Give one of --definition and --cards.'),
  E_BROKER: entry('No NATS server answers there.', 'Start it, or name another with --nats.'),
  E_BROKER_AUTH: entry(
    'The server does not know this identity, or does not accept the NATS credentials.',
    'Give its administrator your card, or ask for new credentials.',
  ),
  E_BROKER_TLS: entry(
    'No TLS connection with the server comes about: a certificate, an authority or a setting does not fit.',
    'The error says which; --nats-ca, --nats-cert and --nats-key name the files.',
  ),
  E_BROKER_LIMIT: entry(
    'A limit of the server is below what is needed: its connections, subscriptions or the size of a message.',
    'Its administrator raises what the error names; `mpc nats config` prints limits that suffice.',
  ),
  E_NATS_CREDS: entry('The file of NATS credentials is empty, cut short or damaged.', 'Ask for it again.'),
  E_BROKER_PERMISSION: entry('The server forbids something needed.', 'Add the line that the error names.'),
  E_BROKER_AWAY: entry('The server stayed away too long.', 'Run the same command again when it is back.'),
  E_ABSENT: entry(
    'Somebody did not come, or stopped answering.',
    'Talk to them and run the same command again.',
  ),
  E_TIMEOUT: entry('The time that --timeout gives is over.', 'Run the same command again, with more time.'),
  E_ENDED: entry(
    'This member has ended this ceremony, and takes no part in it any more.',
    'Make a new definition: `mpc ceremony new`.',
  ),
  E_DONE: entry('This ceremony is done here.', 'Nothing needs to be done; `mpc ceremony list` shows it.'),
  E_MAJORITY: entry(
    'No more than half of the custodians until now have signed the resharing.',
    'Those who get no share of it say yes by running `mpc reshare` too. Else: --minority.',
  ),
  E_WATCHED: entry(
    'This member has signed for a resharing, and does not know what came of it.',
    'Run the same command again while somebody who took part runs it too.',
  ),
  E_PEER_LEFT: entry('Somebody left the ceremony.', 'Run the same command again when everybody is ready.'),
  E_PEER_FAILED: entry("Somebody's program could not go on.", 'Ask what their screen says; then again.'),
  E_PEER_REFUSED: entry('Somebody else said no.', 'Ask them why.'),
  E_PEER_ABORT: entry(
    'Somebody ended it over a fault that this machine has not seen.',
    'Ask for their evidence.',
  ),
  E_PROTOCOL: entry(
    "Somebody's program speaks another protocol than this one. Nobody is accused, and nothing was kept.",
    'Run the same version of mpc everywhere.',
  ),
  E_RESTARTS: entry('It was begun too often without getting further.', 'Find out who restarts, and why.'),
  E_ABORT: entry(
    'A member broke the protocol; the error names who and how.',
    'Talk to them; nothing was kept.',
  ),
  E_EQUIVOCATION: entry(
    'A member signed two different letters for one round.',
    'Keep the evidence, ask them.',
  ),
  E_SPLIT_VIEW: entry(
    'Not everybody saw the same, and nobody can be blamed for it: the network may have done it.',
    'Ask whoever the error names; run it again, over another server if it recurs.',
  ),
  E_IN_DOUBT: entry(
    'This member has voted, or its signature share has left, and it does not know how it ended.',
    'Run the same command again, or `mpc ceremony finish FILE --certificate F` with the certificate of another.',
  ),
  E_UNFINISHED: entry(
    'This member has voted or signed, and this home could not write down what comes of it: its disk is full, say.',
    'Mend that and run the command that the error names: it only finishes.',
  ),
  E_VOTED: entry('This member has voted for a result and may not vote again.', 'Run `mpc ceremony finish`.'),
  E_VOTED_PARENT: entry(
    'This member has voted for another ceremony that starts from the same epoch of the key.',
    'Finish that one: `mpc ceremony finish ID`. One that replaces it names it, and what others voted for: `--supersedes`.',
  ),
  E_MOVED: entry(
    'The share of this epoch was moved to another identity, by `mpc share rekey`: only one of the two votes.',
    'Take part from where it was moved to.',
  ),
  E_PARENT: entry(
    'It starts from an epoch of the key that this home would need and does not hold, or that does not come after what is here.',
    'Make a definition from the epoch that is in use; who does not hold that deals nothing, and is dealt a new share.',
  ),
  E_START: entry('Another process of this home has gone ahead.', 'Run one process of this home at a time.'),
  E_PENDING_EXISTS: entry('Another result of this ceremony waits here.', 'Run `mpc ceremony finish`.'),
  E_CERTIFICATE: entry('The certificate is not of this result.', 'Ask another participant for theirs.'),
  E_CERTIFICATE_EXISTS: entry('Another certificate is here: two cannot be.', 'Keep both, and ask everybody.'),
  E_TRANSCRIPT_EXISTS: entry('Another transcript of this ceremony is here.', 'Keep both, and ask everybody.'),
  E_EVIDENCE_EXISTS: entry('Other evidence has that name.', 'Nothing was overwritten.'),
  E_NOTHING_TO_FINISH: entry(
    'This home has no unfinished result of that ceremony.',
    'Nothing needs to be done here.',
  ),
  E_TRANSCRIPT: entry(
    'The transcript does not hold together, or was altered.',
    'Ask a participant for theirs.',
  ),
  E_EVIDENCE: entry(
    'The letters in the file hold together, and prove nobody at fault.',
    'Ask the other participants for the files that they kept: what one alone was shown is its word only.',
  ),
  E_TRANSCRIPT_CARDS: entry(
    'The transcript is of other people than the cards.',
    'Give the cards of its members.',
  ),
  E_HANDSHAKE_WITH: entry('It is not clear whom to meet.', 'Give one of --definition and --with.'),
  E_KEYGEN_WAY: entry('It is not clear which ceremony.', 'Give one of --definition and --join.'),
  E_NO_KEY: entry('There is no key of this name here.', '`mpc key list` lists them.'),
  E_KEY_NAME: entry('That cannot be the name of a key.', `A name is of ${NAME_RULE}.`),
  E_KEY_EXISTS: entry('A key of this name is here already.', 'Make the definition with another --key.'),
  E_EPOCH: entry(
    'It is about another epoch of the key.',
    'Run it again, or ask anew, with the shares in use.',
  ),
  E_BEHIND: entry(
    'A home holds no share of the epoch in use, though its custodian is to have one: it was put back from an older copy.',
    'Have a new share dealt: `mpc ceremony new refresh`, by a custodian who holds one; then both take part.',
  ),
  E_EPOCH_EXISTS: entry('Other files of this epoch are here.', 'Nothing was changed; compare with a copy.'),
  E_RECORD: entry(
    'This is not the public record of a key.',
    'Ask for it again: `mpc key show NAME --export`.',
  ),
  E_PATH: entry(
    'The path leads to no key, the scheme has no derived keys, or a request is for one, which is not built yet.',
    'Use a path like m/0/1, without hardened steps, where the scheme has them; else the key itself.',
  ),
  E_ADDRESS_TYPE: entry('Keys of this scheme have no such address.', 'Use a type that the error names.'),
  E_XPUB: entry('Ed25519 keys have no extended public key.', 'Export it with --format hex.'),
  E_REQUEST_TIME: entry(
    'The request is dated ahead of this clock, or wants to live for more than a day.',
    'Compare clocks with its asker, then ask for a new one.',
  ),
  E_REASON: entry('The reason is too long for the others to read.', 'Say it in at most 500 characters.'),
  E_SIGN_WAY: entry('It is not clear whether to ask or to join.', 'Give one of --in, --join and --next.'),
  E_SIGNERS: entry('Not as many signers as must sign, or one twice.', 'Name exactly as many as must sign.'),
  E_NO_SIGNERS: entry(
    'Not enough custodians came to sign.',
    'Run it again, with the signers that the error offers.',
  ),
  E_NOT_SIGNER: entry('The request names other signers.', 'Nothing to do here.'),
  E_NO_REQUEST: entry(
    'Nobody asked for a signature in time that may be signed here; the error names what was passed over, and why.',
    'Let the asker run at the same time; compare what it asks for with what is approved.',
  ),
  E_REQUEST: entry(
    'A request for a signature cannot be read, or its asker did not sign it.',
    'It is passed over. Ask whoever says it for what it is.',
  ),
  E_PASSED_OVER: entry(
    'A signer is there and leaves the request to others; the error says why.',
    'Mend that there or here, then run both commands again.',
  ),
  E_ASKER_LEFT: entry(
    'Who asked for the signature has taken the request back, or left.',
    'Nothing of yours has left. Ask them; they can ask for it again.',
  ),
  E_REQUEST_ENDED: entry(
    'This request was refused here. (One that is signed hands over its signature to whoever joins it again.)',
    'Make a new request.',
  ),
  E_CLAIMED: entry('Another process of this home works on this request.', 'Wait for it, or end it.'),
  E_LEFT: entry('A signature share has left for another payload of this request.', 'Make a new request.'),
  E_ORDER: entry('This order of the request is spent here.', 'Wait: the next has a higher number.'),
  E_SILENCE: entry('Nobody gave the order to sign in time.', 'The next signer gives it by itself.'),
  E_PAYLOAD: entry('The payload is not what it claims to be.', 'Check --type and the file.'),
  E_TYPE: entry(
    'There is no such type of payload, or keys of this scheme do not sign it.',
    'Give a --type that the error names.',
  ),
  E_DIGEST: entry(
    "32 bytes may be a digest, which says nothing of what is signed: under every scheme that needs leave of the key's policy.",
    'Sign the message itself. Policies are not built yet, so no 32 bytes are signed.',
  ),
  E_APPROVE: entry(
    'The payload is not one that --approve names.',
    'Look at what is asked before you approve.',
  ),
  E_APPROVE_FILE: entry('A line of the approvals is none.', 'Write sha256: and 64 hex digits on each line.'),
  E_APPROVE_TYPE: entry('It was approved as another type or path.', 'Say --type as the request does.'),
  E_SIGNATURE: entry('That cannot be a signature.', 'Give 64 bytes in hex.'),
  E_SIGNATURE_HIGH_S: entry(
    'An ECDSA signature has two forms, and this is the one with a high s. It is valid, but chains refuse it (BIP-62).',
    'Use the form with the low s, as mpc prints it.',
  ),
  E_SIGNATURE_INVALID: entry(
    'The signature is not of these bytes under this key.',
    'Check file, key and signature.',
  ),
  E_VERIFY_KEY: entry(
    'It is not clear under which key to verify.',
    'Give --key, or --public-key with --scheme.',
  ),
} as const
