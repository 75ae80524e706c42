/** The report of `npm run bench` for people: a table for each thing that was measured, milliseconds throughout. */

export function tables(report) {
  const { node, cpus, startup, handshake, keygen, sign, frost, psbt, policy, scripted, ecdsa } = report
  const parts = [`Node ${node}, ${cpus} processors; milliseconds`]
  if (startup) parts.push(table('Start', [startup], [''], Object.keys(startup)))
  const over = ['memory', 'nats']
  if (handshake) parts.push(table('Handshake among', Object.values(handshake), Object.keys(handshake), over))
  const against = [...over, 'noble', 'ratio']
  if (keygen) parts.push(table('Key generation', Object.values(keygen), Object.keys(keygen), against))
  if (sign) parts.push(table('Signing', Object.values(sign), Object.keys(sign), against))
  const ofParty = ['median', 'least', 'most', 'noble', 'ratio', 'verifications']
  if (frost) parts.push(table('FROST, one signer', Object.values(frost), Object.keys(frost), ofParty))
  const ofInputs = ['together', 'apart', 'an_input', 'ratio']
  if (psbt) parts.push(table('20 inputs of PSBTs', Object.values(psbt), Object.keys(psbt), ofInputs))
  const ofPolicy = ['median', 'least', 'most']
  if (policy) parts.push(table('Policy, one signer', Object.values(policy), Object.keys(policy), ofPolicy))
  if (scripted) parts.push(...scriptedTables(scripted))
  if (ecdsa) parts.push(...ecdsaTables(ecdsa))
  return `${parts.join('\n\n')}\n`
}

function scriptedTables({ rows, drained }) {
  const all = (title, of, columns) => table(title, Object.values(of), Object.keys(of), columns)
  return [
    all('A script, both signers', rows, ['median', 'least', 'most', 'over_node']),
    all('Drained', drained, ['requests', 'signed', 'wall', 'a_second']),
  ]
}

function ecdsaTables({ level, primes, parties }) {
  const { a_party, bits, timed, median, least, most } = primes
  return [
    `ECDSA (${level}), one party in one thread. Before it: ${a_party} safe primes of ${bits} bits; of ${timed} one took ${median}, the fastest ${least}, the slowest ${most}.`,
    ...Object.entries(parties).map(([size, { steps, between, ...a }]) => {
      const all = [...Object.entries(steps), ...Object.entries(between)]
      const made = table(
        size,
        all.map(([, row]) => row),
        all.map(([name]) => name),
        ['median', 'least', 'most', 'exponentiations', 'ratio'],
      )
      return `${made}\n  a counterparty: aux ${a.aux_a_counterparty}, presign ${a.presign_a_counterparty} (aim: 600); ratio (aim): 1.15`
    }),
  ]
}

function table(title, rows, names, columns) {
  const lines = [
    [title, ...columns],
    ...rows.map((row, i) => [names[i], ...columns.map((c) => row[c] ?? '')]),
  ]
  const width = (c) => Math.max(...lines.map((line) => String(line[c]).length))
  return lines
    .map(([name, ...cells]) =>
      [name.padEnd(width(0)), ...cells.map((cell, c) => String(cell).padStart(width(c + 1)))]
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}
