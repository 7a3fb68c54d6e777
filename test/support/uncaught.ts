/** Loaded before a server: at the signal something fails where nobody waits for it, as in a callback of a library's. */
process.on("SIGUSR2", () => {
  setImmediate(() => void Promise.reject(new Error("a rejection of the test's")));
  throw new Error("an exception of the test's");
});
