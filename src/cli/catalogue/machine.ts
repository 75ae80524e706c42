/** Codes of this machine: the command line, settings, files, secrets. */
import { entry } from './entry.js'

export const machineCodes = {
  E_USAGE: entry('The command line is not valid.', 'See `mpc COMMAND --help`.'),
  E_ENGINE: entry(
    'A definition, a record or a share was made by an engine, or a version of one, that this mpc does not have.',
    'Use the version of mpc that made it, or a newer one. Nothing was changed.',
  ),
  E_NODE: entry('This version of Node is too old for mpc.', 'Install the version that the error names.'),
  E_UNKNOWN_CODE: entry('There is no such error code.', '`mpc explain` lists all codes.'),
  E_UNEXPECTED: entry('This is a bug in mpc.', 'Report it, with the lines on stderr.'),
  E_INTERRUPTED: entry(
    'Ctrl-C stopped the command before this member voted. Nothing was kept.',
    'Run the same command again when you are ready.',
  ),
  E_NO_INPUT: entry(
    'The command needs an answer and cannot ask for it: stdin is not a terminal, or --no-input is set.',
    'Give the flag that the error names. mpc never reads answers from a pipe.',
  ),
  E_NO_FILE: entry('A file that a flag names does not exist.', 'Check the path, relative to this folder.'),
  E_FILE_SIZE: entry('The file is far larger than any file of its kind.', 'Check that it is the right file.'),
  E_ID_AMBIGUOUS: entry(
    'Several things of this home have an ID with these first digits.',
    'Give more digits.',
  ),
  E_INPUT_SIZE: entry(
    'The input is larger than the limit.',
    'Check what writes to the pipe. To sign a large file, sign a text that contains its hash.',
  ),
  E_INPUT_LATE: entry(
    'A pipe that a flag names sent nothing, or was not closed, before --timeout.',
    'Check the program that writes to it, then run the same command again.',
  ),
  E_OUTPUT_EXISTS: entry('The output file already exists.', 'Choose another name, or move the file away.'),
  E_OUTPUT: entry(
    'The command finished, but its result could not be written to stdout: the disk is full, or the reader closed the pipe.',
    'Run the command that the error names. It prints the result again.',
  ),
  E_FILE_MODE: entry(
    'A private file or folder belongs to another user, or other users can read or change it.',
    'Restrict it to yourself (chmod 600), and consider who may have read it.',
  ),
  E_STORAGE: entry('The disk or the operating system refused.', 'The error names the file and the reason.'),
  E_BUSY: entry('Another process is doing the same thing in this home.', 'Wait until it ends, or stop it.'),
  E_HOME: entry(
    'The home cannot be used: its path is unknown, the folder holds other files, or its file `installation` is missing.',
    'Name an empty or new folder with --home or MPC_HOME, or restore `installation` from a copy of the home.',
  ),
  E_CONFIG: entry('The configuration file is not valid.', 'Correct it at the line:column in the error.'),
  E_EVENTS: entry('The target of --events is not writable.', 'Give a file, or fd:N with N open for writing.'),
  E_FD: entry(
    'The file descriptor is not readable.',
    'Open it for reading: `mpc ... --passphrase-fd 3 3<file`.',
  ),
  E_ASKPASS: entry(
    'The program in MPC_ASKPASS is not safe to run, or gave no passphrase.',
    'Give the absolute path of a program that only you can change.',
  ),
  E_PASSPHRASE: entry(
    'The passphrase is empty, is not text, or was typed differently the second time.',
    'Choose a passphrase of random words.',
  ),
  E_AGE_IDENTITY: entry('This is not an age identity.', '`age-keygen -o FILE` makes one.'),
  E_RECIPIENT: entry(
    'This is not an age recipient, or recipients of different kinds are mixed.',
    'Use recipients of one kind.',
  ),
  E_DECRYPT: entry(
    'The passphrase is wrong, or the file is sealed to another identity.',
    'Try again with the right passphrase or identity.',
  ),
  E_CORRUPT: entry('A sealed file is damaged.', 'Restore it from a copy of this home.'),
  E_WORK_FACTOR: entry(
    'A sealed file has an excessive scrypt work factor.',
    'Ask its author to seal it anew.',
  ),
  E_SHARE: entry("The share file does not hold this member's share.", 'Restore it from a copy of this home.'),
  E_KEY_STATE: entry(
    'The files of a key are missing or contradict each other.',
    'Restore them from a copy of this home. mpc does not guess.',
  ),
  E_CEREMONY_FILES: entry('A file of a ceremony is damaged.', 'The error names it and how to replace it.'),
  E_CLAIM_FILES: entry('A file about a request is damaged.', 'Make a new request.'),
  E_PEER_FILE: entry('The stored card of a peer is damaged.', 'Remove the file and import the card again.'),
} as const
