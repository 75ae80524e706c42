/** Temporary files of this test file are in memory, if the run has a folder there. */
const { MPC_TEST_MEMORY } = process.env
if (MPC_TEST_MEMORY !== undefined) process.env['TMPDIR'] = MPC_TEST_MEMORY
