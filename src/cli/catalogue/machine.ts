/** Codes about this machine: the command line, settings, files, secrets. */
import { entry } from './entry.js'

export const machineCodes = {
  E_USAGE: entry('The command line cannot be read.', 'Look at `mpc COMMAND --help`.'),
  E_NODE: entry(
    'This Node is older than mpc needs.',
    'Install a newer one; the error names the version that is wanted.',
  ),
  E_UNKNOWN_CODE: entry('There is no such error code.', '`mpc explain` lists them all.'),
  E_UNEXPECTED: entry('A bug in mpc: this must not happen.', 'Report it with the lines on stderr.'),
  E_INTERRUPTED: entry(
    'Ctrl-C, before this member had voted: the ceremony was left and nothing was kept.',
    'Run the same command again when you are ready.',
  ),
  E_NO_INPUT: entry(
    'Something is needed that only a person or a flag can give, and stdin is no terminal, or --no-input is set.',
    'Give the flag that the error names. Answers are never read from a pipe.',
  ),
  E_NO_FILE: entry(
    'A file that a flag names is not there.',
    'Check the path; it is taken from where you are.',
  ),
  E_FILE_SIZE: entry('A file is far longer than any file of its kind.', 'Check that it is the right file.'),
  E_INPUT_SIZE: entry(
    'stdin holds more than can be signed.',
    'Sign a hash of it under an agreed format instead.',
  ),
  E_INPUT_LATE: entry(
    'A pipe that a flag names gave nothing, or did not end, before --timeout.',
    'See what writes into it, and run the same command again.',
  ),
  E_OUTPUT_EXISTS: entry('The file to be made is there already.', 'Name another one, or move that one away.'),
  E_OUTPUT: entry(
    'The result could not be written to stdout: the disk is full, or who reads it has left. What was done is done.',
    'The error names the command that prints it again.',
  ),
  E_FILE_MODE: entry(
    'A file or folder that should be secret can be read or changed by others, or is not yours.',
    'Make it yours alone (chmod 600), and consider who may have read it.',
  ),
  E_STORAGE: entry('The disk or the system refused.', 'The error names the file and the reason.'),
  E_BUSY: entry('Another process of this home does the same thing right now.', 'Wait for it, or end it.'),
  E_HOME: entry(
    'The place for the home is not known, holds other things, or a home without its file `installation`.',
    'Name an empty or new folder with --home or MPC_HOME; put `installation` back from a copy of that home.',
  ),
  E_CONFIG: entry('The configuration file is wrong.', 'Correct it where the error says, line:column.'),
  E_EVENTS: entry('--events cannot be written.', 'Give a file, or fd:N with N open for writing.'),
  E_FD: entry('The descriptor cannot be read.', 'Open it for reading: `mpc ... --passphrase-fd 3 3<secret`.'),
  E_ASKPASS: entry(
    'The program in MPC_ASKPASS is not trusted or gave no passphrase.',
    'Name a program of your own by its whole path, writable by you alone.',
  ),
  E_PASSPHRASE: entry(
    'A passphrase is empty, not text, or was typed differently twice.',
    'Give one of random words.',
  ),
  E_AGE_IDENTITY: entry('This is not an age identity.', '`age-keygen -o FILE` makes one.'),
  E_RECIPIENT: entry('This is not an age recipient, or kinds are mixed.', 'Use recipients of one kind.'),
  E_DECRYPT: entry('Wrong passphrase, or another identity than it was sealed to.', 'Try the right one.'),
  E_CORRUPT: entry('A sealed file is damaged.', 'Restore it from a copy of this home.'),
  E_WORK_FACTOR: entry(
    'A sealed file asks for more work than anybody means.',
    'Ask who made it to seal it again.',
  ),
  E_SHARE: entry(
    'The share file does not hold the share of this member.',
    'Restore it from a copy of this home.',
  ),
  E_KEY_STATE: entry(
    'The files of a key do not fit together.',
    'Restore them from a copy; nothing is guessed.',
  ),
  E_CEREMONY_FILES: entry('A file of a ceremony is damaged.', 'The error says which, and what to put there.'),
  E_CLAIM_FILES: entry('A file about a request is damaged.', 'Make a new request.'),
  E_PEER_FILE: entry("A peer's file is damaged.", 'Remove it and import the card again.'),
} as const
