/** Codes of running ceremonies: the network, other members, signing, outcomes. */
import { NAME_RULE } from '../../wire/base/text.js'
import { entry } from './entry.js'

export const runningCodes = {
  E_NATS_URL: entry('This is not the URL of a NATS server.', 'Write nats://host:port or tls://host:port.'),
  E_TLS: entry(
    'The connection would cross a network unencrypted.',
    'Use tls://. If you trust the network itself, set nats.insecure: true in config.yaml of the home. `mpc relay` takes --self-signed, and a server --tls-cert and --tls-key.',
  ),
  E_TLS_FILES: entry(
    'A TLS certificate and its key are missing or do not match.',
    'Give both, as PEM files.',
  ),
  E_NATS_PIN: entry(
    'The pin is not the hash of a certificate, or an authority is given beside it.',
    'Copy the line that `mpc relay --self-signed` prints. Give --nats-pin or --nats-ca.',
  ),
  E_LISTEN: entry('The relay cannot listen at that address.', 'Name another one: --listen HOST:PORT.'),
  E_RELAY_OPEN: entry(
    'A relay without a member list may listen on this machine only.',
    'Name the members: `mpc relay --definition FILE`.',
  ),
  E_NATS_SETUP: entry(
    'The server has no place for requests of this key that wait, or none for this identity.',
    'Its administrator runs `mpc nats setup --key KEY`, once, and again after each reshare.',
  ),
  E_WORK_FULL: entry(
    'As many requests or messages of yours wait as may. Nobody else is held up.',
    'Let everybody read what waits: `mpc request list`. Take back what is not needed: `mpc request cancel ID`.',
  ),
  E_NOT_ASKER: entry(
    'Only its asker may take back a request that waits.',
    'Refuse it: at the question of `mpc sign`, or by `mpc refuse` if the policy gives you a title.',
  ),
  E_NATS_GROUP: entry(
    'The command does not name the members.',
    'Give one of --definition, --key and --cards.',
  ),
  E_CORE_ONLY: entry(
    'The server keeps no requests: it is `mpc relay`, or a nats-server without JetStream.',
    'Use a nats-server with JetStream: `mpc nats config --jetstream DIR`. Or ask while everybody is there: `mpc sign --in FILE`.',
  ),
  E_BROKER: entry('No NATS server answers at that address.', 'Start it, or name another with --nats.'),
  E_BROKER_AUTH: entry(
    'The server does not know this identity, or rejects the NATS credentials.',
    'Give its administrator your card, or ask for new credentials.',
  ),
  E_BROKER_TLS: entry(
    'The TLS handshake with the server failed.',
    'The error names the cause. --nats-ca, --nats-cert and --nats-key name the files.',
  ),
  E_BROKER_PIN: entry(
    'The server does not show the certificate that the pin names. It may be another server.',
    'Ask whoever runs the server, by voice, for the line that it prints. Nothing was said to this server.',
  ),
  E_BROKER_LIMIT: entry(
    'A limit of the server is too low: connections, subscriptions or message size.',
    'Its administrator must raise it. `mpc nats config` prints sufficient limits.',
  ),
  E_NATS_CREDS: entry(
    'The NATS credentials file is empty, incomplete or damaged.',
    'Ask the administrator of the server for it again.',
  ),
  E_BROKER_PERMISSION: entry(
    'The server denies a permission that mpc needs.',
    'Its administrator must add the line that the error gives.',
  ),
  E_BROKER_AWAY: entry(
    'The connection to the server was lost and not restored in time.',
    'Run the same command again when the server is back.',
  ),
  E_ABSENT: entry(
    'A member did not come, or stopped answering.',
    'Talk to that member and run the same command again.',
  ),
  E_TIMEOUT: entry('The time given by --timeout is over.', 'Run the same command again with more time.'),
  E_ENDED: entry(
    'This home has aborted the ceremony and takes no further part in it.',
    'Make a new one: `mpc ceremony new`.',
  ),
  E_DONE: entry('The ceremony is complete here.', 'Do nothing. `mpc ceremony list` shows the result.'),
  E_MAJORITY: entry(
    'A reshare needs the signatures of more than half of the old custodians.',
    'Old custodians who get no new share sign by running `mpc reshare` too. If they cannot, use --minority.',
  ),
  E_WATCHED: entry(
    'This member has signed for a reshare and does not know its outcome.',
    'Run the same command again while a participant of the reshare runs it too.',
  ),
  E_PEER_LEFT: entry('A member left the ceremony.', 'Run the same command again when everybody is ready.'),
  E_PEER_FAILED: entry("A member's program failed.", 'Ask what its screen says, then run the command again.'),
  E_PEER_REFUSED: entry('Another member refused.', 'Ask why.'),
  E_PEER_ABORT: entry(
    'Another member aborted because of a fault that this program did not see.',
    'Ask that member for its evidence.',
  ),
  E_PROTOCOL: entry(
    'A member runs a program with another protocol version. Nothing was kept, and nobody is accused.',
    'Run the same version of mpc everywhere.',
  ),
  E_RESTARTS: entry('The ceremony restarted too often without progress.', 'Find out who restarts, and why.'),
  E_ABORT: entry('A member broke the protocol. The error says who and how.', 'Nothing was kept. Ask why.'),
  E_EQUIVOCATION: entry('A member signed two different letters for one round.', 'Keep the evidence file.'),
  E_SPLIT_VIEW: entry(
    'The members received different letters. The network may have caused it, so nobody is accused.',
    'Ask the members that the error names, then run it again. If it recurs, use another server.',
  ),
  E_IN_DOUBT: entry(
    'This member has voted, or has sent its signature share, and does not know the outcome.',
    'Run the same command again, or `mpc ceremony finish FILE --certificate F` with the certificate of another member.',
  ),
  E_UNFINISHED: entry(
    'This member has voted or signed, and then this home failed to store the outcome, for example because its disk is full.',
    'Fix the cause, then run the command that the error gives. It only finishes the work.',
  ),
  E_VOTED: entry('This member has voted for a result and cannot vote again.', 'Run `mpc ceremony finish`.'),
  E_VOTED_PARENT: entry(
    'This member has voted for another ceremony that starts from the same epoch of the key.',
    'Finish that one: `mpc ceremony finish ID`. To replace it, make a ceremony that names it, and every other one voted for: --supersedes.',
  ),
  E_MOVED: entry(
    'The share of this epoch was moved to another identity by `mpc share rekey`. Only that identity may vote.',
    'Take part from the home that has the share now.',
  ),
  E_PARENT: entry(
    'The ceremony starts from an epoch that this home does not hold, or that does not follow the epochs here.',
    'Make a ceremony file from the epoch in use. A custodian without its share deals nothing, and gets a new share.',
  ),
  E_START: entry('Another process of this home has taken over.', 'Run one process of this home at a time.'),
  E_PENDING_EXISTS: entry(
    'This home has another pending result of the ceremony.',
    'Run `mpc ceremony finish`.',
  ),
  E_CERTIFICATE: entry('The certificate is not for this result.', 'Ask another participant for it.'),
  E_CERTIFICATE_EXISTS: entry(
    'This home has another certificate of the same ceremony. There should be only one.',
    'Keep both, and ask all participants.',
  ),
  E_TRANSCRIPT_EXISTS: entry(
    'This home has another transcript of the ceremony.',
    'Keep both, and ask everybody.',
  ),
  E_EVIDENCE_EXISTS: entry('An evidence file with that name exists.', 'Nothing was overwritten.'),
  E_NOTHING_TO_FINISH: entry('This home has no unfinished result of that ceremony.', 'Do nothing.'),
  E_TRANSCRIPT: entry('The transcript is not valid, or was altered.', 'Ask another participant for it.'),
  E_EVIDENCE: entry(
    'The letters in the file are valid and prove no fault.',
    'Ask the other participants for their files. A letter that only one member received proves nothing alone.',
  ),
  E_TRANSCRIPT_CARDS: entry('The transcript is not of these members.', 'Give the cards of its members.'),
  E_HANDSHAKE_WITH: entry('The command does not say whom to meet.', 'Give one of --definition and --with.'),
  E_KEYGEN_WAY: entry('The command does not name one ceremony.', 'Give one of --definition and --join.'),
  E_NO_KEY: entry('This home has no key of that name.', '`mpc key list` lists its keys.'),
  E_KEY_NAME: entry('This is not a valid name for a key.', `A name has ${NAME_RULE}.`),
  E_KEY_EXISTS: entry('This home has a key of that name.', 'Make the ceremony file with another --key.'),
  E_EPOCH: entry(
    'The request or ceremony is for another epoch of the key.',
    'Run it again, or make a new request, with the shares in use.',
  ),
  E_BEHIND: entry(
    "A custodian's home lacks its share of the epoch in use, because it was restored from an older copy.",
    'A custodian with a current share runs `mpc ceremony new refresh`. Then both take part and new shares are dealt.',
  ),
  E_EPOCH_EXISTS: entry(
    'This home has different files for the same epoch.',
    'Nothing was changed. Compare them with a copy of this home.',
  ),
  E_RECORD: entry('This is not the public record of a key.', 'Ask for it again: `mpc key show --export`.'),
  E_PATH: entry(
    'The path is not valid, the scheme has no derived keys, or a request names a path, which is not supported yet.',
    'Use a path like m/0/1, without hardened steps, or no path for the key itself.',
  ),
  E_ADDRESS_TYPE: entry('Keys of this scheme have no such address.', 'Use a type that the error names.'),
  E_KEY_FORMAT: entry('Keys of this scheme have no such form.', 'Use a format that the error names.'),
  E_NETWORK: entry(
    'A key of a rehearsal has no address on the main network, so that nobody sends real money to it.',
    'Leave --network out.',
  ),
  E_BINARY: entry('The format is binary, and no text for a terminal or a pipe.', 'Add -o FILE.'),
  E_REQUEST_TIME: entry(
    "The request's time is in the future, or it lasts more than 24 hours.",
    'Compare clocks with its asker, then ask for a new request.',
  ),
  E_REASON: entry('The reason is too long.', 'Use at most 500 characters.'),
  E_SIGN_WAY: entry(
    'The command must make or join a request.',
    'Give one of --in, --join, --next and --drain.',
  ),
  E_SIGNERS: entry(
    'The number of signers is not the threshold, or one is named twice.',
    'Name exactly as many custodians as must sign.',
  ),
  E_NO_SIGNERS: entry(
    'Too few custodians came to sign.',
    'Run the command again, with the signers that the error suggests.',
  ),
  E_NOT_SIGNER: entry('The request names other signers.', 'Do nothing.'),
  E_NO_REQUEST: entry(
    'No request that may be signed here came in time. The error lists the ones that were skipped, and why.',
    'Run the command while the asker runs its own. Compare its payload with what you approved.',
  ),
  E_NO_TITLE: entry(
    'The policy of the key gives you no title, so what you say about its requests counts for nothing.',
    'Compare your fingerprint with the titles: `mpc identity show`, `mpc policy show KEY`.',
  ),
  E_OWN_REQUEST: entry(
    'You ask for this signature yourself. An asker never counts among those who approve.',
    'Let others approve it. Ctrl-C at the command that asks takes the request back.',
  ),
  E_NOT_ACKNOWLEDGED: entry(
    'Your approval or refusal was published, and the asker did not say in time that it has it. It may count all the same.',
    'Run the same command again while the asker runs its own.',
  ),
  E_REQUEST: entry(
    'A request for a signature is damaged, or is not signed by its asker.',
    'It is ignored. Ask the person who sent it.',
  ),
  E_PASSED_OVER: entry(
    'A signer is online and ignores the request. The error says why.',
    'Fix the cause on that machine or here, then run both commands again.',
  ),
  E_ASKER_LEFT: entry(
    'The asker has withdrawn the request, or left.',
    'Your signature share was not sent. Talk to the asker, who can ask again.',
  ),
  E_REQUEST_ENDED: entry(
    'The request was refused or signed here and is closed.',
    'Make a new request. To get an existing signature, run `mpc sign --key KEY --join REQUEST`.',
  ),
  E_CLAIMED: entry('Another process of this home works on the request.', 'Wait until it ends, or stop it.'),
  E_LEFT: entry('A signature share was sent for another payload of the same request.', 'Make a new request.'),
  E_LEDGER: entry(
    'The record of what this home has let a key spend is damaged, incomplete or of another time.',
    'Put back the folder that the error names from the newest copy of this home. Nothing was signed.',
  ),
  E_CLOCK_BACK: entry(
    "This machine's clock is before the last entry of a key's spending ledger.",
    'Set the clock. Nothing was signed.',
  ),
  E_SPENDING: entry(
    'The payload moves more assets than the spending ledger of the key records.',
    'Split it into payloads that move fewer. Nothing was signed.',
  ),
  E_ORDER: entry('This order of the request was used before.', 'Wait for the next, with a higher number.'),
  E_SILENCE: entry('No signer sent the order to sign in time.', 'Wait. The next signer will send it.'),
  E_DESCRIPTOR: entry('The file is not an ERC-7730 descriptor.', 'Correct the error, or leave out the file.'),
  E_PAYLOAD: entry('The payload is not of the given type, or is too large.', 'Check --type and the file.'),
  E_INSPECT_KEY: entry('A path needs a key, and the command names none.', 'Give --key, or omit --path.'),
  E_MESSAGES: entry(
    'The payload needs more signatures than one run makes.',
    'Split it into payloads that need as many as the error names, or fewer.',
  ),
  E_TYPE: entry(
    'The type of payload does not exist, or keys of this scheme do not sign it.',
    'Give a --type that the error names.',
  ),
  E_FOREIGN_INPUT: entry(
    'The transaction also spends coins of other keys, which needs a rule of the policy.',
    'Sign a transaction that spends coins of this key alone. Policies are not built yet.',
  ),
  E_DIGEST: entry(
    'The payload is 32 bytes and may be a digest, which does not show what is signed. A policy must allow it.',
    'Sign the message itself. Policies do not exist yet, so mpc signs no digests.',
  ),
  E_APPROVE: entry('The payload is not one that --approve names.', 'Look at it before you approve it.'),
  E_APPROVE_FILE: entry('A line of the approvals file is not valid.', 'Write sha256: and 64 hex digits.'),
  E_APPROVE_TYPE: entry(
    'The approval is for another type or path.',
    'Give the --type and --path of the request.',
  ),
  E_SIGNATURE: entry(
    'This is not a signature of the scheme.',
    'Give 64 bytes in hex or base64, or a file that `mpc sign -o FILE` wrote.',
  ),
  E_SIGNATURE_FORMAT: entry('The signature has no such form.', 'Use a format that the error names.'),
  E_SIGNATURE_HIGH_S: entry(
    'The ECDSA signature is valid but has a high s, which chains reject (BIP-62).',
    'Use the low-s form, which mpc prints.',
  ),
  E_SIGNATURE_INVALID: entry(
    'The signature is not valid for this payload and key.',
    'Check the file, the key and the signature.',
  ),
  E_VERIFY_SEVERAL: entry(
    'The payload has several signatures, one for each input.',
    'Check `data.outputs` of `mpc sign` with another program.',
  ),
  E_VERIFY_KEY: entry(
    'The command does not name one public key.',
    'Give --key, or --public-key and --scheme.',
  ),
} as const
