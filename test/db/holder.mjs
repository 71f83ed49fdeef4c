// A weir process that uses the embedded database of a home, for tests that kill it. Says what it has, as one line of
// JSON, then stays until it is killed or its standard input ends. Runs the compiled code, as weir itself does.
// argv: the dist folder, the home, and optionally 'child': then it also has a child process that outlives it.
import { spawn } from 'node:child_process'
import { pathToFileURL } from 'node:url'

const [dist, home, extra] = process.argv.slice(2)
const { openEmbedded } = await import(pathToFileURL(`${dist}/db/embedded/embedded.js`).href)
const { silentLog } = await import(pathToFileURL(`${dist}/base/log.js`).href)

try {
  const embedded = await openEmbedded({ home, log: silentLog, settings: { fsync: 'off' } })
  const child = extra === 'child' ? spawn('sleep', ['30'], { stdio: 'ignore', detached: true }) : undefined
  console.log(JSON.stringify({ url: embedded.url(), child: child?.pid ?? null }))
  process.stdin.on('end', () => {
    embedded.release()
    process.exit()
  })
  process.stdin.resume()
} catch (error) {
  console.log(JSON.stringify({ error: error.message, code: error.code }))
  process.exitCode = 1
}
