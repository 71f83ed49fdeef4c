/** One at a time; who comes meanwhile is answered by one more pass. */
export function createTurnstile(pass: () => Promise<void>): () => Promise<void> {
  let passing: Promise<void> | undefined
  let again = false
  return () => {
    if (passing) {
      again = true
      return passing
    }
    passing = (async () => {
      try {
        do {
          again = false
          await pass()
        } while (again)
      } finally {
        passing = undefined
      }
    })()
    return passing
  }
}
