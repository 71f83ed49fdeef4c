import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

/** The lines of the MLflow client that we test with, and the variable that names a Python with each. */
const CLIENTS = [
  { version: '2.16.2', variable: 'WEIR_PYTHON_MLFLOW2', requirements: 'test/compat/requirements-mlflow2.txt' },
  { version: '3.17.2', variable: 'WEIR_PYTHON_MLFLOW3', requirements: 'test/compat/requirements-mlflow3.txt' },
]
export type Client = (typeof CLIENTS)[number]

/** The lines of Feast: that of the stack we replace, and the newest that could be installed. */
const FEAST_CLIENTS: Client[] = [
  { version: '0.56.0', variable: 'WEIR_PYTHON_FEAST56', requirements: 'test/compat/requirements-feast56.txt' },
  { version: '0.67.0', variable: 'WEIR_PYTHON_FEASTNEW', requirements: 'test/compat/requirements-feastnew.txt' },
]

/** Those that are here; in CI all of them, so that a missing one fails. Says what is missing. */
export function availableClients(): Client[] {
  return available('MLflow', CLIENTS)
}

export function availableFeastClients(): Client[] {
  return available('Feast', FEAST_CLIENTS)
}

function available(what: string, clients: Client[]): Client[] {
  for (const { variable, version, requirements } of clients) {
    if (process.env[variable]) continue
    console.warn(`the ${what} client ${version} is not tested: ${variable} names no Python with ${requirements}`)
  }
  return clients.filter(({ variable }) => process.env.CI === 'true' || process.env[variable])
}

/** Runs a script of this folder against a server and gives the JSON document on its last line. */
export async function runPython(
  client: Client,
  script: string,
  options: { args?: string[]; uri: string; cwd: string },
): Promise<Record<string, unknown>> {
  const python = process.env[client.variable]
  if (!python) throw new Error(`${client.variable} must name a Python with ${client.requirements}`)
  const env = {
    ...process.env,
    MLFLOW_TRACKING_URI: options.uri,
    MLFLOW_HTTP_REQUEST_MAX_RETRIES: '0',
    GIT_PYTHON_REFRESH: 'quiet',
    NO_PROXY: '127.0.0.1',
  }
  const file = fileURLToPath(new URL(script, import.meta.url))
  const run = promisify(execFile)(python, [file, ...(options.args ?? [])], { env, cwd: options.cwd, maxBuffer: 1e8 })
  const { stdout } = await run
  return JSON.parse(stdout.trim().split('\n').at(-1)!) as Record<string, unknown>
}
